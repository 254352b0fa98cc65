"""The index: a cache of one database in one folder, followed by its change feed, that can always be made anew."""

import asyncio
import functools
import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from knowledge.errors import UnavailableError
from knowledge.index.folder import DamagedError, Folder
from knowledge.index.lessons import Lessons, teaching
from knowledge.index.queries import Queries
from knowledge.index.rows import Rows, Seen
from knowledge.index.schema import hash_of
from knowledge.index.state import State
from knowledge.index.vectors import VectorLog, VectorTable
from knowledge.index.words import WordIndex
from knowledge.ports import Change, ChangeFeed, Embedder, Progress
from knowledge.questions import PilotVocabulary
from knowledge.visibility import Viewer, Visibility

_log = logging.getLogger(__name__)

_BATCH = 5_000  # changes taken and committed at a time
_TEXTS = 64  # a few seconds of a small model, so that what is done is soon kept
_WAIT = 10.0  # seconds for another process that writes, before what is here is searched
_VIEWS = 64  # of the base, as different people see it, whose counts are kept at a time
_GLANCE = 0.05  # seconds between two looks at what another process has written


class Index:
    """Opened by the first `refresh`. Searches run in other threads; `lock` keeps what they see in one piece."""

    def __init__(self, folder: Path, store: ChangeFeed, embedder: Embedder | None, *, at_once: int = _TEXTS) -> None:
        """`at_once` texts are embedded at a time, and kept before the next."""
        self._folder = Folder(folder)
        self._store = store
        self._embedder = embedder
        self._at_once = at_once
        self._refreshing = asyncio.Lock()
        self._embedding = asyncio.Lock()
        self._state: State | None = None
        self._seen: tuple[int, int, int] | None = None
        self._is_stuck = False  # nothing can be written, as was told
        self._is_current = False  # with the database, at the end of the last refresh
        self._lessons = Lessons()
        self.lock = threading.Lock()
        self.words: WordIndex
        self.rows = Rows()
        self._queries: dict[tuple[Seen, tuple[Viewer, date] | None], Queries] = {}
        self.table: VectorTable | None = None
        self._log: VectorLog | None = None

    async def refresh(self) -> None:
        """Follow the database to where it is now, or wait a while for the process that does.

        Where nothing new can be written, what is there stays open to search. Raises UnavailableError where there is
        nothing, or the database does not answer.
        """
        async with self._refreshing:
            self._is_current = False
            try:
                await self._refresh()
                self._is_stuck = False
            except DamagedError as error:
                if not self._is_stuck or self._seen is None:
                    _log.warning("%s It is opened anew.", error)
                    self._state = self._seen = None
                    await self._refresh_anew()

    async def _refresh_anew(self) -> None:
        await self._see(self._state)
        try:
            await self._refresh()
        except DamagedError:
            _log.warning("Nothing new can be written to the search index; what is there is searched.")
            self._is_stuck = True

    async def _refresh(self) -> None:
        state = await self._see(self._state)
        changes = await self._store.changes(self.rows.position, _BATCH)
        if changes:
            await self._follow(changes, state)
        self._is_current = not changes or self.rows.position >= changes[-1].number

    async def _see(self, state: State | None) -> State:
        """The index as it is on disk, opened where it is not or is another one by now."""
        if state is None or not self._is_seen():
            if state is None or not await asyncio.to_thread(self._folder.is_of, state):
                state = await self._open(await self._store.identity())
            await asyncio.to_thread(self._load)
        return state

    async def hidden_since(self, viewer: Viewer, today: date) -> list[int]:
        """Rows of what `viewer` may see no more on `today`, where the index could not follow: the next changes only.

        A pilot that is still found by a learning which they may see no more is left out as a whole.

        Raises UnavailableError where the database does not answer.
        """
        if self._is_current:
            return []
        changes = await self._store.changes(self.rows.position, _BATCH)
        return await asyncio.to_thread(self._hidden_rows, changes, viewer, today)

    def _hidden_rows(self, changes: Sequence[Change], viewer: Viewer, today: date) -> list[int]:
        with self.lock:
            rows = [(each, self.words.row_of(each.pilot_id)) for each in changes]
            return [row for each, row in rows if row is not None and self._is_hidden(row, each, viewer, today)]

    def _is_hidden(self, row: int, now: Change, viewer: Viewer, today: date) -> bool:
        if not now.pilot or not now.pilot.visibility.is_open_to(viewer, today):
            return True
        seen_now = {each.id for each in now.learnings if each.visibility.is_open_to(viewer, today)}
        for learning_id, group in self.words.learnings(row):
            audience = self.words.audience(group) if group else None
            was_seen = not group or (audience is not None and audience.is_open_to(viewer, today))
            if was_seen and learning_id not in seen_now:
                return True
        return False

    async def embed(self, progress: Progress | None = None) -> None:
        """Give every pilot its vector. Returns at once where another process is at it, or there is no model."""
        if self._embedder is None:
            return
        async with self._embedding:
            if not self.missing or not self._folder.acquire(self._folder.embedding):
                return
            try:
                await self._embed_missing(self._embedder, progress)
            finally:
                self._folder.embedding.release()

    @property
    def missing(self) -> int:
        """How many texts have no vector yet; 0 where there is no model."""
        return 0 if self.table is None else len(self.table.missing(self.rows.text_hashes, self.rows.alive))

    @property
    def vocabulary(self) -> PilotVocabulary:
        """What the base knows of words, as it was when `learn` last ran. It is replaced, never changed."""
        return self._lessons.vocabulary

    @property
    def has_news(self) -> bool:
        """Whether `learn` would make another vocabulary."""
        return self._lessons.has_news(self.rows)

    def learn(self) -> None:
        """Make the vocabulary anew. Takes a second for some 100,000 pilots, in which searches go on."""
        with self.lock:
            taught, counts = teaching(self.rows), self.words.living_counts()
        with self._folder.touching():
            self._lessons.learn(taught, counts)

    def queries_for(self, viewer: Viewer, today: date) -> Queries:
        """The queries of who may see what `viewer` may see on `today`; for whoever holds the lock."""
        seen = self.rows.seen_by(viewer, today)
        # Who may see the same pilots need not see the same learnings.
        view = (seen, (viewer, today) if self.words.has_told else None)
        queries = self._queries.get(view)
        if queries is None:
            if len(self._queries) >= _VIEWS:
                self._queries.clear()
            may_see = functools.partial(Visibility.is_open_to, viewer=viewer, today=today)
            queries = self._queries[view] = Queries(self.words, seen, may_see)
        return queries

    def pilot_ids(self, rows: Iterable[int]) -> list[str]:
        with self.lock:
            return [self.words.pilot_id(int(row)) for row in rows]

    async def _embed_missing(self, embedder: Embedder, progress: Progress | None) -> None:
        assert self.table is not None
        assert self._log is not None
        await asyncio.to_thread(self._load)
        missing = self.table.missing(self.rows.text_hashes, self.rows.alive)
        for start in range(0, len(missing), self._at_once):
            rows = missing[start : start + self._at_once].tolist()
            texts = await asyncio.to_thread(self._texts, rows)
            vectors = await embedder.embed(texts)
            await asyncio.to_thread(self._log.add, [hash_of(text) for text in texts], vectors)
            await asyncio.to_thread(self._load_vectors)
            if progress:
                progress(min(start + self._at_once, len(missing)), len(missing))

    def _texts(self, rows: Iterable[int]) -> list[str]:
        with self.lock:
            return [self.words.text(row) for row in rows]

    async def _open(self, database: str) -> State:
        """Open what is there if it can be used; else begin anew."""
        await asyncio.to_thread(self._folder.make)
        if adopted := await asyncio.to_thread(self._folder.adopt, database):
            return self._take(*adopted)
        if not await self._take_turn():
            raise UnavailableError("Another process is making the search index anew; ask again in a minute.")
        try:
            # Another process may have made it while we waited.
            if again := await asyncio.to_thread(self._folder.adopt, database):
                return self._take(*again)
            return self._take(*await asyncio.to_thread(self._folder.begin, database))
        finally:
            self._folder.writing.release()

    def _take(self, words: WordIndex, state: State) -> State:
        with self.lock:
            self._state, self.words, self.rows = state, words, Rows()
            self._queries.clear()
            self._seen = None
            if self._embedder is not None:
                path = self._folder.vectors(self._embedder.name, self._embedder.dimensions)
                self._log = VectorLog(path, self._embedder.dimensions)
                self.table = VectorTable(self._embedder.dimensions)
        return state

    def _is_seen(self) -> bool:
        """Whether all that is on disk is what was last loaded: two looks at a file's size and age."""
        is_read = self._log is None or self._log.is_read
        return is_read and self._seen is not None and self._seen == self._folder.signature()

    async def _follow(self, changes: Sequence[Change], state: State) -> None:
        """Write the changes down, unless another process has meanwhile."""
        if not await self._take_turn(until=changes[-1].number):
            return
        try:
            await self._catch_up(state)
        finally:
            self._folder.writing.release()

    async def _take_turn(self, *, until: int | None = None) -> bool:
        """Wait to be the one that writes; not once the index is at change `until`, nor beyond patience."""
        for _ in range(int(_WAIT / _GLANCE)):
            if self._folder.acquire(self._folder.writing):
                return True
            await asyncio.sleep(_GLANCE)
            if until is not None:
                await asyncio.to_thread(self._load)
                if self.rows.position >= until:
                    break
        return False

    async def _catch_up(self, state: State) -> None:
        """To the newest change, while nobody else writes."""
        await asyncio.to_thread(self._load)
        while changes := await self._store.changes(self.rows.position, _BATCH):
            state = await asyncio.to_thread(self._write, changes, state)

    def _write(self, changes: Sequence[Change], state: State) -> State:
        with self._folder.touching():
            self.words.write(changes, self.rows.count)
            self._state = state = self._folder.keep(state)
        self._load()
        return state

    def _load(self) -> None:
        """See what was committed, here or by another process."""
        seen = self._folder.signature()
        if seen == self._seen:
            return self._load_vectors()
        with self.lock, self._folder.touching():
            self.words.reload()
            before = self.rows.generation
            for numbers in self.words.numbers(self.rows.position):
                self.rows.put(np.array(numbers["row"], np.int64), numbers, self.words.visibility)
            self._queries.clear()
            changed = self.rows.generation != before
        self._seen = seen
        self._load_vectors(anyway=changed)
        return None

    def _load_vectors(self, *, anyway: bool = False) -> None:
        if self._log is None or self.table is None:
            return
        with self.lock:
            added = self._log.refresh()
            if anyway:
                self.table.fill(self.rows.text_hashes, self.rows.alive, self._log)
            elif len(added):
                self.table.fill_with(added, self._log)
