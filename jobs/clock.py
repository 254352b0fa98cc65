"""The clock: which sweep runs when. It keeps nothing; what is due stands in the database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

Sweep = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


@asynccontextmanager
async def running(sweeps: Mapping[Sweep, timedelta], *, waits: bool = True) -> AsyncIterator[None]:
    """Run each sweep now and then at its interval, one run of each at a time, until the block is left.

    With `waits` the block begins when the first runs have ended; without, they go on in it.
    A sweep that fails is logged and tried again at its next time; leaving waits for the runs under way, since
    APScheduler's own shutdown would cancel them.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    under_way: set[asyncio.Task[None]] = set()

    async def run(sweep: Sweep) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            await sweep()
        except Exception:  # noqa: BLE001 - one failing sweep must not stop the clock
            _log.exception("A sweep failed and is tried again at its next time")
        finally:
            under_way.discard(task)

    # A late run is better than a dropped one, and one is enough for all that were missed.
    options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    for sweep, every in sweeps.items():
        first = asyncio.create_task(run(sweep))
        under_way.add(first)
        if waits:
            await first
        scheduler.add_job(run, IntervalTrigger(seconds=every.total_seconds()), args=[sweep], **options)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        await asyncio.gather(*under_way, return_exceptions=True)
        scheduler.shutdown(wait=False)
