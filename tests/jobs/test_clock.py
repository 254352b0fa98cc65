import asyncio
from datetime import timedelta

import pytest

from jobs import clock

OFTEN = timedelta(milliseconds=20)


async def test_a_sweep_runs_at_once_and_then_at_its_interval() -> None:
    runs = 0
    thrice = asyncio.Event()

    async def sweep() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            thrice.set()

    async with clock.running({sweep: OFTEN}):
        assert runs == 1
        await asyncio.wait_for(thrice.wait(), 10)


async def test_a_failing_sweep_is_logged_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    runs = 0
    again = asyncio.Event()

    async def sweep() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("the database is away")
        again.set()

    async with clock.running({sweep: OFTEN}):
        await asyncio.wait_for(again.wait(), 10)
    assert "tried again" in caplog.text


async def test_leaving_waits_for_a_run_under_way() -> None:
    started, release = asyncio.Event(), asyncio.Event()
    finished = False
    first = True

    async def sweep() -> None:
        nonlocal finished, first
        if first:
            first = False
            return
        started.set()
        await release.wait()
        finished = True

    async def leave() -> None:
        async with clock.running({sweep: OFTEN}):
            await asyncio.wait_for(started.wait(), 10)

    leaving = asyncio.create_task(leave())
    await asyncio.wait_for(started.wait(), 10)
    await asyncio.sleep(0.05)
    assert not leaving.done()
    release.set()
    await asyncio.wait_for(leaving, 10)
    assert finished


async def test_one_run_of_a_sweep_at_a_time() -> None:
    together = most = 0

    async def sweep() -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.06)
        together -= 1

    async with clock.running({sweep: OFTEN}):
        await asyncio.sleep(0.3)
    assert most == 1
    assert together == 0
