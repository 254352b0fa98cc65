"""The bench: the whole search against its bare parts, measured side by side in one run.

Bare is what nobody can do without: one tantivy query for the question's words, best ten, and one product of a float32
matrix of vectors with the question's vector (numpy). Whole is `Search.find`: looking for news in the database, the
thesaurus, filters and visibility, words and vectors, ranking, the floor, and the pilots themselves. The model that
makes the question's vector is in neither; it takes the same 2 to 3 ms whatever the size.
"""

import asyncio
import functools
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Self

import numpy as np

from deploy.settings import read_settings
from knowledge.index.bare import BareWords
from knowledge.index.index import Index
from knowledge.index.thesaurus import load_thesaurus
from knowledge.pilots import Pilot, Provenance, Stage
from knowledge.ports import Change, Vectors
from knowledge.questions import Question
from knowledge.search import Search
from knowledge.starter import starter_pilots
from knowledge.text import clean
from knowledge.visibility import Viewer

WITHIN = 3.0  # times the bare parts that the whole may take

_DIMENSIONS = 384
_ROUNDS = 15  # of all the questions
_TODAY = date(2026, 1, 1)  # no synthetic pilot has an embargo, so any day will do
_SAMPLE = 5_000  # real pilots that the synthetic ones are made from
_QUESTIONS = (
    "chatbot for tax questions of citizens",
    "drones to inspect bridges and viaducts",
    "sensors that notice when an elderly person falls",
    "automatic anonymisation of court judgments",
    "satellite images to check farm subsidies",
    "self-driving shuttle bus on a public road",
    "predicting which water pipes will leak",
    "facial recognition at the border",
    "participatory budget of the city",
    "early warning for pupils who drop out of school",
    "translation of letters to migrants",
    "volunteers who count birds and insects",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Times are medians in milliseconds."""

    size: int
    words: float
    product: float
    whole: float
    whole_filtered: float
    built: float  # seconds
    peak: float  # MB, of the process that builds and searches

    @property
    def ratio(self) -> float:
        return self.whole / (self.words + self.product)


@dataclass(frozen=True, slots=True)
class _Sample:
    """What is taken of a real pilot; unlike one, it can be sent to another process."""

    title: str
    summary: str
    organisation: str | None
    country: str | None
    stage: Stage

    @classmethod
    def of(cls, pilot: Pilot) -> Self:
        return cls(pilot.title[:400], pilot.summary or pilot.title, pilot.organisation, pilot.country, pilot.stage)


def bench_search(sizes: Sequence[int]) -> None:
    """Print the figures of each size, each measured in a process of its own, then the growth."""
    samples = asyncio.run(_real_samples())
    print(
        f"Synthetic pilots, mixed from {len(samples):,} real ones; medians over {_ROUNDS * len(_QUESTIONS)} searches.\n"
    )
    print("   pilots  bare query   + product       whole    filtered   ratio   built in   peak memory")
    measured = []
    for size in sorted(set(sizes)):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            each = process.submit(_measure, size, samples).result()
        measured.append(each)
        print(_line(each), flush=True)
    first, last = measured[0], measured[-1]
    if last is not first:
        print(
            f"\nFrom {first.size:,} to {last.size:,} pilots ({last.size / first.size:,.0f}×) the whole search takes "
            f"{last.whole / first.whole:.1f}× as long, its bare parts {_bare(last) / _bare(first):.1f}×."
        )
    worst = max(each.ratio for each in measured)
    print(f"\nThe whole search takes at most {worst:.2f}× its bare parts; the aim is {WITHIN:.0f}×.")


def _line(each: Figures) -> str:
    times = (f"{time:>7.2f} ms" for time in (each.words, each.product, each.whole, each.whole_filtered))
    return f"{each.size:>9,} {'  '.join(times)} {each.ratio:>6.2f}× {each.built:>8,.0f} s {each.peak:>9,.0f} MB"


def _bare(figures: Figures) -> float:
    return figures.words + figures.product


async def _real_samples() -> list[_Sample]:
    """Pilots of the base, or of the starter catalogue where there is none yet."""
    from adapters.sql import open_database  # it takes a while to import

    settings = read_settings()
    pilots: list[Pilot] = []
    if settings.database_url or settings.data_dir.exists():
        async with open_database(settings.database) as database:
            async for pilot in database.pilots.all():
                pilots.append(pilot)
                if len(pilots) == _SAMPLE:
                    break
    return [_Sample.of(pilot) for pilot in pilots or starter_pilots()]


def _measure(size: int, samples: Sequence[_Sample]) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure_in(Path(folder), size, samples))


async def _measure_in(folder: Path, size: int, samples: Sequence[_Sample]) -> Figures:
    base, embedder = _SyntheticBase(size, samples), _RandomEmbedder()
    index = Index(folder, base, embedder, at_once=20_000)
    search = Search(index, base, embedder, load_thesaurus())
    started = time.perf_counter()
    await search.embed()
    built = time.perf_counter() - started
    questions = [Question(text=each, topic=each, language="en") for each in _QUESTIONS]
    filtered = [Question(text=each, topic=each, language="en", countries=("NL", "BE")) for each in _QUESTIONS]
    whole = await _time_finding(search, questions)
    whole_filtered = await _time_finding(search, filtered)
    peak = _peak()
    bare = BareWords(index.words)
    words = _time([functools.partial(bare.search, each) for each in _QUESTIONS])
    matrix = np.random.default_rng(1).standard_normal((size, _DIMENSIONS), np.float32)
    vector = matrix[0].copy()
    product = _time([lambda: matrix @ vector] * len(_QUESTIONS))
    await search.close()
    return Figures(size, words, product, whole, whole_filtered, built, peak)


async def _time_finding(search: Search, questions: Sequence[Question]) -> float:
    times = []
    for _ in range(_ROUNDS):
        for question in questions:
            started = time.perf_counter()
            await search.find(question, Viewer(), today=_TODAY)
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1_000


def _time(actions: Sequence[Callable[[], object]]) -> float:
    times = []
    for _ in range(_ROUNDS):
        for action in actions:
            started = time.perf_counter()
            action()
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1_000


def _peak() -> float:
    """Megabytes that this process has had at most."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1_000_000


class _SyntheticBase:
    """Pilots made when they are asked for: a title, a summary, an organisation and a country of four real ones."""

    def __init__(self, size: int, samples: Sequence[_Sample]) -> None:
        self._size, self._samples = size, samples
        self._one = self._made(0)

    async def identity(self) -> str:
        return f"synthetic {self._size}"

    async def get(self, _pilot_id: str) -> Pilot | None:
        # Any will do: what a real database takes to find one by its key is not the search's time.
        return self._one

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        made = (self._made(number) for number in range(after, min(after + limit, self._size)))
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


class _RandomEmbedder:
    """Vectors of no meaning: for speed it makes no difference."""

    name = "random"
    dimensions = _DIMENSIONS

    def __init__(self) -> None:
        self._chance = np.random.default_rng(0)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._chance.standard_normal((len(texts), _DIMENSIONS), np.float32)
        normal: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal
