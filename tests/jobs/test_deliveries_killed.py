"""Replicas are killed at random moments, and yet what is due is sent once: whatever was in doubt goes by its policy.

PILOTLIGHT_KILLED=10000 says how many deliveries there are.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from adapters.sql import Database, open_database
from adapters.sql.tables import deliveries
from bot.deliveries import Delivery, Standing, State, WhenInDoubt
from jobs.deliveries import SENT_AGAIN, SKIPPED
from tests.replicas import KNOWS, SILENT, Platform, Replicas, replicas

PLANNED = int(os.environ.get("PILOTLIGHT_KILLED", "500"))
POLICIES = (
    (KNOWS, WhenInDoubt.SKIP),
    (KNOWS, WhenInDoubt.RESEND),
    (SILENT, WhenInDoubt.SKIP),
    (SILENT, WhenInDoubt.RESEND),
)


@pytest.mark.timeout(900)
async def test_on_postgresql_three_replicas_are_killed_and_each_delivery_is_sent_once(
    postgres_url: str, tmp_path: Path
) -> None:
    await prove(postgres_url, tmp_path, count=3, planned=PLANNED)


@pytest.mark.timeout(900)
async def test_on_sqlite_the_one_program_is_killed_and_each_delivery_is_sent_once(tmp_path: Path) -> None:
    await prove(f"sqlite:///{tmp_path}/pilotlight.db", tmp_path, count=1, planned=PLANNED)


async def prove(url: str, folder: Path, *, count: int, planned: int) -> None:
    due = datetime.now(UTC)
    wanted = [
        Delivery(
            key=f"check-in {number} {kind} {policy}",
            kind=kind,
            community="example",
            person=f"U{number}",
            due_at=due,
            when_in_doubt=policy,
        )
        for number in range(planned)
        for kind, policy in (POLICIES[number % len(POLICIES)],)
    ]
    started = time.monotonic()
    async with open_database(url) as database:
        assert await database.deliveries.plan(wanted) == planned
        with replicas(count, url, folder) as running:
            kills = await kill_until_settled(database, running)
        took = time.monotonic() - started
        found = {each.key: await database.deliveries.standing(each.key) for each in wanted}
    arrived, doubted = Platform(folder).arrived(), Platform(folder).doubted()
    sys.stdout.write(report(found, arrived, doubted, f"{kills} kills, {took:.0f} s"))
    assert kills
    assert set(arrived) <= set(found)
    for key, standing in found.items():
        assert standing
        judge(standing, arrived[key], doubted[key])


async def kill_until_settled(database: Database, running: Replicas) -> int:
    """How many were killed. Each time another starts in its place, also while the last ones are looked for."""
    chance, kills = Random(), 0
    unsettled = select(func.count()).select_from(deliveries).where(deliveries.c.settled_at.is_(None))
    while True:
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        async with database.connections.reading() as connection:
            left = await connection.scalar(unsettled)
        if not left:
            return kills
        running.kill(chance.randrange(len(running.running)))
        running.start()
        kills += 1


def judge(standing: Standing, arrived: int, doubted: int) -> None:
    """That it arrived once, or else was in doubt, and its policy says so."""
    delivery = standing.delivery
    if standing.state is State.DROPPED:
        assert standing.note == SKIPPED
        assert (delivery.kind, delivery.when_in_doubt) == (SILENT, WhenInDoubt.SKIP)
        assert arrived <= 1 <= doubted
        return
    assert standing.state is State.SENT
    if (delivery.kind, delivery.when_in_doubt) == (SILENT, WhenInDoubt.RESEND) and doubted:
        assert standing.note == SENT_AGAIN
        assert 1 <= arrived <= 1 + doubted
        return
    assert arrived == 1, f"{standing} arrived {arrived} times"


def report(found: dict[str, Standing | None], arrived: Counter[str], doubted: Counter[str], what: str) -> str:
    """What became of those in doubt, for whoever reads the figures."""
    became = Counter(
        f"{each.delivery.kind}/{each.delivery.when_in_doubt}: {each.state}, arrived {arrived[key]}×"
        for key, each in found.items()
        if each and doubted[key]
    )
    lines = [f"{len(found):,} due, {what}, {len(doubted):,} in doubt", *(f"{each}: {became[each]}" for each in became)]
    return "\n  ".join(["", *sorted(lines), ""])
