"""Search: who tried it, as far as this viewer may see, and how sure that is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from knowledge import questions
from knowledge.errors import UnavailableError
from knowledge.index.index import Index
from knowledge.index.parts import Part, gloss, names_of, parts_of
from knowledge.index.ranking import Ranking, rank, with_usable_filters
from knowledge.index.schema import stage_number
from knowledge.index.thesaurus import Name, Thesaurus, load_thesaurus
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Stage
from knowledge.ports import ChangeFeed, Embedder, Progress, Vectors
from knowledge.questions import Question
from knowledge.visibility import Viewer

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

FLOOR = 0.5  # the score from which a pilot is what was asked for; the scores are calibrated to it
LIMIT = 10
_QUICK = 20_000  # pilots that are ranked in about a millisecond: sooner done than handed to a thread
_PATIENCE = 1.0  # seconds that a search waits for the newest changes; what is there is searched then


class Level(StrEnum):
    """How well a pilot answers the question."""

    REALLY = "really"  # it is what was asked for
    CLOSE = "close"  # near it, and worth mentioning as that


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`score`, from 0 to 1, is how sure it is that this pilot is what was asked for, wherever that was.

    From FLOOR on it is more likely than not; `level` also minds the question's filters and how sure the best ones are.
    `learnings` are those that the asker may see, newest first.
    """

    pilot: Pilot
    score: float
    level: Level
    learnings: tuple[Learning, ...] = ()

    @property
    def is_close(self) -> bool:
        return self.level is Level.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Best first. `pilots`, `countries` and `stopped` count all that really is it, also past the limit of `hits`.

    `confidence`, from 0 to 1, is how sure it is that somebody tried it; `answered` says that it clears the floor.
    `names` are what was looked for, folded: a text that holds all words of one of them holds some of the answer.
    """

    hits: tuple[Hit, ...]
    answered: bool
    confidence: float
    pilots: int
    countries: int
    stopped: int
    names: tuple[Name, ...] = ()


class _Outage:
    """Trouble that lasts, told to the log once until it is over."""

    def __init__(self, consequence: str) -> None:
        self._consequence = consequence
        self._is_on = False

    def begin(self, reason: str) -> None:
        if not self._is_on:
            _log.warning("%s (%s).", self._consequence, reason)
        self._is_on = True

    def end(self) -> None:
        self._is_on = False


class Search:
    """Finds pilots by words and, with an embedder, by meaning. Made by `open_search`."""

    def __init__(self, index: Index, store: ChangeFeed, embedder: Embedder | None, thesaurus: Thesaurus) -> None:
        self._index = index
        self._store = store
        self._embedder = embedder
        self._thesaurus = thesaurus
        self._refreshing: asyncio.Task[None] | None = None
        self._embedding: asyncio.Task[None] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._no_vectors = _Outage("New pilots are found by their words alone")
        self._no_vector = _Outage("Questions are searched by their words alone; pilotlight check says why")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to find, for anybody."""
        return not self._index.rows.alive.any()

    def read(self, text: str, today: date) -> Question:
        """What a person asks, read with what the base knew at the last refresh: see `catch_up`.

        InvalidQuestionError where nothing is asked.
        """
        return questions.read(text, self._index.vocabulary, today)

    def read_following(self, texts: Sequence[str], today: date) -> Question:
        """What the last of the texts of one thread, oldest first, asks after those before it; read as by `read`.

        InvalidQuestionError where it says nothing to search for.
        """
        return questions.read_following(texts, self._index.vocabulary, today)

    async def find(self, question: Question, viewer: Viewer, *, today: date, limit: int = LIMIT) -> Hits:
        """What answers the question among all that `viewer` may see on `today`.

        Raises UnavailableError where the database does not answer.
        """
        await self.catch_up()
        question = await self._soon(partial(with_usable_filters, question, self._index, viewer, today))
        parts = parts_of(question, self._thesaurus)
        vector = await self._vector(question, parts)
        hidden = await self._index.hidden_since(viewer, today)
        ranked = partial(
            rank, self._index, question, parts, vector, viewer=viewer, today=today, limit=limit, hidden=hidden
        )
        ranking = await self._soon(ranked)
        hits = await self._hits(ranking, viewer, today)
        return replace(self._counted(ranking, hits), names=names_of(parts))

    async def _soon(self, work: Callable[[], _T]) -> _T:
        return work() if self._index.rows.count <= _QUICK else await asyncio.to_thread(work)

    async def catch_up(self) -> None:
        """Wait for the newest changes, not long: what is there is read and searched then.

        Who reads a question first catches up, so that nothing is read by the words of a pilot that was just hidden.
        Raises UnavailableError where the database does not answer.
        """
        if self._refreshing is None or self._refreshing.done():
            if self._refreshing is not None and not self._refreshing.cancelled():
                self._refreshing.exception()  # one that nobody waited for any more; the new one will tell
            self._refreshing = asyncio.create_task(self.refresh())
        done, _ = await asyncio.wait({self._refreshing}, timeout=_PATIENCE)
        for task in done:
            task.result()

    async def refresh(self) -> None:
        """Follow the database to where it is now, and begin to embed what is new.

        Raises UnavailableError where the database does not answer.
        """
        await self._index.refresh()
        if self._index.missing and (self._embedding is None or self._embedding.done()):
            self._embedding = asyncio.create_task(self._embed_quietly())
        await self._learn_awhile()

    async def embed(self, progress: Progress | None = None) -> None:
        """Follow the database and give every pilot its vector, telling how far it is.

        Raises UnavailableError where the model is away.
        """
        await self._index.refresh()
        await self._learn_awhile()
        await self._index.embed(progress)

    async def close(self) -> None:
        tasks = [task for task in (self._refreshing, self._embedding, self._learning) if task is not None]
        for task in tasks:
            task.cancel()
        # What went wrong in them was told where it happened; an answer that was given stays given.
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _embed_quietly(self) -> None:
        """Nobody waits for this, so its troubles end here: pilots are found by their words until the next try."""
        try:
            await self._index.embed(lambda _done, _total: self._no_vectors.end())
        except UnavailableError as error:
            self._no_vectors.begin(str(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, the log is the only one to hear of it
            self._no_vectors.begin(type(error).__name__)

    async def _learn_awhile(self) -> None:
        """Make the vocabulary anew where it must be; a large base's is finished in the background."""
        if self._index.has_news and (self._learning is None or self._learning.done()):
            self._learning = asyncio.create_task(self._learn_quietly())
        if self._learning is not None and not self._learning.done():
            await asyncio.wait({self._learning}, timeout=_PATIENCE)

    async def _learn_quietly(self) -> None:
        try:
            await asyncio.to_thread(self._index.learn)
        except UnavailableError as error:
            _log.warning("Questions are read by the words of a while ago: %s", error)

    async def _vector(self, question: Question, parts: Sequence[Part]) -> Vectors | None:
        """None where there is no model, it is away, or nothing is asked of meaning."""
        if self._embedder is None or not parts:
            return None
        # English models know little of other languages, so these are glossed as far as the thesaurus goes.
        text = question.topic if question.language in ("", "en") else f"{question.topic} {gloss(parts)}"
        try:
            (vector,) = await self._embedder.embed([text])
        except UnavailableError as error:
            # By its kind: what a model says of its trouble may quote the question.
            self._no_vector.begin(type(error).__name__)
            return None
        self._no_vector.end()
        return np.asarray(vector, np.float32)

    async def _hits(self, ranking: Ranking, viewer: Viewer, today: date) -> tuple[Hit, ...]:
        """The pilots as the database has them now: the index may lag behind one that was just hidden or removed."""
        ids = self._index.pilot_ids(ranking.rows)
        pilots = await self._store.pilots(ids)
        learned = np.flatnonzero(self._index.rows["learned"][ranking.rows]).tolist()
        told = await self._store.learnings_of([ids[place] for place in learned]) if learned else {}
        return tuple(
            Hit(
                pilot=pilot,
                score=round(float(score), 4),
                level=Level.REALLY if is_it else Level.CLOSE,
                learnings=_newest_first(told.get(pilot_id, ()), viewer, today),
            )
            for pilot_id, score, is_it in zip(ids, ranking.scores, ranking.really, strict=True)
            if (pilot := pilots.get(pilot_id)) is not None and pilot.visibility.is_open_to(viewer, today)
        )

    def _counted(self, ranking: Ranking, hits: tuple[Hit, ...]) -> Hits:
        rows, matches = self._index.rows, ranking.matches
        return Hits(
            hits=hits,
            answered=ranking.confidence >= FLOOR,
            confidence=ranking.confidence,
            pilots=len(matches),
            countries=len(set(rows["country"][matches].tolist()) - {0}),
            stopped=int(np.count_nonzero(rows["stage"][matches] == stage_number(Stage.STOPPED))),
        )


def _newest_first(told: Sequence[Learning], viewer: Viewer, today: date) -> tuple[Learning, ...]:
    """Those that `viewer` may see; `told` is oldest first."""
    return tuple(each for each in reversed(told) if each.visibility.is_open_to(viewer, today))


@asynccontextmanager
async def open_search(folder: Path, store: ChangeFeed, embedder: Embedder | None) -> AsyncIterator[Search]:
    """The search over an index in `folder`, made anew where it is missing, foreign or damaged.

    Raises UnavailableError where the database does not answer.
    """
    search = Search(Index(folder, store, embedder), store, embedder, load_thesaurus())
    await search.refresh()
    try:
        yield search
    finally:
        await search.close()
