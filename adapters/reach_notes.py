"""How people are reached is noted while they are answered: nobody waits for that, and nothing fails by it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.ports import Reaches
from bot.reaches import No, Reach
from knowledge.errors import PilotlightError

_log = logging.getLogger(__name__)


class ReachNotes:
    """Over the port, with the moment of the call; trouble is logged, by ids alone."""

    def __init__(self, reaches: Reaches, now: Callable[[], datetime]) -> None:
        self._reaches = reaches
        self._now = now
        self._work: set[asyncio.Task[None]] = set()

    def refresh(self, reach: Reach, *, is_personal: bool) -> None:
        """As the port's; the person is there just now."""
        self._begin(reach, self._reaches.refresh(reach, self._now(), is_personal=is_personal))

    def close(self, reach: Reach, because: No) -> None:
        """As the port's; the person said no just now."""
        closing = self._reaches.close(reach.community, reach.platform, reach.account, because, self._now())
        self._begin(reach, closing)

    async def drain(self, seconds: float) -> None:
        """Let it come to its end, so long at most."""
        if self._work:
            await asyncio.wait(tuple(self._work), timeout=seconds)

    def _begin(self, reach: Reach, noting: Awaitable[None]) -> None:
        task = asyncio.create_task(self._attempt(reach, noting))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _attempt(self, reach: Reach, noting: Awaitable[None]) -> None:
        try:
            await noting
        except PilotlightError as error:
            _log.warning("How %s is reached in %s was not noted: %s", reach.account, reach.platform, error)
        except Exception:  # noqa: BLE001 - the last who could say so
            _log.exception("How %s is reached in %s was not noted", reach.account, reach.platform)
