"""The log: a file in the data folder that says where something went wrong, and never what people wrote."""

import logging
import logging.handlers
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME = "pilotlight.log"


class WithoutWords(logging.Formatter):
    """Leaves out the message of an exception: it may hold a question, a title, a value of the database."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        kind, _, trace = ei
        frames = "".join(traceback.format_tb(trace))
        return f"{frames}{kind.__module__}.{kind.__qualname__}" if kind else frames

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as above
        # What other handlers have formatted, with its message, is kept on the record.
        record.exc_text = None
        return super().formatMessage(record)


@contextmanager
def logging_to(folder: Path) -> Iterator[None]:
    """Log warnings and worse to a file there, made when the first is logged and turned over at a megabyte."""
    handler = logging.handlers.RotatingFileHandler(
        folder / NAME, maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
    )
    handler.setLevel(logging.WARNING)
    handler.setFormatter(WithoutWords("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
