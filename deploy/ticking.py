"""One tick: every sweep once, for cron and for tests."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime

from deploy.prompting import open_prompters
from deploy.settings import Settings
from deploy.sweeps import SENDING, sweeps
from deploy.wiring import now, open_house
from knowledge.errors import PilotlightError


async def tick(settings: Settings, at: datetime | None = None) -> AsyncIterator[str]:
    """What each sweep did, a line each. Without a platform nobody can be written to: then nothing is sent."""
    has_platform = settings.has_slack or settings.has_teams
    if has_platform:
        settings.require_platform()
    async with AsyncExitStack() as opened:
        house = await opened.enter_async_context(open_house(settings, at or now()))
        prompters = await opened.enter_async_context(open_prompters(settings, house.database))
        for name, (step, _) in sweeps(house, prompters, settings).steps.items():
            if name == SENDING and not has_platform:
                yield f"{name}: no platform is set up to send them"
            else:
                yield f"{name}: {_counted(await step(house.now()))}"


def read_instant(text: str) -> datetime:
    """PilotlightError where it is none, or could be any of a day's."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise PilotlightError(f"{text[:40]!r} is not a moment: write it with its zone, as 2026-07-01T09:30:00+02:00.")
    return at


def _counted(done: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in done.items() if count) or "done"
