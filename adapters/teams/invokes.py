"""What Teams waits for in the response: the card, dialog or sentence that a press or a form is answered with."""

from typing import Any

from adapters.teams.cards import Json, fallback, render
from adapters.teams.dialogs import continued, form_card, form_dialog, message_dialog
from adapters.teams.inbound import Incoming
from bot import cards
from bot.actions import RateAnswer
from bot.events import Event, Pressed, Submitted
from bot.forms import Form
from bot.messages import Message, Reply
from bot.voice import speaking

_CARD = "application/vnd.microsoft.card.adaptive"
_MESSAGE = "application/vnd.microsoft.activity.message"
_PRESS = "adaptiveCard/action"
_DIALOGS = frozenset({"task/fetch", "task/submit", "composeExtension/fetchTask", "composeExtension/submitAction"})


def nothing(invoke: str) -> Json:
    """All stays as it is; a dialog closes."""
    return {"statusCode": 200, "type": _MESSAGE, "value": ""} if invoke == _PRESS else {}


def one_moment(invoke: str) -> Json:
    """It takes longer than Teams waits: what comes of it is shown after."""
    if invoke == _PRESS:
        return _words(cards.one_moment())
    return continued(message_dialog(cards.one_moment()))


def answer(reply: Reply | None, incoming: Incoming) -> tuple[Json, bool]:
    """The response, and whether the person sees the reply in it."""
    invoke = incoming.origin.invoke
    if reply is None:
        return nothing(invoke), True
    with speaking(reply.language):
        if invoke in _DIALOGS:
            return _in_dialog(reply, incoming)
        if invoke == _PRESS:
            return _in_place(reply, incoming)
    return {}, False


def _in_dialog(reply: Reply, incoming: Incoming) -> tuple[Json, bool]:
    match reply.content:
        case Form() as form:
            return continued(form_dialog(form, incoming.origin.conversation)), True
        case Message() as message if reply.is_private:
            return continued(message_dialog(message)), True
    return {}, False  # for the room, and the dialog closes


def _in_place(reply: Reply, incoming: Incoming) -> tuple[Json, bool]:
    """In the place of what was pressed: another state of it, and what became of a form that stood there."""
    is_form = isinstance(incoming.event, Submitted)
    match reply.content:
        case Form() as form if is_form:
            return _card(form_card(form, incoming.origin.conversation)), True
        case Message() as message if reply.replaces or is_form:
            return _card(render(message)), True
        case Message() as message if reply.is_private and _is_rating(incoming.event):
            return _words(message), True
    # Where it says nothing, there would be an empty bar under the card.
    return _words(cards.below()), False


def _is_rating(event: Event) -> bool:
    """What is said to it need not stay in the conversation."""
    return isinstance(event, Pressed) and isinstance(event.action, RateAnswer)


def _words(message: Message) -> Json:
    return {"statusCode": 200, "type": _MESSAGE, "value": fallback(message)}


def _card(card: dict[str, Any]) -> Json:
    return {"statusCode": 200, "type": _CARD, "value": card}
