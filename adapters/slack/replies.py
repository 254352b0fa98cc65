"""Where a reply is shown, and how: the last step of the way up."""

import logging
from dataclasses import replace
from typing import Any, assert_never

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import Json, fallback, render
from adapters.slack.inbound import Origin, Surface
from adapters.slack.modals import form_view, message_view
from adapters.slack.outbox import Outbox, SlackRefusedError
from bot import cards
from bot.forms import Form
from bot.messages import Message, Reply
from bot.voice import speaking

_log = logging.getLogger(__name__)

# What Slack says where the bot may not post: the person is told so where they can be reached.
_NOT_HERE = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "user_not_in_channel"}
)
_TOO_LATE = frozenset({"expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id", "trigger_expired"})
_TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
_TOO_DEEP = "push_limit_reached"
_INVITATION = "/invite @Pilotlight"
_NO_UNFURLING = {"unfurl_links": False, "unfurl_media": False}


class Replies:
    """Shows replies through one outbox, so that all of them are paced together."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def show(self, reply: Reply, origin: Origin, client: AsyncWebClient) -> None:
        """Raises UnavailableError or SlackRefusedError where Slack does not take it."""
        with speaking(reply.language):
            match reply.content:
                case Form() as form:
                    await self._open(form, origin, client)
                case Message() as message:
                    await self._tell(message, reply, origin, client)
                case _:
                    assert_never(reply.content)

    async def interject(self, reply: Reply, origin: Origin, client: AsyncWebClient) -> None:
        """What nobody asked the bot for: where it may not be said, nobody hears of that."""
        with speaking(reply.language):
            if isinstance(reply.content, Message):
                thread = origin.thread or origin.message
                await self._send(client, origin, "chat_postMessage", reply.content, thread)

    async def _open(self, form: Form, origin: Origin, client: AsyncWebClient) -> None:
        """A modal; where Slack does not open one any more, or never does, a button that will."""
        view = form_view(form, origin.channel, origin.thread)
        if origin.trigger:
            try:
                await self._view(view, origin, client)
            except SlackRefusedError as error:
                if error.code not in _TOO_LATE:
                    raise
            else:
                return
        message = cards.form_button(form, was_too_late=bool(origin.trigger))
        if origin.surface in (Surface.HOME, Surface.MODAL):
            await self._directly(message, origin, client)
        else:
            await self._tell(message, Reply(content=message, is_private=True), origin, client)

    async def _tell(self, message: Message, reply: Reply, origin: Origin, client: AsyncWebClient) -> None:
        match origin.surface:
            case Surface.HOME | Surface.MODAL:
                await self._in_modal(message, origin, client)
            case Surface.DIRECT if reply.replaces:
                await self._update(message, origin, client)
            case Surface.DIRECT:
                await self._post(message, origin, client)
            case Surface.CHANNEL if not reply.is_private:
                await self._post(message, origin, client)
            case Surface.CHANNEL:
                await self._whisper(message, origin, client)
            case Surface.COMMAND | Surface.CARD if reply.replaces and origin.message and not origin.is_ephemeral:
                await self._update(message, origin, client)
            case Surface.COMMAND | Surface.CARD if not (reply.is_private or reply.replaces):
                await self._post(message, origin, client)
            case Surface.COMMAND | Surface.CARD:
                await self._respond(message, origin, client, replaces=reply.replaces)
            case _:
                assert_never(origin.surface)

    async def _post(self, message: Message, origin: Origin, client: AsyncWebClient) -> None:
        # In a channel an answer stands in a thread, a new one where there is none.
        is_said = origin.surface is Surface.CHANNEL
        thread = origin.thread or (origin.message if is_said else "")
        try:
            await self._send(client, origin, "chat_postMessage", message, thread)
        except SlackRefusedError as error:
            if error.code not in _NOT_HERE:
                raise
            await self._excuse(origin, client)

    async def _whisper(self, message: Message, origin: Origin, client: AsyncWebClient) -> None:
        # In a thread that is not there yet nobody would see it.
        try:
            await self._send(client, origin, "chat_postEphemeral", message, origin.thread, user=origin.user)
        except SlackRefusedError as error:
            if error.code not in _NOT_HERE:
                raise
            await self._directly(message, origin, client)

    async def _directly(self, message: Message, origin: Origin, client: AsyncWebClient) -> None:
        """Where nothing else is left: in the person's direct messages with the bot."""
        await self._send(client, replace(origin, channel=origin.user), "chat_postMessage", message)

    async def _update(self, message: Message, origin: Origin, client: AsyncWebClient) -> None:
        await self._send(client, origin, "chat_update", message, ts=origin.message)

    async def _send(
        self, client: AsyncWebClient, origin: Origin, method: str, message: Message, thread: str = "", **more: object
    ) -> None:
        sent = {"channel": origin.channel, "text": fallback(message), "blocks": render(message), **more}
        if thread:
            sent["thread_ts"] = thread
        if method == "chat_postMessage":
            sent |= _NO_UNFURLING
        try:
            await self._outbox.call(client, origin.team, method, **sent)
        except SlackRefusedError as error:
            if error.code not in _TOO_MUCH:
                raise
            # Never in silence: what Slack cannot show as blocks it can show as words.
            _log.warning("Slack refused the blocks of a message with %s", error.code)
            await self._outbox.call(client, origin.team, method, **{**sent, "blocks": []})

    async def _respond(self, message: Message, origin: Origin, client: AsyncWebClient, *, replaces: bool) -> None:
        if not origin.response_url:
            await self._whisper(message, origin, client)
            return
        payload: dict[str, Any] = {
            "response_type": "ephemeral",
            "replace_original": replaces,
            "text": fallback(message),
            "blocks": render(message),
        }
        if origin.thread and not replaces:
            payload["thread_ts"] = origin.thread
        try:
            await self._outbox.respond(origin.response_url, payload, workspace=origin.team, channel=origin.channel)
        except SlackRefusedError as error:
            # The address lives for half an hour and five replies.
            _log.info("Slack took no reply at the address it gave (%s)", error.code)
            await self._whisper(message, origin, client)

    async def _in_modal(self, message: Message, origin: Origin, client: AsyncWebClient) -> None:
        try:
            await self._view(message_view(message), origin, client)
        except SlackRefusedError as error:
            if error.code not in _TOO_LATE | _TOO_MUCH:
                raise
            await self._directly(message, origin, client)

    async def _view(self, view: Json, origin: Origin, client: AsyncWebClient) -> None:
        """On top of what is open; where Slack stacks no more, in its place."""
        method = "views_push" if origin.surface is Surface.MODAL else "views_open"
        try:
            await self._outbox.call(client, origin.team, method, trigger_id=origin.trigger, view=view)
        except SlackRefusedError as error:
            if error.code != _TOO_DEEP:
                raise
            await self._outbox.call(client, origin.team, "views_update", view_id=origin.view, view=view)

    async def _excuse(self, origin: Origin, client: AsyncWebClient) -> None:
        if origin.response_url:
            await self._respond(cards.not_in_channel(_INVITATION), origin, client, replaces=False)
        else:
            await self._directly(cards.not_in_channel(_INVITATION), origin, client)
