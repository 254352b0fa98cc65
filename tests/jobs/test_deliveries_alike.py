"""Whatever is done in whatever order, the fake that the sweep is tested over and the store in SQLite tell the same."""

import asyncio
import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sql import open_database
from adapters.sql.delivery_store import SqlDeliveries
from bot.deliveries import Delivery
from jobs.deliveries import Claimed, Dead, Doubtful, Dropped, Later, Sent
from tests.base import NOW
from tests.fakes import MemoryDeliveries

HOUR = timedelta(hours=1)
LEASES = {"lasts": timedelta(hours=9), "ended": -HOUR}  # against the clock of the database, which nobody turns
PLANNED = tuple(
    Delivery(
        key=f"{number} {person}",
        kind="check-in",
        community="example",
        person=person,
        due_at=NOW + number * HOUR,
        stale_after=NOW + 6 * HOUR if number % 2 else None,
    )
    for number, person in itertools.product(range(2), ("ann", "bo"))
)
OUTCOMES = (Sent("slack", "1"), Dropped("n"), Dead("n"), Later(NOW, 1, "n"), Later(NOW + HOUR, 0), Doubtful(NOW, "n"))

# What is done, with a number that picks whom it is done to and the hour at which it is.
DONE = st.tuples(
    st.sampled_from(
        ["plan", "claim", "claim", "doubtful", "fence", "fence", "settle", "lapse", "drop", "cancel", "retry"]
    ),
    st.sampled_from(sorted(LEASES)),
    st.integers(0, 11),
    st.integers(0, 8),
)


@dataclass
class Told:
    """One store with the claims that were made on it, also those that are long lost."""

    store: SqlDeliveries | MemoryDeliveries
    claims: list[Claimed] = field(default_factory=list)

    async def do(self, what: str, lease: str, number: int, hour: int) -> object:
        at = NOW + hour * HOUR
        delivery = PLANNED[number % len(PLANNED)]
        match what:
            case "plan":
                return await self.store.plan(PLANNED[: number % 5])
            case "claim":
                return self._keep(await self.store.claim(at, 100, LEASES[lease]))
            case "doubtful":
                return self._keep(await self.store.claim_doubtful(at, 100, LEASES[lease]))
            case "fence" if self.claims:
                return await self.store.fence(self._claim(number), LEASES[lease])
            case "settle" if self.claims:
                return await self.store.settle(self._claim(number), OUTCOMES[hour % len(OUTCOMES)], at)
            case "lapse":
                return await self.store.lapse(at)
            case "drop":
                return await self.store.drop_stale(at, "late")
            case "cancel":
                return await self.store.cancel("example", at, "stop", person=delivery.person)
            case "retry":
                return await self.store.retry("example", delivery.key, at)
        return None

    async def standings(self) -> list[object]:
        return [await self.store.standing(each.key) for each in PLANNED]

    def _claim(self, number: int) -> Claimed:
        return self.claims[-1 - number % min(len(self.claims), 6)]

    def _keep(self, claims: Sequence[Claimed]) -> list[Claimed]:
        """Those that were due at one moment come in any order."""
        ordered = sorted(claims, key=lambda each: each.delivery.key)
        self.claims += ordered
        return ordered


@settings(max_examples=40, deadline=None)
@given(st.lists(DONE, min_size=5, max_size=40))
def test_the_fake_and_the_store_tell_the_same(done: list[tuple[str, str, int, int]]) -> None:
    asyncio.run(compare(done))


async def compare(done: list[tuple[str, str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(f"sqlite:///{folder}/pilotlight.db") as database:
            real, fake = Told(database.deliveries), Told(MemoryDeliveries())
            await real.store.plan(PLANNED[:3])
            await fake.store.plan(PLANNED[:3])
            for each in done:
                assert await real.do(*each) == await fake.do(*each), each
            assert await real.standings() == await fake.standings()
