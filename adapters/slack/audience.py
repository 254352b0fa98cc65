"""Who reads along in a channel: people of other workspaces, where Slack says that it is shared."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.lately import Lately
from adapters.slack.outbox import Outbox, SlackRefusedError

_SHARED = ("is_ext_shared", "is_org_shared", "is_shared", "is_pending_ext_shared")


def is_shared(answer: Mapping[str, Any]) -> bool:
    """Of what Slack told of a channel; true where it told nothing."""
    told = answer.get("channel") or {}
    return any(bool(told.get(sign)) for sign in _SHARED) if told else True


class Audience:
    """Asks Slack about a channel now and then. Where Slack does not say, strangers may be reading."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._channels = Lately(clock, True, refused=SlackRefusedError)

    async def has_strangers(self, client: AsyncWebClient, team: str, channel: str) -> bool:
        async def ask() -> bool:
            answer = await self._outbox.call(client, team, "conversations_info", channel=channel)
            return is_shared(answer)

        return await self._channels.get((team, channel), ask)
