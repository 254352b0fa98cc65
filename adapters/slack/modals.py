"""Forms and messages as Slack's modals, and what was typed into one on its way back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from adapters.lengths import at_word, length
from adapters.slack.blocks import Json, plain_text, render
from bot import cards
from bot.forms import Field, Form
from bot.messages import Message
from knowledge.text import clean

TITLE_LIMIT = 24
LABEL_LIMIT = 2_000
INPUT_LIMIT = 3_000
HINT_LIMIT = 150
ID_LIMIT = 255
OPTION_LIMIT = 75
OPTION_VALUE_LIMIT = 150
OPTIONS_LIMIT = 100
METADATA_LIMIT = 3_000
FORM = "form"
ANSWER = "answer"

_FIELD = "field "  # before a field's name in the id of its block
_VALUE = "value"
_CHOICE = "="  # before a choice's value, which may be empty and Slack's may not


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Where a modal was opened, which Slack does not say when it comes back."""

    form: str = ""
    context: str = ""
    channel: str = ""
    thread: str = ""


def form_view(form: Form, channel: str = "", thread: str = "") -> Json:
    """The form, with its errors before their fields; those that come in time for it Slack shows by itself."""
    errors = field_errors(form)
    asked = (block for field in form.fields for block in _asked(field, errors.get(_block_id(field.name))))
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_text(form.title, TITLE_LIMIT),
        "submit": plain_text(form.send, TITLE_LIMIT),
        "close": plain_text(cards.cancel(), TITLE_LIMIT),
        "private_metadata": _metadata(Opener(form=form.name, context=form.context, channel=channel, thread=thread)),
        "blocks": [*_lead(form.lead), *asked],
    }


def _lead(text: str) -> list[Json]:
    return [{"type": "context", "elements": [plain_text(text, LABEL_LIMIT)]}] if text else []


def message_view(message: Message, title: str = "Pilotlight") -> Json:
    return {
        "type": "modal",
        "callback_id": ANSWER,
        "title": plain_text(title, TITLE_LIMIT),
        "close": plain_text(cards.close(), TITLE_LIMIT),
        "blocks": render(message, in_view=True) or [{"type": "section", "text": plain_text("", LABEL_LIMIT)}],
    }


def field_errors(form: Form) -> dict[str, str]:
    """What is wrong, by the block it stands at: Slack keeps all that was typed."""
    names = [field.name for field in form.fields]
    errors: dict[str, str] = {}
    for name, text in (form.errors or {}).items():
        # What is wrong with no field in particular stands at the first.
        block = _block_id(name if name in names else names[0])
        errors[block] = at_word(f"{errors.get(block, '')} {clean(text) or '…'}".strip(), LABEL_LIMIT)
    return errors


def read_opener(view: Mapping[str, Any]) -> Opener | None:
    """None of a modal that this version did not make."""
    try:
        kept = json.loads(str(view.get("private_metadata") or ""))
        words = {name: kept[name] for name in ("form", "context", "channel", "thread")}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Opener(**words) if all(isinstance(word, str) for word in words.values()) else None


def read_values(view: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, by field name; only what one of our fields may hold."""
    blocks = _mapping(_mapping(view.get("state")).get("values"))
    return {
        str(block).removeprefix(_FIELD): _typed(_mapping(_mapping(actions).get(_VALUE)))
        for block, actions in blocks.items()
        if str(block).startswith(_FIELD)
    }


def _metadata(opener: Opener) -> str:
    """A context that is too long stays out: half of one would be another one."""
    kept = json.dumps(asdict(opener))
    return kept if len(kept) <= METADATA_LIMIT else json.dumps(asdict(replace(opener, context="")))


def _block_id(name: str) -> str:
    return f"{_FIELD}{name}"[:ID_LIMIT]


def _typed(element: Mapping[str, Any]) -> str:
    selected = _mapping(element.get("selected_option")).get("value")
    if isinstance(selected, str):
        return selected.removeprefix(_CHOICE)
    value = element.get("value")
    return value if isinstance(value, str) else ""


def _asked(field: Field, error: str | None) -> Iterator[Json]:
    if error:
        yield {"type": "context", "elements": [plain_text(error, LABEL_LIMIT)]}
    made: Json = {
        "type": "input",
        "block_id": _block_id(field.name),
        "label": plain_text(field.label, LABEL_LIMIT),
        "optional": not field.is_required,
        "element": _select(field) if field.choices else _text_input(field),
    }
    # There is no room for a hint in a choice, nor for a long one in a field.
    is_under = bool(field.choices) or length(clean(field.hint)) > HINT_LIMIT
    yield made | ({"hint": plain_text(field.hint, LABEL_LIMIT)} if field.hint and is_under else {})


def _text_input(field: Field) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": _VALUE,
        "multiline": field.is_long,
        "max_length": INPUT_LIMIT,
    }
    if field.hint and length(clean(field.hint)) <= HINT_LIMIT:
        element["placeholder"] = plain_text(field.hint, HINT_LIMIT)
    if value := clean(field.value):
        element["initial_value"] = at_word(value, INPUT_LIMIT)
    return element


def _select(field: Field) -> Json:
    options = [
        {"text": plain_text(label, OPTION_LIMIT), "value": _choice(value)}
        for value, label in field.choices[:OPTIONS_LIMIT]
    ]
    chosen = next((option for option in options if option["value"] == _choice(field.value)), None)
    return {"type": "static_select", "action_id": _VALUE, "options": options} | (
        {"initial_option": chosen} if chosen else {}
    )


def _choice(value: str) -> str:
    return f"{_CHOICE}{value}"[:OPTION_VALUE_LIMIT]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
