"""The status that Slack shows while the bot works, with its stop button; only where the work takes a while."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.inbound import Origin
from adapters.slack.outbox import Outbox, SlackRefusedError

_log = logging.getLogger(__name__)

_NOTICEABLE_SECONDS = 0.7  # most answers are there before anybody would miss a status
# What Slack says where the workspace or the app has no such thing, and not just this channel.
_NEVER = frozenset({"unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "paid_only"})


class Status:
    """Sets and clears statuses; a workspace whose plan or app has none is asked once."""

    def __init__(self, outbox: Outbox, seconds: float = _NOTICEABLE_SECONDS) -> None:
        self._outbox = outbox
        self._seconds = seconds
        self._without: set[str] = set()
        self._clearing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def working(self, origin: Origin, client: AsyncWebClient) -> AsyncIterator[None]:
        """Around the work; its own trouble is nobody's."""
        thread = origin.thread or origin.message
        if not (origin.channel and thread) or origin.team in self._without:
            yield
            return
        shown = asyncio.Event()
        showing = asyncio.create_task(self._show_later(origin, thread, client, shown))
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.wait({showing})
            if shown.is_set() and origin.team not in self._without:
                # The answer does not wait for it.
                clearing = asyncio.create_task(self._set("active", origin, thread, client))
                self._clearing.add(clearing)
                clearing.add_done_callback(self._clearing.discard)

    async def _show_later(self, origin: Origin, thread: str, client: AsyncWebClient, shown: asyncio.Event) -> None:
        await asyncio.sleep(self._seconds)
        shown.set()
        await self._set("processing", origin, thread, client)

    async def _set(self, status: str, origin: Origin, thread: str, client: AsyncWebClient) -> None:
        arguments = {"channel_id": origin.channel, "thread_ts": thread, "status": status}
        try:
            await self._outbox.call(client, origin.team, "agents_sessions_setStatus", **arguments)
        except SlackRefusedError as error:
            if error.code in _NEVER:
                self._without.add(origin.team)
            _log.info("Slack shows no status here (%s)", error.code)
        except Exception as error:  # noqa: BLE001 - a status is never the trouble of an answer
            _log.info("Slack took no status (%s)", type(error).__name__)
