"""Upkeep: what need not be remembered any longer is forgotten."""

from datetime import datetime, timedelta
from typing import Protocol

SEEN_FOR = timedelta(days=7)  # platforms deliver again within minutes; an overheard thread is long over
THREADS_FOR = timedelta(days=90)
CODES_FOR = timedelta(hours=1)  # good for minutes; wrong ones count for an hour
ANSWERS_FOR = timedelta(days=90)  # those that somebody rated stay with what was said of them
DELIVERIES_FOR = timedelta(days=400)  # what is forgotten could be planned again, and nobody plans that far back


class Forgetting(Protocol):
    """What a store keeps for a while only."""

    async def forget(self, before: datetime) -> None:
        """What is older than that. Raises UnavailableError where the database does not answer."""
        ...


class Passing(Protocol):
    """The stores of one open database that forget."""

    @property
    def seen(self) -> Forgetting: ...
    @property
    def threads(self) -> Forgetting: ...
    @property
    def answers(self) -> Forgetting: ...
    @property
    def people(self) -> Forgetting: ...
    @property
    def deliveries(self) -> Forgetting: ...


async def forget(stores: Passing, now: datetime) -> None:
    """Raises UnavailableError."""
    await stores.seen.forget(now - SEEN_FOR)
    await stores.threads.forget(now - THREADS_FOR)
    await stores.answers.forget(now - ANSWERS_FOR)
    await stores.people.forget(now - CODES_FOR)
    await stores.deliveries.forget(now - DELIVERIES_FOR)
