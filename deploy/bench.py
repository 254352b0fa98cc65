"""The bench: the whole search against its bare parts, measured side by side in one run.

Bare is what nobody can do without: one tantivy query for the question's words, best ten, and one product of a float32
matrix of vectors with the question's vector (numpy). Whole is `Search.find`: looking for news in the database, the
thesaurus, filters and visibility, words and vectors, ranking, the floor, and reading the pilots themselves. Up to
100,000 pilots that database is SQLite in a file; beyond, where saving them would take longer than all the rest, one in
memory. The model that makes the question's vector is in neither; it takes the same 2 to 3 ms whatever the size.
"""

import asyncio
import functools
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import numpy as np

from deploy.settings import read_settings
from deploy.synthetic import DIMENSIONS, RandomEmbedder, Sample, SyntheticBase
from knowledge.errors import PilotlightError
from knowledge.index.bare import BareWords
from knowledge.index.index import Index
from knowledge.index.thesaurus import load_thesaurus
from knowledge.pilots import Pilot
from knowledge.ports import Author, ChangeFeed
from knowledge.questions import Question
from knowledge.search import LIMIT, Search
from knowledge.starter import starter_pilots
from knowledge.visibility import Viewer

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

WITHIN = 3.0  # times the bare parts that the whole may take

_ROUNDS = 15  # of all the questions
_TODAY = date(2026, 1, 1)  # no synthetic pilot has an embargo, so any day will do
_SAVED = 100_000  # pilots up to which they are saved in a database
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
    reads: float  # of the whole: asking the database for news and for the ten pilots
    built: float  # seconds
    peak: float  # MB, of the process that builds and searches
    database: str

    @property
    def bare(self) -> float:
        return self.words + self.product

    @property
    def ratio(self) -> float:
        return self.whole / self.bare

    @property
    def ratio_without_reads(self) -> float:
        return (self.whole - self.reads) / self.bare


def bench_search(sizes: Sequence[int]) -> None:
    """Print the figures of each size, each measured in a process of its own, then the growth."""
    if resource is None:
        raise PilotlightError("The bench measures memory as Linux and macOS tell it; run it on one of them.")
    samples = asyncio.run(_real_samples())
    print(
        f"Synthetic pilots, mixed from {len(samples):,} real ones; medians over {_ROUNDS * len(_QUESTIONS)} searches.\n"
    )
    print(
        "   pilots  bare query   + product       whole    filtered   its reads   ratio   w/o reads   built in"
        "   peak memory   database"
    )
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
            f"{last.whole / first.whole:.1f}× as long, its bare parts {last.bare / first.bare:.1f}×."
        )
    whole, searching = (max(each.ratio for each in measured), max(each.ratio_without_reads for each in measured))
    print(
        f"\nThe whole search takes at most {whole:.2f}× its bare parts, {searching:.2f}× without its reads of the "
        f"database; the aim is {WITHIN:.0f}×."
    )


def _line(each: Figures) -> str:
    times = (f"{time:>7.2f} ms" for time in (each.words, each.product, each.whole, each.whole_filtered, each.reads))
    return (
        f"{each.size:>9,} {'  '.join(times)} {each.ratio:>6.2f}× {each.ratio_without_reads:>10.2f}× "
        f"{each.built:>8,.0f} s {each.peak:>9,.0f} MB   {each.database}"
    )


async def _real_samples() -> list[Sample]:
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
    return [Sample.of(pilot) for pilot in pilots or starter_pilots()]


def _measure(size: int, samples: Sequence[Sample]) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure_in(Path(folder), size, samples))


async def _measure_in(folder: Path, size: int, samples: Sequence[Sample]) -> Figures:
    async with _database(folder, SyntheticBase(size, samples)) as base:
        return await _measure_over(base, folder / "index", size)


@asynccontextmanager
async def _database(folder: Path, base: SyntheticBase) -> AsyncIterator[ChangeFeed]:
    """The base, saved where that is soon done."""
    from adapters.sql import open_database  # it takes a while to import

    if base.size > _SAVED:
        yield base
        return
    async with open_database(f"sqlite:///{folder}/pilots.sqlite") as database:
        for batch in base.batches():
            await database.pilots.save(batch, Author("bench"), datetime.combine(_TODAY, datetime.min.time(), UTC))
        yield database.pilots


async def _measure_over(base: ChangeFeed, folder: Path, size: int) -> Figures:
    embedder = RandomEmbedder()
    index = Index(folder, base, embedder, at_once=20_000)
    search = Search(index, base, embedder, load_thesaurus())
    started = time.perf_counter()
    await search.embed()
    built = time.perf_counter() - started
    questions = [Question(text=each, topic=each, language="en") for each in _QUESTIONS]
    filtered = [Question(text=each, topic=each, language="en", countries=("NL", "BE")) for each in _QUESTIONS]
    whole = await _time_finding(search, questions)
    whole_filtered = await _time_finding(search, filtered)
    reads = await _time_reads(base, index)
    peak = _peak()
    bare = BareWords(index.words)
    words = _time([functools.partial(bare.search, each) for each in _QUESTIONS])
    matrix = np.random.default_rng(1).standard_normal((size, DIMENSIONS), np.float32)
    vector = matrix[0].copy()
    product = _time([lambda: matrix @ vector] * len(_QUESTIONS))
    await search.close()
    database = "memory" if isinstance(base, SyntheticBase) else "SQLite"
    return Figures(size, words, product, whole, whole_filtered, reads, built, peak, database)


async def _time_finding(search: Search, questions: Sequence[Question]) -> float:
    times = []
    for _ in range(_ROUNDS):
        for question in questions:
            started = time.perf_counter()
            await search.find(question, Viewer(), today=_TODAY)
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1_000


async def _time_reads(base: ChangeFeed, index: Index) -> float:
    chance, times = Random(1), []  # noqa: S311  # not for secrets
    for _ in range(_ROUNDS * len(_QUESTIONS)):
        ids = index.pilot_ids(chance.choices(range(index.rows.count), k=LIMIT))
        started = time.perf_counter()
        await base.changes(index.rows.position)
        await base.pilots(ids)
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
