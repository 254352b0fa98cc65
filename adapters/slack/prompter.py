"""Messages that the bot writes first, into a person's direct messages with it in Slack."""

from collections.abc import Awaitable
from typing import Protocol

from slack_sdk.oauth.installation_store import Bot

from adapters.slack.blocks import fallback, render
from adapters.slack.inbound import PLATFORM
from adapters.slack.outbox import Outbox, SlackRefusedError, web_client
from bot import cards
from bot.messages import Message, Reply
from bot.places import Place
from bot.reaches import No, Reach, UnreachableError
from bot.voice import speaking
from knowledge.errors import UnavailableError

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


class Find(Protocol):
    """The bot of a workspace or of its organisation; None where Pilotlight is not installed."""

    def __call__(self, *, enterprise_id: str | None, team_id: str | None) -> Awaitable[Bot | None]: ...


class SlackPrompter:
    """A Prompter through the outbox that all else goes through, so that all of it is paced together."""

    def __init__(self, outbox: Outbox, find: Find, api_url: str) -> None:
        self._outbox = outbox
        self._find = find
        self._api_url = api_url

    async def prompt(self, reach: Reach, reply: Reply) -> Reach:
        team, user = reach.address.get("team", ""), reach.address.get("user", "")
        bot = await self._find(enterprise_id=reach.address.get("enterprise") or None, team_id=team)
        if bot is None:
            raise UnavailableError("Pilotlight is not installed in that workspace of Slack any more: install it again.")
        with speaking(reply.language):
            content = reply.content
            message = content if isinstance(content, Message) else cards.form_button(content, was_too_late=False)
            sent = {"text": fallback(message), "blocks": render(message), "unfurl_links": False, "unfurl_media": False}
        client = web_client(bot.bot_token, base_url=self._api_url)
        try:
            # To a person's id Slack posts in their direct messages, without a scope to open those.
            await self._outbox.call(client, team, "chat_postMessage", channel=user, **sent)
        except SlackRefusedError as error:
            if no := _NOES.get(error.code):
                raise UnreachableError("Slack", no) from error
            raise
        return reach


def reach_of(place: Place, account: str, team: str, enterprise: str | None) -> Reach:
    """How somebody is written to who was just heard there. `enterprise` is the organisation of the workspace."""
    address = {"team": team, "user": account, "enterprise": enterprise or ""}
    return Reach(place.community, PLATFORM, account, address)
