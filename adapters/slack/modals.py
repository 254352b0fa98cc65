"""Forms and messages as Slack's modals, and what was typed into one on its way back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.blocks import Json, plain_text, render
from adapters.slack.lengths import at_word, length
from bot.forms import Field, Form
from bot.messages import Message
from knowledge.text import clean

TITLE_LIMIT = 24
LABEL_LIMIT = 2_000
INPUT_LIMIT = 3_000
HINT_LIMIT = 150
OPTION_LIMIT = 75
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
    """Errors that stood in the form are shown at their fields' hints; Slack shows later ones by itself."""
    kept = {"form": form.name, "context": form.context, "channel": channel, "thread": thread}
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_text(form.title, TITLE_LIMIT),
        "submit": plain_text(form.send, TITLE_LIMIT),
        "close": plain_text("Cancel", TITLE_LIMIT),
        "private_metadata": json.dumps(kept, ensure_ascii=False)[:METADATA_LIMIT],
        "blocks": [_input(field) for field in form.fields],
    }


def message_view(message: Message, title: str = "Pilotlight") -> Json:
    return {
        "type": "modal",
        "callback_id": ANSWER,
        "title": plain_text(title, TITLE_LIMIT),
        "close": plain_text("Close", TITLE_LIMIT),
        "blocks": render(message) or [{"type": "section", "text": plain_text("", LABEL_LIMIT)}],
    }


def field_errors(form: Form) -> dict[str, str]:
    """What is wrong, by the block it stands at: Slack keeps all that was typed."""
    fields = [field.name for field in form.fields]
    errors = form.errors or {}
    return {
        _FIELD + (name if name in fields else fields[0]): at_word(text, LABEL_LIMIT) for name, text in errors.items()
    }


def read_opener(view: Mapping[str, Any]) -> Opener | None:
    """None of a modal that this version did not make."""
    try:
        kept = json.loads(str(view.get("private_metadata") or ""))
        return Opener(**{name: str(kept[name]) for name in ("form", "context", "channel", "thread")})
    except (ValueError, TypeError, KeyError):
        return None


def read_values(view: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, by field name; only what one of our fields may hold."""
    blocks = _mapping(_mapping(view.get("state")).get("values"))
    return {
        str(block).removeprefix(_FIELD): _typed(_mapping(_mapping(actions).get(_VALUE)))
        for block, actions in blocks.items()
        if str(block).startswith(_FIELD)
    }


def _typed(element: Mapping[str, Any]) -> str:
    selected = _mapping(element.get("selected_option")).get("value")
    if selected is not None:
        return str(selected).removeprefix(_CHOICE)
    return str(element.get("value") or "")


def _input(field: Field) -> Json:
    made: Json = {
        "type": "input",
        "block_id": f"{_FIELD}{field.name}"[:255],
        "label": plain_text(field.label, LABEL_LIMIT),
        "optional": not field.is_required,
        "element": _select(field) if field.choices else _text_input(field),
    }
    # Under a choice there is no room for a hint but below it.
    return made | ({"hint": plain_text(field.hint, LABEL_LIMIT)} if field.hint and field.choices else {})


def _text_input(field: Field) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": _VALUE,
        "multiline": field.is_long,
        "max_length": INPUT_LIMIT,
    }
    if field.hint:
        element["placeholder"] = plain_text(field.hint, HINT_LIMIT)
    if value := clean(field.value):
        element["initial_value"] = value if length(value) <= INPUT_LIMIT else at_word(value, INPUT_LIMIT)
    return element


def _select(field: Field) -> Json:
    options = [
        {"text": plain_text(label, OPTION_LIMIT), "value": f"{_CHOICE}{value}"[:150]}
        for value, label in field.choices[:OPTIONS_LIMIT]
    ]
    chosen = next((option for option in options if option["value"] == f"{_CHOICE}{field.value}"), None)
    return {"type": "static_select", "action_id": _VALUE, "options": options} | (
        {"initial_option": chosen} if chosen else {}
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
