"""What can be wrong with a file apart from what is in it: it never ends, or it changes under the reader."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import InvalidFileError


def require_plain(path: Path) -> None:
    """Pipes and devices may have no end, and cannot be read twice. What is not there is for the opening to tell."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InvalidFileError(f"{path} is no plain file; save it to disk first.")


@contextmanager
def unchanged(path: Path, since: tuple[int, ...] | None = None) -> Iterator[None]:
    """InvalidFileError where the file is not, or does not stay, as it was (`since`: its `state` at a time before)."""
    changed = InvalidFileError(f"{path.name} changed while it was read; import it again.")
    before = state(path) if since is None else since
    if state(path) != before:
        raise changed
    try:
        yield
    except InvalidFileError:
        if state(path) != before:
            raise changed from None
        raise
    except (OSError, UnicodeError):
        raise changed from None
    if state(path) != before:
        raise changed


def state(path: Path) -> tuple[int, ...]:
    """What differs once somebody wrote to the file; () where it is gone."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
