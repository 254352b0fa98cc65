import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.questions import is_asking


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    asking: bool
    language: str


def messages(name: str) -> list[Message]:
    table = tomllib.loads(Path(__file__).with_name(f"overheard_{name}.toml").read_text("utf-8"))
    return [Message(**each) for each in table["messages"]]


BUILT_WITH, HELD_OUT = messages("dev"), messages("held")


def precision_and_recall(those: Sequence[Message]) -> tuple[float, float]:
    taken = [each.asking for each in those if is_asking(each.text)]
    return sum(taken) / len(taken), sum(taken) / sum(each.asking for each in those)


# The floors are a little below the figures of docs/explanation/overheard.md.
@pytest.mark.parametrize(
    ("those", "least_precision", "least_recall"),
    [(BUILT_WITH, 0.98, 0.94), (HELD_OUT, 0.95, 0.62)],
    ids=["built with", "held out"],
)
def test_what_is_taken_for_a_question_nearly_always_is_one(
    those: Sequence[Message], least_precision: float, least_recall: float
) -> None:
    precision, recall = precision_and_recall(those)
    assert precision >= least_precision
    assert recall >= least_recall


@pytest.mark.parametrize("those", [BUILT_WITH, HELD_OUT], ids=["built with", "held out"])
def test_the_labelled_messages_are_many_and_mixed(those: Sequence[Message]) -> None:
    assert len(those) >= 200
    assert sum(each.asking for each in those) >= 0.3 * len(those)
    assert {each.language for each in those} == {"en", "nl", "de", "fr", "es", "it", "pt", "no", "sv", "da", "fi"}
    assert len({each.text for each in those}) == len(those)


def test_no_message_stands_in_both_sets() -> None:
    assert not {each.text for each in BUILT_WITH} & {each.text for each in HELD_OUT}


@pytest.mark.parametrize(
    "text",
    [
        "Has anyone tried self-driving buses?",
        "has anybody here piloted a chatbot",
        "Hi all, quick question: does anyone have experience with participatory budgeting?",
        "<!here> does anyone know of a council that tried a four-day week?",
        "Has anyone used sensors in bins? See https://example.org/bins",
        "Heeft iemand ervaring met drones voor dijkinspectie?",
        "Hat jemand schon Drohnen in der Bauaufsicht eingesetzt?",
        "Quelqu’un a-t-il testé un budget participatif ?",
        "¿Alguien ha probado autobuses autónomos?",
    ],
)
def test_a_question_for_experience_is_told(text: str) -> None:
    assert is_asking(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "> Has anyone tried self-driving buses?",
        "&gt; Has anyone tried self-driving buses?",
        "```has anyone tried self-driving buses?```",
        '"Has anyone tried self-driving buses?" is what they always ask',
        "She asked: has anyone tried self-driving buses?",
        "<@U024BE7LH> has anyone tried self-driving buses?",
        "<at>Robin</at> has anyone tried self-driving buses?",
        "Robin, has anyone in your town tried self-driving buses?",
        "Has anyone tried it?",
        "Has anyone tried the self-driving bus to the meeting room?",
        "Has anyone tried self-driving buses, lol",
        "We tried self-driving buses.",
        "Which councils do not have a chatbot?",
        "How do I book the self-driving bus?",
        "Has anyone tried self-driving buses? " + "And now the news of the week from our offices. " * 12,
    ],
)
def test_other_talk_is_left_alone(text: str) -> None:
    assert not is_asking(text)


def test_a_plan_before_says_what_this_is() -> None:
    assert is_asking("We are thinking about drones for counting birds. Has anyone done this?")
    assert not is_asking("Drones count birds now. Has anyone done this?")


_WORDS = st.sampled_from(
    ("has", "anyone", "tried", "does", "know", "of", "a", "council", "that", "hat", "jemand", "getestet", ",", ".", "?")
)


@given(st.text(max_size=600) | st.lists(_WORDS, max_size=80).map(" ".join))
@example("\ud800 has anyone tried \x00 drones?")
@example("ﷺ" * 600)
@example("?" * 100_000)
def test_any_text_at_all_is_told(text: str) -> None:
    assert is_asking(text) in (True, False)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["has anyone here " * 31, "is there any " * 38, "hat jemand schon " * 29, '"' * 499])
def test_no_text_takes_long(text: str) -> None:
    for _ in range(100):
        is_asking(text[:499])
