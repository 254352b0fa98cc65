"""What an index folder says of itself, so that a foreign, outdated or damaged one is noticed and made anew."""

import json
import os
import uuid
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

_NAME = "state.json"
_BLOCK = 1 << 20  # bytes

# What tantivy rewrites in place; its segments never change once written.
_MUTABLE = frozenset({"meta.json", ".managed.json", ".tantivy-meta.lock", ".tantivy-writer.lock"})


@dataclass(frozen=True, slots=True)
class State:
    """`database` is whose pilots these are; `edition` is new each time the index is begun; `files` are checksums."""

    schema: str
    database: str
    edition: str = field(default_factory=lambda: uuid.uuid4().hex)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)


def read_state(folder: Path) -> State | None:
    """None where there is none that can be read."""
    try:
        record = json.loads((folder / _NAME).read_text("utf-8"))
        files = {str(name): (int(size), int(check)) for name, (size, check) in record.pop("files").items()}
        return State(**record, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def signature(folder: Path) -> tuple[int, int, int] | None:
    """Changes whenever the state is written; None where there is none."""
    try:
        stat = (folder / _NAME).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def write_state(folder: Path, words: Path, state: State) -> State:
    """Keep the state with the checksums of the word index's files as they are now."""
    files = {
        path.name: state.files.get(path.name) or _sum(path)
        for path in sorted(words.iterdir())
        if path.name not in _MUTABLE and path.is_file()
    }
    written = State(state.schema, state.database, state.edition, files)
    draft = folder / f"{_NAME}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(written)), "utf-8")
    draft.replace(folder / _NAME)
    return written


def is_sound(words: Path, state: State) -> bool:
    """Whether every file that is still there is what was written. A file may go: tantivy merges them."""
    return all(_is_as_written(words / name, known) for name, known in state.files.items())


def _is_as_written(path: Path, known: tuple[int, int]) -> bool:
    try:
        return _sum(path) == known
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _sum(path: Path) -> tuple[int, int]:
    """Its size and checksum."""
    check = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            check = zlib.crc32(block, check)
    return path.stat().st_size, check
