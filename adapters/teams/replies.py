"""Where a reply is shown, and how: the last step of the way up."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar, assert_never

from adapters.teams.cards import Json, activity, answer_id, attachment, is_written
from adapters.teams.connector import TeamsRefusedError
from adapters.teams.dialogs import form_card
from adapters.teams.inbound import Origin, Surface
from adapters.teams.outbox import Address, Outbox
from bot import cards
from bot.forms import Form
from bot.messages import Message, Reply
from bot.voice import speaking

T = TypeVar("T")
Posted = Callable[[str, str], Awaitable[None]]
"""Is given an answer's id and the name of the message that shows it."""

_log = logging.getLogger(__name__)

_INVITATION = "@Pilotlight"  # where it is not yet, Teams then offers to add it
_TOO_MUCH = frozenset({400, 413})


class Replies:
    """Shows replies through one outbox, so that all of them are paced together."""

    def __init__(self, outbox: Outbox, posted: Posted) -> None:
        self._outbox = outbox
        self._posted = posted

    async def show(self, reply: Reply, origin: Origin) -> None:
        """Raises UnavailableError or TeamsRefusedError where Teams does not take it."""
        with speaking(reply.language):
            match reply.content:
                case Form() as form:
                    await self._open(form, origin)
                case Message() as message if reply.replaces and origin.reply_to:
                    await self._replace(made_of(message), origin)
                case Message() as message if reply.is_private and not _is_alone(origin):
                    # With our own thumbs: which message it was, Teams would tell of a message for all alone.
                    await self._whisper(activity(message), origin)
                case Message() as message:
                    await self._post(message, origin)
                case _:
                    assert_never(reply.content)

    async def interject(self, reply: Reply, origin: Origin) -> None:
        """What nobody asked the bot for: where it may not be said, nobody hears of that."""
        with speaking(reply.language):
            if isinstance(reply.content, Message):
                await self._say(reply.content, origin)

    async def begin(self, reply: Reply, origin: Origin) -> None:
        """With questions to begin with, which Teams offers under the last message of a chat of two."""
        if not isinstance(reply.content, Message):
            return
        with speaking(reply.language):
            made = made_of(reply.content)
        offered = [{"type": "imBack", "title": each, "value": each} for each in cards.SUGGESTED_QUESTIONS]
        await self._send(_where(origin), {**made, "suggestedActions": {"to": [origin.user], "actions": offered}})

    async def note(self, message: Message, origin: Origin, post: str) -> None:
        """Remember which answer a message shows that Teams lets people rate: it tells only which message it was."""
        if post and has_loop(message):
            await self._posted(answer_id(message), post_name(origin.tenant, origin.room, post))

    async def _replace(self, made: Json, origin: Origin) -> None:
        """Put it in the place of what was pressed, for everybody who sees that."""
        change = partial(self._outbox.update, _where(origin), origin.reply_to, is_targeted=origin.is_targeted)
        try:
            await _as_card_or_words(change, made)
        except TeamsRefusedError as error:
            if origin.invoke:
                raise  # whoever pressed has seen it in the response
            _log.info("Teams took nothing in the place of a message: %s", error)
            await (self._send(_where(origin), made) if _is_alone(origin) else self._whisper(made, origin))

    async def _open(self, form: Form, origin: Origin) -> None:
        """Only a button opens a dialog; between the two of us the form can stand where it was asked for."""
        if _is_alone(origin):
            await self._send(_where(origin), made_of_form(form, origin))
        elif form.action is None:
            await self._whisper(made_of_form(form, origin), origin)
        else:
            await self._whisper(made_of(cards.form_button(form, was_too_late=False)), origin)

    async def _post(self, message: Message, origin: Origin) -> None:
        try:
            await self._say(message, origin)
        except TeamsRefusedError as error:
            if _is_alone(origin):
                raise
            _log.info("Teams took no message in a room: %s", error)
            await self._directly(made_of(cards.not_in_channel(_INVITATION)), origin)

    async def _say(self, message: Message, origin: Origin) -> None:
        where = replace(_where(origin), conversation=origin.open_to_all)
        await self.note(message, origin, await self._send(where, made_of(message)))

    async def _whisper(self, made: Json, origin: Origin) -> None:
        aside = {**made, "recipient": {"id": origin.user, "isTargeted": True}}
        if origin.is_targeted and origin.activity:
            said = {"type": "targetedMessageInfo", "messageId": origin.activity}
            aside["entities"] = [*aside.get("entities", ()), said]
        try:
            await self._send(_where(origin), aside, is_targeted=True)
        except TeamsRefusedError as error:
            _log.info("Teams took no message for one person in a room: %s", error)
            await self._directly(made, origin)

    async def _directly(self, made: Json, origin: Origin) -> None:
        """Where nothing else is left: in the person's own chat with the bot."""
        where = _where(origin)
        conversation = await self._outbox.begin_chat(where.tenant, where.service_url, bot=origin.bot, user=origin.user)
        await self._send(replace(where, conversation=conversation), made)

    async def _send(self, where: Address, made: Json, *, is_targeted: bool = False) -> str:
        return await _as_card_or_words(partial(self._outbox.send, where, is_targeted=is_targeted), made)


async def _as_card_or_words(tell: Callable[[Json], Awaitable[T]], made: Json) -> T:
    """Never in silence: what Teams cannot show as a card it can show as words."""
    try:
        return await tell(made)
    except TeamsRefusedError as error:
        if error.status not in _TOO_MUCH or "attachments" not in made:
            raise
        _log.warning("Teams refused the card of a message: %s", error)
        words = {name: each for name, each in made.items() if name not in ("attachments", "channelData")}
        return await tell(words if words.get("text") else {**words, "text": made["summary"], "textFormat": "plain"})


def made_of(message: Message) -> Json:
    """The message as it is posted, with Teams' own thumbs where a model wrote it."""
    if not has_loop(message):
        return activity(message)
    return activity(message, has_loop=True) | {"channelData": {"feedbackLoop": {"type": "default"}}}


def made_of_reply(reply: Reply | None) -> Json | None:
    """None of what is no message."""
    if reply is None or not isinstance(reply.content, Message):
        return None
    with speaking(reply.language):
        return made_of(reply.content)


def has_loop(message: Message) -> bool:
    return is_written(message) and bool(answer_id(message))


def post_name(tenant: str, room: str, post: str) -> str:
    return f"teams {tenant} {room} {post}"


def made_of_form(form: Form, origin: Origin) -> Json:
    card = form_card(form, origin.conversation)
    return {"type": "message", "summary": form.title, "attachments": [attachment(card)]}


def _is_alone(origin: Origin) -> bool:
    return origin.surface is Surface.PERSONAL


def _where(origin: Origin) -> Address:
    return Address(origin.tenant, origin.service_url, origin.conversation)
