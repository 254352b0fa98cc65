"""Upkeep: what need not be remembered any longer is forgotten."""

from datetime import datetime, timedelta

from bot.ports import Stores

SEEN_FOR = timedelta(days=7)  # platforms deliver again within minutes; an overheard thread is long over
THREADS_FOR = timedelta(days=90)
ANSWERS_FOR = timedelta(days=90)  # those that somebody rated stay with what was said of them


async def forget(stores: Stores, now: datetime) -> None:
    """Raises UnavailableError."""
    await stores.seen.forget_seen(now - SEEN_FOR)
    await stores.threads.forget_threads(now - THREADS_FOR)
    await stores.answers.forget_answers(now - ANSWERS_FOR)
