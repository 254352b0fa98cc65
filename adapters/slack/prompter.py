"""Messages that the bot writes first in Slack: into a person's direct messages with it, and into channels."""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Protocol

from slack_sdk.oauth.installation_store import Bot
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.audience import is_shared
from adapters.slack.blocks import fallback, render
from adapters.slack.inbound import PLATFORM
from adapters.slack.outbox import Outbox, SlackRefusedError, web_client
from bot import cards
from bot.digests import Board
from bot.messages import Message, Reply
from bot.places import Place
from bot.reaches import No, Posted, Reach, UnreachableError
from bot.voice import speaking
from knowledge.errors import PilotlightError, UnavailableError

# https://docs.slack.dev/reference/methods/chat.postMessage and, of the same people, conversations.open. All other
# refusals are of the token or of the whole workspace, account_inactive too: nobody's no. Slack takes messages for
# people who have left, and says nothing of it.
_NOES = {
    "user_not_found": No.GONE,
    "users_not_found": No.GONE,
    "user_disabled": No.GONE,
    "channel_not_found": No.GONE,
    "cannot_dm_bot": No.GONE,
    "user_not_visible": No.FORBIDDEN,
}
# The same page: what somebody in the channel can change.
_NOT_IN_CHANNEL = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "restricted_action_read_only_channel"}
)

_DELIVERY = "pilotlight_delivery"  # the type of the metadata that tells one message from all others
_LOOKED_THROUGH = 200  # messages, of a conversation with one person


class Find(Protocol):
    """The bot of a workspace or of its organisation; None where Pilotlight is not installed."""

    def __call__(self, *, enterprise_id: str | None, team_id: str | None) -> Awaitable[Bot | None]: ...


class SlackPrompter:
    """A Prompter and an Announcer, through the outbox that all else goes through: all of it is paced together."""

    def __init__(self, outbox: Outbox, find: Find, api_url: str) -> None:
        self._outbox = outbox
        self._find = find
        self._api_url = api_url

    async def prompt(self, reach: Reach, reply: Reply, key: str = "") -> Posted:
        try:
            # To a person's id Slack posts in their direct messages, without a scope to open those.
            answer = await self._post(reach, reach.address.get("user", ""), reply, key)
        except SlackRefusedError as error:
            if no := _NOES.get(error.code):
                raise UnreachableError("Slack", no) from error
            raise
        # Where that is stands in the answer alone, and there it is looked for.
        return Posted(reach.at({"channel": _told(answer, "channel")}), _told(answer, "ts"))

    async def was_sent(self, reach: Reach, key: str, since: datetime) -> bool | None:
        channel = reach.address.get("channel", "")
        if not channel:
            return None
        client, team = await self._client(reach), reach.address.get("team", "")
        about = {"channel": channel, "include_all_metadata": True, "limit": _LOOKED_THROUGH}
        try:
            answer = await self._outbox.call(
                client, team, "conversations_history", oldest=f"{since.timestamp():.6f}", **about
            )
        except SlackRefusedError:
            return None  # a scope that was not granted, or a conversation that is gone
        messages = answer.get("messages")
        if not isinstance(messages, list):
            return None
        keys = [_key_of(each) for each in messages]
        if key in keys:
            return True
        # A mark that came without what it says could be this one.
        return None if answer.get("has_more") or None in keys else False

    async def has_strangers(self, board: Board) -> bool:
        reach = _reach_of(board)
        client, team = await self._client(reach), reach.address.get("team", "")
        try:
            return is_shared(await self._outbox.call(client, team, "conversations_info", channel=board.room))
        except SlackRefusedError:
            return True

    async def announce(self, board: Board, reply: Reply, key: str = "") -> str:
        try:
            answer = await self._post(_reach_of(board), board.room, reply, key)
        except SlackRefusedError as error:
            if error.code in _NOT_IN_CHANNEL:
                raise PilotlightError(
                    "Slack: I may not write in that channel. Write /invite @Pilotlight there, then try again."
                ) from error
            raise
        return _told(answer, "ts")

    async def was_announced(self, board: Board, key: str, since: datetime) -> bool | None:
        return await self.was_sent(_reach_of(board), key, since)

    async def _post(self, reach: Reach, channel: str, reply: Reply, key: str) -> dict[str, Any]:
        client = await self._client(reach)
        with speaking(reply.language):
            content = reply.content
            message = content if isinstance(content, Message) else cards.form_button(content, was_too_late=False)
            sent = {"text": fallback(message), "blocks": render(message), "unfurl_links": False, "unfurl_media": False}
        if key:
            sent["metadata"] = {"event_type": _DELIVERY, "event_payload": {"delivery": key}}
        team = reach.address.get("team", "")
        return await self._outbox.call(client, team, "chat_postMessage", channel=channel, **sent)

    async def _client(self, reach: Reach) -> AsyncWebClient:
        team = reach.address.get("team", "")
        bot = await self._find(enterprise_id=reach.address.get("enterprise") or None, team_id=team)
        if bot is None:
            raise UnavailableError("Pilotlight is not installed in that workspace of Slack any more: install it again.")
        return web_client(bot.bot_token, base_url=self._api_url)


def reach_of(place: Place, account: str, team: str, enterprise: str | None) -> Reach:
    """How somebody is written to who was just heard there. `enterprise` is the organisation of the workspace."""
    address = {"team": team, "user": account, "enterprise": enterprise or ""}
    return Reach(place.community, PLATFORM, account, address)


def _reach_of(board: Board) -> Reach:
    """The room, as if it were somebody's direct messages."""
    return Reach(board.community, PLATFORM, board.room, {**board.address, "channel": board.room})


def _told(answer: Mapping[str, Any], name: str) -> str:
    told = answer.get(name)
    return told if isinstance(told, str) else ""


def _key_of(message: object) -> str | None:
    """Of the delivery that it is, or None where that is not told; "" of all others."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    if not isinstance(metadata, dict) or metadata.get("event_type") != _DELIVERY:
        return ""
    payload = metadata.get("event_payload")
    return (_told(payload, "delivery") if isinstance(payload, dict) else "") or None
