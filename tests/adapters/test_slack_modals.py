"""Forms as modals: Slack takes them, and what was typed comes back as it was."""

import json
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lengths import length
from adapters.slack.modals import Opener, field_errors, form_view, message_view, read_opener, read_values
from bot import cards
from bot.actions import RateAnswer
from bot.forms import Field, Form
from bot.messages import Button, Feedback, Message, Text
from knowledge.text import clean
from tests.hostile import everything_in, forms, hostile_texts
from tests.slack import Json, check_view


def filled(view: Json, typed: Mapping[str, str]) -> Json:
    """The view as Slack sends it back: what stood there, or what was `typed` into a block or chosen by its label."""
    values = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        if element["type"] == "static_select":
            chosen = next((each for each in element["options"] if each["text"]["text"] == typed.get(name)), None)
            state = {"selected_option": chosen or element.get("initial_option")}
        else:
            state = {"value": typed.get(name, element.get("initial_value", "")) or None}
        values[name] = {element["action_id"]: {"type": element["type"], **state}}
    return {**view, "id": "V01VIEW", "state": {"values": values}}


@given(forms(hostile_texts()), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=80, deadline=None)
def test_slack_takes_every_form(form: Form, channel: str, thread: str) -> None:
    view = form_view(form, channel, thread)
    check_view(view)
    assert read_opener(json.loads(json.dumps(view))) in (
        Opener(form=form.name, context=form.context, channel=channel, thread=thread),
        Opener(form=form.name, channel=channel, thread=thread),
    )
    for each in everything_in(view):
        assert each.get("type") != "static_select" or 1 <= len(each["options"]) <= 100
        assert "options" not in each or all(length(one["text"]["text"]) <= 75 for one in each["options"])
        assert "options" not in each or all(length(one["value"]) <= 150 for one in each["options"])
        assert length(each["placeholder"]["text"]) <= 150 if "placeholder" in each else True
        assert length(each.get("initial_value", "")) <= 3_000


@given(forms(hostile_texts().filter(lambda text: len(text) < 140)))
@settings(max_examples=80, deadline=None)
def test_an_untouched_form_comes_back_as_it_was(form: Form) -> None:
    values = read_values(filled(form_view(form), {}))
    assert list(values) == [field.name for field in form.fields]
    for field in form.fields:
        offered = [value for value, _ in field.choices[:100]]
        there = field.value if field.value in offered else "" if field.choices else clean(field.value)
        assert values[field.name] == there


@given(st.data(), forms(st.text("abcdefghij", min_size=1, max_size=60), most=4))
@settings(max_examples=80, deadline=None)
def test_what_was_typed_and_chosen_comes_back(data: st.DataObject, form: Form) -> None:
    view = form_view(form)
    typed, expected = {}, {}
    for field in form.fields:
        if field.choices:
            labels = [label for _, label in field.choices[:100]]
            chosen = data.draw(st.sampled_from(labels))
            typed[_id(field)], expected[field.name] = chosen, field.choices[labels.index(chosen)][0]
        else:
            typed[_id(field)] = expected[field.name] = data.draw(hostile_texts())
    assert read_values(filled(view, typed)) == expected


def _id(field: Field) -> str:
    return f"field {field.name}"


def test_a_choice_may_be_the_empty_value() -> None:
    pause = Field(name="pause", label="Pause", value="", choices=(("", "No pause"), ("week", "One week")))
    view = form_view(Form(name="settings", title="Your settings", fields=(pause,)))
    assert view["blocks"][0]["element"]["initial_option"]["text"]["text"] == "No pause"
    assert read_values(filled(view, {})) == {"pause": ""}
    assert read_values(filled(view, {"field pause": "One week"})) == {"pause": "week"}


@given(forms(hostile_texts()))
@settings(max_examples=60, deadline=None)
def test_every_error_stands_at_a_field_of_the_view(form: Form) -> None:
    errors = field_errors(form)
    view = form_view(form)
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    assert set(errors) <= set(inputs)
    assert all(0 < length(text) <= 2_000 for text in errors.values())
    assert bool(errors) == bool(form.errors)
    blocks = view["blocks"]
    shown = {
        after["block_id"]: before["elements"][0]["text"]
        for before, after in pairwise(blocks)
        if before["type"] == "context"
    }
    assert shown == errors


def test_a_late_form_has_its_errors_before_their_fields() -> None:
    form = Form(
        name="tell",
        title="Tell of a pilot",
        fields=(
            Field(name="title", label="Its title", is_required=True),
            Field(name="year", label="Since when", value="soon", hint="2024"),
        ),
        errors={
            "year": "Please write a year.",
            "base": "It was kept by somebody else.",
            "title": "Please fill this in.",
        },
        context="a1",
    )
    view = form_view(form, "C01GENERAL", "1795348800.000100")
    check_view(view)
    assert [(block["type"], _first_text(block)) for block in view["blocks"]] == [
        ("context", "It was kept by somebody else. Please fill this in."),
        ("input", "Its title"),
        ("context", "Please write a year."),
        ("input", "Since when"),
    ]
    assert field_errors(form) == {
        "field title": "It was kept by somebody else. Please fill this in.",
        "field year": "Please write a year.",
    }
    assert view["blocks"][3] == {
        "type": "input",
        "block_id": "field year",
        "label": {"type": "plain_text", "text": "Since when", "emoji": False},
        "optional": True,
        "element": {
            "type": "plain_text_input",
            "action_id": "value",
            "multiline": False,
            "max_length": 3_000,
            "placeholder": {"type": "plain_text", "text": "2024", "emoji": False},
            "initial_value": "soon",
        },
    }


def _first_text(block: Json) -> str:
    shown: str = (block.get("label") or block["elements"][0])["text"]
    return shown


def test_a_hint_too_long_for_a_placeholder_stands_under_the_field() -> None:
    hint = "Say what it was about. " * 10
    (block,) = form_view(Form(name="f", title="A form", fields=(Field(name="n", label="L", hint=hint),)))["blocks"]
    assert block["hint"]["text"] == hint.strip()
    assert "placeholder" not in block["element"]


def test_a_context_too_long_to_keep_is_left_out_and_the_form_still_known() -> None:
    view = form_view(Form(name="tell", title="T", fields=(Field(name="n", label="L"),), context="é" * 3_000), "C01")
    assert read_opener(view) == Opener(form="tell", channel="C01")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        "rubbish",
        "{",
        "[]",
        "1",
        '"form"',
        "null",
        "{}",
        '{"form": "tell"}',
        '{"form": 1, "context": "", "channel": "", "thread": ""}',
        '{"form": "tell", "context": null, "channel": "", "thread": ""}',
        "[" * 3_000,
        "1" * 3_000 + "e5",
        "9" * 5_000,
        ["list"],
        {"form": "tell"},
        7,
    ],
)
def test_a_modal_that_is_not_ours_has_no_opener(metadata: object) -> None:
    assert read_opener({"private_metadata": metadata}) is None


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        {"values": None},
        {"values": {"field a": None}},
        {"values": {"field a": {"value": 3}}},
        {"values": {"field a": {"value": {"value": 3}}}},
        {"values": {"field a": {"value": {"selected_option": {"value": ["x"]}}}}},
        {"values": {"field a": {"other": {"value": "x"}}}},
    ],
)
def test_a_state_of_another_shape_holds_nothing(state: object) -> None:
    assert set(read_values({"state": state}).values()) <= {""}


def test_other_blocks_than_our_fields_are_not_read() -> None:
    state = {"values": {"search": {"value": {"type": "plain_text_input", "value": "a week"}}}}
    assert read_values({"state": state}) == {}


@given(hostile_texts(), hostile_texts())
@settings(max_examples=50, deadline=None)
def test_slack_takes_every_message_as_a_modal(text: str, title: str) -> None:
    rated = Feedback(
        good=Button("Helpful", RateAnswer("a", is_good=True)), bad=Button("Not helpful", RateAnswer("a", is_good=False))
    )
    view = message_view(Message((Text(text), rated)), title)
    check_view(view)
    # Slack takes feedback buttons of its own kind in messages only.
    assert "actions" in [block["type"] for block in view["blocks"]]
    assert "context_actions" not in [block["type"] for block in view["blocks"]]
    check_view(message_view(Message((Text(text),)), title))


def test_a_card_of_the_bot_is_a_modal() -> None:
    for message in (cards.one_moment(), cards.noted(), cards.help_(), cards.welcome(), Message(())):
        check_view(message_view(message))


def test_a_choice_of_a_long_value_is_still_taken() -> None:
    field = Field(name="n", label="L", value="v" * 200, choices=(("v" * 200, "Very long"), ("w", "Short")))
    view = form_view(Form(name="f", title="T", fields=(field,)))
    check_view(view)
    assert view["blocks"][0]["element"]["initial_option"] == view["blocks"][0]["element"]["options"][0]
    assert len(view["blocks"][0]["element"]["options"][0]["value"]) == 150
