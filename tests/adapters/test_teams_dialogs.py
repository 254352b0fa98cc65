"""Forms as dialogs: Teams takes them, and what was typed comes back as it was."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lengths import length
from adapters.teams.cards import ACTION, ADAPTIVE, in_one_line, render, weight
from adapters.teams.dialogs import (
    FORM,
    SUBMIT,
    Opener,
    continued,
    field_errors,
    form_card,
    form_dialog,
    input_id,
    message_dialog,
    read_opener,
    read_values,
)
from bot import cards
from bot.actions import Action
from bot.forms import Field, Form
from bot.messages import Button, Buttons, Message, Source, Sources, Text
from bot.skills.tell import Tell
from knowledge.text import clean
from tests.adapters.test_teams_cards import card_words, check_card, elements_of
from tests.end_to_end.teams_cards import action_in, filled
from tests.fakes import MemoryPilotStore
from tests.hostile import actions, forms, hostile_texts

Json = dict[str, Any]

CONVERSATION = "19:projects@thread.tacv2;messageid=1795348802000"


def card_in(dialog: Json) -> Json:
    assert dialog["card"]["contentType"] == ADAPTIVE
    card: Json = dialog["card"]["content"]
    return card


def sent(card: Json, typed: Mapping[str, object] | None = None) -> Json:
    """What Teams sends back: the data of the button, and what stands in every input."""
    activity = {"attachments": [{"contentType": ADAPTIVE, "content": card}]}
    (action,) = card["actions"]
    # What must be filled in is seen to by Teams.
    for each in card["body"]:
        each.pop("isRequired", None)
    return filled(activity, action_in(activity, action["title"], action["data"]), typed or {})


@given(forms(hostile_texts()), st.text(max_size=20).map(clean), st.booleans())
@settings(max_examples=80, deadline=None)
def test_teams_takes_every_form(form: Form, conversation: str, is_dialog: bool) -> None:  # noqa: FBT001 - drawn
    dialog = form_dialog(form, conversation)
    card = card_in(dialog) if is_dialog else form_card(form, conversation)
    check_card(card)
    assert 0 < length(dialog["title"]) <= 100
    (action,) = json.loads(json.dumps(card))["actions"]
    assert action["type"] == ("Action.Submit" if is_dialog else "Action.Execute")
    assert is_dialog or (action["verb"], action["fallback"]["type"]) == (SUBMIT, "Action.Submit")
    assert read_opener(action["data"]) in (
        Opener(form=form.name, context=form.context, conversation=conversation),
        Opener(form=form.name, conversation=conversation),
    )
    for each in elements_of(card):
        assert length(str(each.get("value", ""))) <= 3_000
        assert each["type"] != "Input.ChoiceSet" or 1 <= len(each["choices"]) <= 100
        assert all(choice["title"] and choice["value"] for choice in each.get("choices", ()))
        assert bool(each.get("isRequired")) == ("errorMessage" in each)
    json.dumps(dialog, ensure_ascii=False).encode()


@given(forms(hostile_texts().filter(lambda text: len(text) < 140)))
@settings(max_examples=80, deadline=None)
def test_an_untouched_form_comes_back_as_it_was(form: Form) -> None:
    values = read_values(sent(form_card(form)))
    assert list(values) == [field.name for field in form.fields]
    for field in form.fields:
        offered = [value for value, _ in field.choices[:100]]
        there = field.value if field.value in offered else "" if field.choices else clean(field.value)
        assert values[field.name] == there


@given(st.data(), forms(st.text("abcdefghij", min_size=1, max_size=60), most=4), st.booleans())
@settings(max_examples=80, deadline=None)
def test_what_was_typed_and_chosen_comes_back(data: st.DataObject, form: Form, is_dialog: bool) -> None:  # noqa: FBT001 - drawn
    card = card_in(form_dialog(form, CONVERSATION)) if is_dialog else form_card(form, CONVERSATION)
    typed, expected = {}, {}
    inputs = {each["id"]: each for each in elements_of(card) if each["type"].startswith("Input.")}
    for field in form.fields:
        if field.choices:
            number = data.draw(st.integers(0, min(len(field.choices), 100) - 1))
            typed[input_id(field)] = inputs[input_id(field)]["choices"][number]["value"]
            expected[field.name] = field.choices[number][0]
        else:
            typed[input_id(field)] = expected[field.name] = data.draw(hostile_texts())
    back = sent(card, typed)
    assert read_values(back) == expected
    assert read_opener(back) == Opener(form=form.name, context=form.context, conversation=CONVERSATION)


def test_a_choice_may_be_the_empty_value() -> None:
    pause = Field(name="pause", label="Pause", value="", choices=(("", "No pause"), ("week", "One week")))
    card = form_card(Form(name="settings", title="Your settings", fields=(pause,)))
    assert card["body"][-1]["value"] == "="
    assert read_values(sent(card)) == {"pause": ""}
    assert read_values(sent(card, {"choice-pause": "=week"})) == {"pause": "week"}


def test_a_text_may_begin_as_a_choice_does() -> None:
    card = form_card(Form(name="tell", title="Tell", fields=(Field(name="title", label="Its title"),)))
    assert read_values(sent(card, {"field-title": "=SUM(A1)"})) == {"title": "=SUM(A1)"}


@given(forms(hostile_texts()))
@settings(max_examples=60, deadline=None)
def test_every_error_stands_at_its_field(form: Form) -> None:
    errors = field_errors(form)
    assert set(errors) <= {field.name for field in form.fields}
    assert all(0 < length(text) <= 1_000 for text in errors.values())
    assert bool(errors) == bool(form.errors)
    body, before = card_in(form_dialog(form))["body"], ""
    shown = {}
    for each in body:
        if each["type"] == "RichTextBlock":
            (run,) = each["inlines"]
            before = run["text"] if run.get("color") == "Attention" else before
        elif before:
            shown[each["id"].partition("-")[2]], before = before, ""
    assert shown == errors


def test_a_form_shown_again_has_its_errors_and_all_that_was_typed() -> None:
    form = Form(
        name="tell",
        title="Tell of a pilot",
        fields=(
            Field(name="title", label="Its title", is_required=True),
            Field(name="year", label="Since when", value="soon", hint="2024", is_long=True),
            Field(name="stage", label="How far", value="pilot", hint="as of today", choices=(("pilot", "Pilot"),)),
        ),
        send="Tell",
        errors={"year": "Please write a year.", "base": "It was kept by somebody else."},
        context="a1",
    )
    dialog = form_dialog(form, CONVERSATION)
    check_card(card_in(dialog))
    assert (dialog["title"], dialog["width"]) == ("Tell of a pilot", "medium")
    assert card_in(dialog)["body"] == [
        error("It was kept by somebody else."),
        {
            "type": "Input.Text",
            "id": "field-title",
            "label": "Its title",
            "isMultiline": False,
            "maxLength": 3_000,
            "isRequired": True,
            "errorMessage": "Please fill this in.",
        },
        error("Please write a year."),
        {
            "type": "Input.Text",
            "id": "field-year",
            "label": "Since when",
            "isMultiline": True,
            "maxLength": 3_000,
            "isRequired": False,
            "placeholder": "2024",
            "value": "soon",
        },
        {
            "type": "Input.ChoiceSet",
            "id": "choice-stage",
            "label": "How far",
            "style": "compact",
            "isMultiSelect": False,
            "isRequired": False,
            "choices": [{"title": "Pilot", "value": "=pilot"}],
            "value": "=pilot",
        },
        {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": "as of today", "isSubtle": True, "size": "Small"}],
            "spacing": "Small",
        },
    ]
    assert card_in(dialog)["actions"] == [
        {
            "type": "Action.Submit",
            "title": "Tell",
            "data": {FORM: {"form": "tell", "context": "a1", "conversation": CONVERSATION}},
        }
    ]
    assert card_words(form_card(form)).startswith("Tell of a pilot\n")
    assert continued(dialog) == {"task": {"type": "continue", "value": dialog}}


def error(text: str) -> Json:
    run = {"type": "TextRun", "text": text, "color": "Attention", "weight": "Bolder"}
    return {"type": "RichTextBlock", "inlines": [run]}


def test_the_longest_form_of_the_bot_fits_however_much_was_typed() -> None:
    tell = Tell(pilots=MemoryPilotStore(), now=lambda: datetime(2026, 11, 22, tzinfo=UTC), new_id=lambda: "1")
    asked = tell.form("Shuttles")
    most = tuple(
        Field(name=each.name, label=each.label, value="A “word” of it. " * 400, choices=each.choices)
        for each in asked.fields
    )
    card = form_card(Form(name=asked.name, title=asked.title, fields=most, errors={"title": "x" * 2_000}), CONVERSATION)
    check_card(card)
    assert weight(card) < 40_000


def test_a_context_too_long_to_keep_is_left_out_and_the_form_still_known() -> None:
    form = Form(name="tell", title="T", fields=(Field(name="n", label="L"),), context="é" * 3_001)
    assert read_opener(sent(form_card(form, "a:1"))) == Opener(form="tell", conversation="a:1")


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "",
        "tell",
        [],
        7,
        {},
        {"form": "tell"},
        {"form": 1, "context": "", "conversation": ""},
        {"form": "tell", "context": None, "conversation": ""},
        {"form": "tell", "context": "x" * 3_001, "conversation": ""},
        {"form": "tell", "context": "", "conversation": ["a"]},
        {"form": "tell", "context": "a\x00", "conversation": ""},
        {"form": "tell\ud800", "context": "", "conversation": ""},
    ],
)
def test_a_form_that_is_not_ours_has_no_opener(kept: object) -> None:
    assert read_opener({FORM: kept}) is None
    assert read_opener({}) is None


@pytest.mark.parametrize("value", [None, 3, True, [], {}, ["x"]])
def test_what_is_no_text_was_not_typed(value: object) -> None:
    assert read_values({"field-a": value, "choice-b": value, "other": "x", "msteams": {}}) == {}


@given(hostile_texts(), hostile_texts())
@settings(max_examples=50, deadline=None)
def test_teams_takes_every_message_as_a_dialog(text: str, title: str) -> None:
    dialog = message_dialog(Message((Text(text),)), title)
    check_card(card_in(dialog))
    assert dialog["title"] == in_one_line(title)[: len(dialog["title"]) - 1] + dialog["title"][-1]
    assert length(dialog["title"]) <= 100


def test_a_card_of_the_bot_is_a_dialog() -> None:
    for message in (cards.one_moment(), cards.noted(), cards.help_(), cards.welcome(), Message(())):
        check_card(card_in(message_dialog(message)))
    assert message_dialog(cards.noted())["title"] == "Pilotlight"


@pytest.mark.parametrize(("count", "height"), [(0, "small"), (4, "small"), (5, "medium"), (8, "medium"), (9, "large")])
def test_a_dialog_is_as_high_as_what_it_holds(count: int, height: str) -> None:
    assert message_dialog(Message((Text("A line."),) * count))["height"] == height


def test_a_form_of_many_fields_is_a_large_dialog() -> None:
    many = tuple(Field(name=f"n{number}", label="L") for number in range(11))
    assert form_dialog(Form(name="f", title="F", fields=many))["height"] == "large"


@given(actions(hostile_texts()), hostile_texts())
@settings(max_examples=50, deadline=None)
def test_buttons_in_a_dialog_send_it_and_open_no_other(action: Action, label: str) -> None:
    shown = Message((Buttons((Button(label, action),)), Sources((Source(title="Bus", action=action),))))
    pressed = [each for each in elements_of(card_in(message_dialog(shown))) if each["type"].startswith("Action.")]
    assert [each["type"] for each in pressed] == ["Action.Submit"] * 2
    assert [set(each["data"]) for each in pressed] == [{ACTION}] * 2
    # The same as the button in a message says, also to those who have it read aloud.
    outside = [each for each in elements_of(render(shown)) if "tooltip" in each or each["type"] == "Action.Submit"]
    assert {each["data"][ACTION] for each in outside} == {each["data"][ACTION] for each in pressed}
    assert pressed[1]["tooltip"].endswith("Bus")


def test_what_a_form_is_about_stands_above_its_fields() -> None:
    form = Form(name="f", title="F", fields=(Field(name="n", label="L"),), lead="About *this*.")
    dialog, card = card_in(form_dialog(form)), form_card(form)
    assert card_words(dialog["body"][0]) == card_words(card["body"][1]) == "About *this*."
    assert dialog["body"][0]["type"] == "RichTextBlock"
