"""Who reads along in a channel: people of other workspaces, where Slack says that it is shared."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.outbox import Outbox, SlackRefusedError
from knowledge.errors import UnavailableError

_FRESH_SECONDS = 300.0
_RETRY_SECONDS = 30.0
_PATIENCE_SECONDS = 2.0
_REMEMBERED = 10_000
_SHARED = ("is_ext_shared", "is_org_shared", "is_shared", "is_pending_ext_shared")


class Audience:
    """Asks Slack about a channel now and then. Where Slack does not say, strangers may be reading."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._known: OrderedDict[tuple[str, str], tuple[bool, float]] = OrderedDict()

    async def has_strangers(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        # Of many who ask at once one asks Slack.
        async with self._turns.setdefault((team, channel), asyncio.Lock()):
            is_shared, until = self._known.get((team, channel), (True, 0.0))
            return is_shared if self._clock() < until else await self._ask(client, team, channel)

    async def _ask(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._outbox.call(client, team, "conversations_info", channel=channel)
            told, seconds = answer.get("channel") or {}, _FRESH_SECONDS
            is_shared = any(bool(told.get(sign)) for sign in _SHARED) if told else True
        except (SlackRefusedError, UnavailableError, TimeoutError):
            is_shared, seconds = True, _RETRY_SECONDS
        self._known[team, channel] = is_shared, self._clock() + seconds
        self._known.move_to_end((team, channel))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return is_shared
