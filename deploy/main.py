"""The entry point: what must be set before anything else is imported."""

import os
import sys


def main() -> None:
    # Measured: on a busy machine OpenBLAS's own threads make one small product seven times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Unicode shows a question mark instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from deploy.cli import run

    sys.exit(run(sys.argv[1:]))
