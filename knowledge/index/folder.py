"""The folder of an index: what is there is taken up where it is ours, current and whole, and else begun anew."""

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from knowledge.errors import UnavailableError
from knowledge.index.schema import SCHEMA, hash_of
from knowledge.index.state import State, is_sound, read_state, signature, write_state
from knowledge.index.words import WordIndex

_log = logging.getLogger(__name__)


class DamagedError(UnavailableError):
    """Files of the index vanished, broke, or could not be written under who uses them."""


class Folder:
    """Of one index; `writing` is held by the one process that writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writing = filelock.FileLock(path / "writing.lock", timeout=0, thread_local=False)
        self.embedding = filelock.FileLock(path / "vectors.lock", timeout=0, thread_local=False)
        self._words = path / "words"
        self._is_linked = False

    def make(self) -> None:
        with self.touching():
            self.path.mkdir(parents=True, exist_ok=True)

    def adopt(self, database: str) -> tuple[WordIndex, State] | None:
        """The index that is here; None where there is none for this database that can be used."""
        state = read_state(self.path)
        if state is None or (state.schema, state.database) != (SCHEMA, database):
            return None
        try:
            if is_sound(self._words, state):
                return self._open(), state
            trouble = "a file of it is not as it was written"
        except (ValueError, OSError) as error:  # what tantivy raises for files that it cannot read
            trouble = str(error)
        _log.warning("The search index in %s is damaged and will be made anew: %s.", self.path, trouble)
        return None

    def _open(self) -> WordIndex:
        """The words where they are; through links from elsewhere where they may not be written.

        tantivy locks a file of its own even to read.
        """
        self._is_linked = not os.access(self._words, os.W_OK)
        if not self._is_linked:
            return WordIndex(self._words)
        links = Path(tempfile.mkdtemp(prefix="pilotlight-index-"))
        for path in self._words.resolve().iterdir():
            link = links / path.name
            if path.suffix == ".json":  # what tantivy may rewrite
                shutil.copyfile(path, link)
            elif path.suffix != ".lock":
                link.symlink_to(path)
        words = WordIndex(links)
        weakref.finalize(words, shutil.rmtree, links, ignore_errors=True)
        return words

    def begin(self, database: str) -> tuple[WordIndex, State]:
        """An empty index in place of whatever is here."""
        with self.touching():
            shutil.rmtree(self._words, ignore_errors=True)
            words = WordIndex(self._words)
            return words, write_state(self.path, self._words, State(SCHEMA, database))

    def keep(self, state: State) -> State:
        """Write down that the files are as they are now."""
        return write_state(self.path, self._words, state)

    def signature(self) -> tuple[int, int, int] | None:
        """Changes whenever something is committed; None where there is no index."""
        return signature(self.path)

    def is_of(self, state: State) -> bool:
        """Whether the index here is still the one that `state` was read from, and is open where it is."""
        here = read_state(self.path)
        return not self._is_linked and here is not None and here.edition == state.edition

    def acquire(self, lock: filelock.BaseFileLock) -> bool:
        """Become the one that writes, or that embeds, if nobody is."""
        with self.touching(), suppress(filelock.Timeout):
            lock.acquire()
            return True
        return False

    def vectors(self, model: str, dimensions: int) -> Path:
        """One file for each model, named so that no character of a model's name can matter."""
        return self.path / f"vectors-{hash_of(model):016x}-{dimensions}.bin"

    @contextmanager
    def touching(self) -> Iterator[None]:
        """Around what reads or writes the files. Raises DamagedError."""
        try:
            yield
        except (ValueError, OSError) as error:  # tantivy has no exceptions of its own
            raise DamagedError(
                f"The search index in {self.path} cannot be used ({error}). See that the disk has room and the folder "
                "may be written; the index can always be deleted, it is then made anew."
            ) from error
