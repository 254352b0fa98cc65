"""Pilots that never were, mixed from real ones: as many as the bench asks for, the same each time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Self

import numpy as np

from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Provenance, Stage
from knowledge.ports import Change, Vectors
from knowledge.text import clean

DIMENSIONS = 384
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What is taken of a real pilot; unlike one, it can be sent to another process."""

    title: str
    summary: str
    organisation: str | None
    country: str | None
    stage: Stage

    @classmethod
    def of(cls, pilot: Pilot) -> Self:
        return cls(pilot.title[:400], pilot.summary or pilot.title, pilot.organisation, pilot.country, pilot.stage)


class SyntheticBase:
    """Pilots made when they are asked for: a title, a summary, an organisation and a country of four real ones."""

    def __init__(self, size: int, samples: Sequence[Sample]) -> None:
        self.size, self._samples = size, samples
        self._one = self._made(0)

    async def identity(self) -> str:
        return f"synthetic {self.size}"

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        return dict.fromkeys(ids, self._one)

    async def learnings_of(self, _pilot_ids: Sequence[str]) -> Mapping[str, Sequence[Learning]]:
        return {}

    def batches(self) -> Iterator[Sequence[Pilot]]:
        for start in range(0, self.size, BATCH):
            yield [self._made(number) for number in range(start, min(start + BATCH, self.size))]

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        made = (self._made(number) for number in range(after, min(after + limit, self.size)))
        return [Change(number=number, pilot_id=pilot.id, pilot=pilot) for number, pilot in enumerate(made, after + 1)]

    def _made(self, number: int) -> Pilot:
        chance = Random(number)  # noqa: S311  # not for secrets
        title, summary, other, place = (chance.choice(self._samples) for _ in range(4))
        # Whole sentences of two, so that words keep the company they have; the number makes new words, as bases do.
        half = other.summary[: chance.randrange(50, 600)].rpartition(" ")[0]
        return Pilot(
            provenance=Provenance(source="synthetic", source_id=str(number)),
            title=f"{title.title} {number}",
            summary=clean(f"{summary.summary[:600]} {half}"),
            organisation=place.organisation,
            country=place.country,
            stage=other.stage,
        )


class RandomEmbedder:
    """Vectors of no meaning: for speed it makes no difference."""

    name = "random"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._chance = np.random.default_rng(0)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._chance.standard_normal((len(texts), DIMENSIONS), np.float32)
        normal: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal
