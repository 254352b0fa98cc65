"""Forms and messages as Teams' dialogs, and what was typed into one on its way back."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adapters.lengths import at_word, length
from adapters.teams.cards import Json, attachment, card_of, execute, in_one_line, line, render
from bot import cards
from bot.forms import Field, Form
from bot.messages import Message
from knowledge.text import clean

FORM = "pilotlight-form"
"""What a form is, and where it was opened, stands under this name in the data of its button."""
SUBMIT = "submit"
TITLE_LIMIT = 100
LABEL_LIMIT = 500
ERROR_LIMIT = 1_000
INPUT_LIMIT = 3_000
HINT_LIMIT = 300
OPTION_LIMIT = 100
OPTIONS_LIMIT = 100
CONTEXT_LIMIT = 3_000

# How high a dialog of at most so many elements is.
_HEIGHTS = (("small", 4), ("medium", 8), ("large", float("inf")))
_ALL_INPUTS_LIMIT = 15_000
_FIELD = "field-"  # before a field's name in the id of its input
_CHOSEN = "choice-"  # the same, where one of several is picked
_CHOICE = "="  # before a choice's value, which may be empty and Teams' may not


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Which form it is, and the whole id of the conversation that it was opened in."""

    form: str = ""
    context: str = ""
    conversation: str = ""


def form_dialog(form: Form, conversation: str = "") -> Json:
    """The form as a dialog shows it: the value of a task."""
    return _dialog(form.title, _form_card(form, conversation, is_dialog=True))


def form_card(form: Form, conversation: str = "") -> Json:
    """The same in a message, where no dialog can be opened."""
    return _form_card(form, conversation, is_dialog=False)


def message_dialog(message: Message, title: str = "Pilotlight") -> Json:
    return _dialog(title, _submitting(render(message)))


def continued(dialog: Json) -> Json:
    """The answer to an invoke that opens a dialog, or shows another in its place."""
    return {"task": {"type": "continue", "value": dialog}}


def read_opener(data: Mapping[str, Any]) -> Opener | None:
    """None of data that no form of this version sent."""
    kept = data.get(FORM)
    if not isinstance(kept, Mapping):
        return None
    words = {name: kept.get(name) for name in ("form", "context", "conversation")}
    if not all(isinstance(word, str) and _is_kept_whole(word) for word in words.values()):
        return None
    return Opener(**{name: str(word) for name, word in words.items()})


def read_values(data: Mapping[str, Any]) -> dict[str, str]:
    """What was typed and chosen, by field name; only what one of our fields may hold."""
    values = {}
    for name, value in data.items():
        if isinstance(value, str) and name.startswith(_FIELD):
            values[name.removeprefix(_FIELD)] = value
        elif isinstance(value, str) and name.startswith(_CHOSEN):
            values[name.removeprefix(_CHOSEN)] = value.removeprefix(_CHOICE)
    return values


def input_id(field: Field) -> str:
    return f"{_CHOSEN if field.choices else _FIELD}{field.name}"


def field_errors(form: Form) -> dict[str, str]:
    """What is wrong, by the field it stands at; what is wrong with no field in particular stands at the first."""
    names = [field.name for field in form.fields]
    errors: dict[str, str] = {}
    for name, text in (form.errors or {}).items():
        at = name if name in names else names[0]
        errors[at] = at_word(f"{errors.get(at, '')} {in_one_line(text) or '…'}".strip(), ERROR_LIMIT)
    return errors


def _dialog(title: str, card: Json) -> Json:
    return {
        "title": at_word(in_one_line(title) or "…", TITLE_LIMIT),
        "height": next(height for height, most in _HEIGHTS if len(card["body"]) <= most),
        "width": "medium",
        "card": attachment(card),
    }


def _submitting(made: Any) -> Any:
    """With buttons that a dialog knows: it is sent by them, and opens no other."""
    if isinstance(made, list):
        return [_submitting(each) for each in made]
    if not isinstance(made, dict):
        return made
    if made.get("type") == "Action.Execute":
        aloud = {name: made[name] for name in ("tooltip",) if name in made}
        return made["fallback"] | aloud
    if made.get("type") == "Action.Submit":
        return made | {"data": {name: each for name, each in made["data"].items() if name != "msteams"}}
    return {name: _submitting(each) for name, each in made.items()}


def _form_card(form: Form, conversation: str, *, is_dialog: bool) -> Json:
    errors = field_errors(form)
    # What was typed is shown again whole, where forms are as short as ours.
    limit = min(INPUT_LIMIT, _ALL_INPUTS_LIMIT // max(len(form.fields), 1))
    title = (
        [] if is_dialog else [line(at_word(in_one_line(form.title) or "…", TITLE_LIMIT), size="Large", weight="Bolder")]
    )
    lead = [line(told, is_quiet=True)] if (told := in_one_line(form.lead)) else []
    body = [made for field in form.fields for made in _asked(field, errors.get(field.name, ""), limit)]
    return card_of([*title, *lead, *body]) | {"actions": [_send(form, conversation, is_dialog=is_dialog)]}


def _send(form: Form, conversation: str, *, is_dialog: bool) -> Json:
    # Another context stays out: half of one would be another one.
    context = form.context if _is_kept_whole(form.context) else ""
    opener = asdict(Opener(form=form.name, context=context, conversation=conversation))
    send = execute(form.send, SUBMIT, {FORM: opener})
    return send["fallback"] if is_dialog else send


def _is_kept_whole(text: str) -> bool:
    return length(text) <= CONTEXT_LIMIT and text == clean(text)


def _asked(field: Field, error: str, limit: int) -> Iterator[Json]:
    """The input, and what is wrong with it right before it; there is no room for a hint in a choice."""
    if error:
        yield line(error, color="Attention", weight="Bolder")
    made: Json = {
        "id": input_id(field),
        "label": at_word(in_one_line(field.label) or "…", LABEL_LIMIT),
        "isRequired": field.is_required,
    }
    if field.is_required:
        made["errorMessage"] = cards.fill_in()
    yield (_choices(field) if field.choices else _text_input(field, limit)) | made
    if field.choices and (hint := in_one_line(field.hint)):
        yield line(at_word(hint, HINT_LIMIT), is_quiet=True) | {"spacing": "Small"}


def _text_input(field: Field, limit: int) -> Json:
    made: Json = {"type": "Input.Text", "isMultiline": field.is_long, "maxLength": INPUT_LIMIT}
    if hint := in_one_line(field.hint):
        made["placeholder"] = at_word(hint, HINT_LIMIT)
    if value := clean(field.value):
        made["value"] = at_word(value, limit)
    return made


def _choices(field: Field) -> Json:
    options = [
        {"title": at_word(in_one_line(label) or "…", OPTION_LIMIT), "value": f"{_CHOICE}{value}"}
        for value, label in field.choices[:OPTIONS_LIMIT]
        if length(value) <= INPUT_LIMIT
    ]
    offered = {option["value"] for option in options}
    chosen = {"value": f"{_CHOICE}{field.value}"} if f"{_CHOICE}{field.value}" in offered else {}
    return {"type": "Input.ChoiceSet", "style": "compact", "isMultiSelect": False, "choices": options} | chosen
