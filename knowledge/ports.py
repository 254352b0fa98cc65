"""What knowledge needs from the outside, each named for the need."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.learnings import Learning
from knowledge.pilots import Pilot

Vectors = npt.NDArray[np.float32]

Progress = Callable[[int, int | None], None]
"""Told how many steps are done, of how many; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changed something: a person's id, or the name of an import or a sweep; and how, in a word or two."""

    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state that a pilot had. `number` counts from 1 for each pilot."""

    pilot: Pilot
    number: int
    at: datetime
    by: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Every state a pilot had, oldest first, and whether it was then taken out of sight, which is no revision."""

    revisions: tuple[Revision, ...]
    is_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of the change feed: this pilot, as it is now, with its learnings; `pilot` is None once removed.

    `number` grows with every change in the database and never repeats.
    """

    number: int
    pilot_id: str
    pilot: Pilot | None
    learnings: tuple[Learning, ...] = ()


class ChangeFeed(Protocol):
    """What a search follows: whose pilots these are, what changed, and how some are right now.

    Each method raises UnavailableError where the database does not answer.
    """

    async def identity(self) -> str:
        """A random name that the database got when it was made; another database has another."""
        ...

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        """The next changes past `after`, oldest first; a pilot changed again since appears only at its newest."""
        ...

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        """Those of them that are in sight, by id."""
        ...

    async def learnings_of(self, pilot_ids: Sequence[str]) -> Mapping[str, Sequence[Learning]]:
        """Of those of them that are in sight and have any, by the pilot's id, oldest first."""
        ...


class PilotStore(ChangeFeed, Protocol):
    """Pilots with their revisions and learnings: the truth that every index follows."""

    async def save(self, pilots: Sequence[Pilot], by: Author, at: datetime) -> int:
        """Keep each pilot that differs from its latest revision as a new one, all or none; how many differed."""
        ...

    async def get(self, pilot_id: str) -> Pilot | None: ...

    async def owned_by(self, community: str, person: str) -> Sequence[Pilot]:
        """Those in sight that were told in this community and whose owner is this person, in the order of their ids."""
        ...

    async def remove(self, pilot_id: str, by: Author, at: datetime) -> bool:
        """Take a pilot out of sight; its revisions stay. Whether it was there."""
        ...

    async def histories(self, pilot_ids: Sequence[str]) -> Mapping[str, History]:
        """Of those that ever were here, by id."""
        ...

    async def keep_learning(self, learning: Learning) -> None:
        """Add it, or put it in place of the one with its id; the same once more is no change.

        InvalidRecordError where the pilot is not there, or the id is taken by another author or on another pilot.
        """
        ...

    async def remove_learning(self, learning_id: str) -> bool:
        """Take it out for good; nothing of it stays. Whether it was there."""
        ...

    async def learnings(self, pilot_id: str) -> Sequence[Learning]:
        """Oldest first."""
        ...

    def all(self) -> AsyncIterator[Pilot]:
        """Every pilot there is, in the order of their ids, without holding them all in memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A question nobody has recorded trying, kept so that it can be answered later."""

    id: str
    topic: str
    asked_at: datetime
    community: str | None = None
    person: str | None = None


class DemandStore(Protocol):
    """Questions that nobody's experience answers yet."""

    async def keep(self, demand: Demand) -> None: ...

    async def demands(self, community: str | None, limit: int = 100) -> Sequence[Demand]:
        """Of this community only, newest first."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose nearness is nearness in meaning."""

    @property
    def name(self) -> str:
        """Which model this is; vectors of different names do not compare."""
        ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions), each row of length 1. UnavailableError where the model is away."""
        ...


class Writer(Protocol):
    """Writes an answer from numbered sources. Nothing it says is believed before it was checked."""

    def write(self, question: str, sources: Sequence[str]) -> AsyncIterator[str]:
        """Pieces of text as they come, citing sources as [1], [2] … in the order given.

        UnavailableError where the model is away, refuses or is too slow.
        """
        ...


class NewsStore(Protocol):
    """What came about in a time, from `since` on and before `until`."""

    async def changed(self, since: datetime, until: datetime) -> Sequence[str]:
        """Ids of the pilots in sight that were told or changed then, in their order."""
        ...

    async def told(self, since: datetime, until: datetime) -> Sequence[Learning]:
        """Of pilots in sight, oldest first."""
        ...
