"""In-memory stand-ins for the ports of knowledge. They sit the same contract tests as the real ones."""

import secrets
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from knowledge.errors import InvalidRecordError, UnavailableError
from knowledge.index.analysis import words
from knowledge.learnings import Learning
from knowledge.pilots import Pilot
from knowledge.ports import Author, Change, Demand, History, PilotStore, Revision, Vectors


class MemoryPilotStore:
    """A PilotStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._identity = secrets.token_hex(8)
        self._last_change = 0
        self._in_sight: dict[str, Pilot] = {}
        self._changed: dict[str, int] = {}
        self._revisions: dict[str, list[Revision]] = {}
        self._learnings: dict[str, Learning] = {}

    async def identity(self) -> str:
        return self._identity

    async def save(self, pilots: Sequence[Pilot], by: Author, at: datetime) -> int:
        saved = 0
        for pilot in pilots:
            if self._in_sight.get(pilot.id) == pilot:
                continue
            revisions = self._revisions.setdefault(pilot.id, [])
            revisions.append(Revision(pilot=pilot, number=len(revisions) + 1, at=at, by=by))
            self._in_sight[pilot.id] = pilot
            self._mark_changed(pilot.id)
            saved += 1
        return saved

    async def get(self, pilot_id: str) -> Pilot | None:
        return self._in_sight.get(pilot_id)

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        return {each: self._in_sight[each] for each in ids if each in self._in_sight}

    async def remove(self, pilot_id: str, by: Author, at: datetime) -> bool:
        if self._in_sight.pop(pilot_id, None) is None:
            return False
        self._mark_changed(pilot_id)
        return True

    async def histories(self, pilot_ids: Sequence[str]) -> Mapping[str, History]:
        return {
            each: History(revisions=tuple(self._revisions[each]), is_removed=each not in self._in_sight)
            for each in pilot_ids
            if each in self._revisions
        }

    async def add_learning(self, learning: Learning) -> None:
        if learning.pilot_id not in self._in_sight:
            raise InvalidRecordError("there is no such pilot", field="pilot_id")
        if learning.id in self._learnings:
            raise InvalidRecordError("another learning is called so", field="id")
        self._learnings[learning.id] = learning
        self._mark_changed(learning.pilot_id)

    async def learnings(self, pilot_id: str) -> Sequence[Learning]:
        if pilot_id not in self._in_sight:
            return ()
        told = (learning for learning in self._learnings.values() if learning.pilot_id == pilot_id)
        return tuple(sorted(told, key=lambda learning: (learning.told_at, learning.id)))

    async def all(self) -> AsyncIterator[Pilot]:
        for _, pilot in sorted(self._in_sight.items()):
            yield pilot

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        newer = sorted((number, pilot_id) for pilot_id, number in self._changed.items() if number > after)
        return [
            Change(
                number=number,
                pilot_id=pilot_id,
                pilot=self._in_sight.get(pilot_id),
                learnings=tuple(await self.learnings(pilot_id)),
            )
            for number, pilot_id in newer[:limit]
        ]

    def _mark_changed(self, pilot_id: str) -> None:
        self._last_change += 1
        self._changed[pilot_id] = self._last_change


class MemoryDemandStore:
    """A DemandStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._demands: dict[str, Demand] = {}

    async def keep(self, demand: Demand) -> None:
        self._demands.setdefault(demand.id, demand)

    async def demands(self, community: str | None, limit: int = 100) -> Sequence[Demand]:
        of_community = [demand for demand in self._demands.values() if demand.community == community]
        newest_first = sorted(of_community, key=lambda demand: (-demand.asked_at.timestamp(), demand.id))
        return newest_first[:limit]


@dataclass(frozen=True)
class MemoryDatabase:
    """The stores together, as an open database has them."""

    pilots: MemoryPilotStore = field(default_factory=MemoryPilotStore)
    demands: MemoryDemandStore = field(default_factory=MemoryDemandStore)


class WordEmbedder:
    """Texts that share words are near each other. Remembers what it was given."""

    def __init__(self, name: str = "words", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.given: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.given += texts
        vectors = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                vectors[row, zlib.crc32(word.encode()) % self.dimensions] += 1
        normal: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal


class AwayEmbedder(WordEmbedder):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise UnavailableError("The model is away.")


async def revisions_of(store: PilotStore, pilot_id: str) -> Sequence[Revision]:
    """Oldest first; none of a pilot that never was there."""
    history = (await store.histories([pilot_id])).get(pilot_id)
    return history.revisions if history else ()
