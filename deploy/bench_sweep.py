"""The bench of the sweep: what one pass over the deliveries costs, with ever more of them that are not due.

Each pilot has one check-in ahead and one behind it, in SQLite in a file. A hundred others are due, and the sending of
each takes no time, so what is measured is all ours: claiming, the fence before each send, settling, and the disk.
Beside it stands a pass that finds nothing due, which every replica makes all day long.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.deliveries import Delivery, State
from jobs.deliveries import Sent, Sweep
from knowledge.errors import PilotlightError

if TYPE_CHECKING:
    from adapters.sql import Database

DUE = 100

_ROUNDS = 7
_BATCH = 5_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)  # nothing here is due by the clock


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians in milliseconds."""

    pilots: int
    nothing_due: float
    due: float


def bench_sweep(sizes: Sequence[int]) -> None:
    """Print what a pass costs at each number of pilots, and how that grows."""
    wanted = sorted({*sizes})
    if not wanted or wanted[0] < 1:
        raise PilotlightError("There is at least one pilot: --sizes 1000,10000")
    print(
        f"One pass of the sweep over SQLite; medians of {_ROUNDS}. Each pilot has a delivery ahead and one behind it.\n"
    )
    print(f"   pilots   nothing due   {DUE} due   × that of {wanted[0]:,}")
    measured = asyncio.run(_measure(wanted))
    first, last = measured[0], measured[-1]
    for each in measured:
        print(_line(each, first))
    if last is not first:
        print(
            f"\nFrom {first.pilots:,} to {last.pilots:,} pilots ({last.pilots / first.pilots:,.0f}×) a pass over "
            f"{DUE} due takes {last.due / first.due:.2f}× as long."
        )


def _line(each: Figures, first: Figures) -> str:
    return f"{each.pilots:>9,} {each.nothing_due:>10.2f} ms {each.due:>5.0f} ms {each.due / first.due:>12.2f}×"


async def _measure(sizes: Sequence[int]) -> list[Figures]:
    from adapters.sql import open_database  # it takes a while to import

    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        timings = []
        for size in sizes:
            url = f"sqlite:///{folder / str(size)}.sqlite"
            database = await opened.enter_async_context(open_database(url))
            await _fill(database, size)
            timings.append(_Timing(size, database))
        # In turn, so that whatever else the machine does meanwhile is in all of them.
        for number in range(_ROUNDS):
            for timing in timings:
                await timing.round(number)
        return [each.figures for each in timings]


async def _fill(database: "Database", pilots: int) -> None:
    for name, days in (("behind", -30), ("ahead", 30)):
        for start in range(0, pilots, _BATCH):
            numbers = range(start, min(start + _BATCH, pilots))
            due_at = [_NOW + timedelta(days=days, seconds=number % 86_400) for number in numbers]
            await database.deliveries.plan(
                [_delivery(f"{name} {number}", name, at) for number, at in zip(numbers, due_at, strict=True)]
            )
    await database.deliveries.cancel("bench", _NOW, "It is long over.", person="behind")


@dataclass
class _Timing:
    """Of one database, in milliseconds."""

    pilots: int
    database: "Database"
    nothing_due: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)

    async def round(self, number: int) -> None:
        sweep = Sweep(queue=self.database.deliveries, send=_send, was_sent=_was_sent, jitter=lambda: 0.0)
        self.nothing_due.append(await _pass(sweep, sends=0))
        await self.database.deliveries.plan([_delivery(f"due {number} {each}", "due", _NOW) for each in range(DUE)])
        self.due.append(await _pass(sweep, sends=DUE))

    @property
    def figures(self) -> Figures:
        return Figures(self.pilots, statistics.median(self.nothing_due), statistics.median(self.due))


async def _send(_: Delivery) -> Sent:
    return Sent("bench")


async def _was_sent(_: Delivery) -> None:
    return None


async def _pass(sweep: Sweep, *, sends: int) -> float:
    started = time.perf_counter()
    passed = await sweep(_NOW)
    took = time.perf_counter() - started
    if passed.total() != passed[State.SENT] or passed.total() != sends:
        raise RuntimeError(f"the sweep sent {passed} instead of {sends}")
    return took * 1_000


def _delivery(key: str, person: str, due_at: datetime) -> Delivery:
    return Delivery(key=key, kind="check-in", community="bench", person=person, about=key, due_at=due_at)
