from pathlib import Path

import pytest

from bot.question_sets import choices, question_sets, read_questions, shipped, wording
from bot.voice import speaking
from knowledge.errors import InvalidFileError
from knowledge.learnings import LearningKind
from knowledge.pilots import Stage

OWN = """\
communities = ["example"]

[[question]]
key = "worked"
text = "Which bridge held?"
kind = "worked"

[[question]]
key = "why"
text = "And why?"
kind = "note"
after = "worked"
days = [60]
stages = ["pilot"]
"""


def test_the_shipped_questions_are_few_and_fit_the_stage_and_the_day() -> None:
    default = shipped().named("default", "example")
    assert next(each.key for each in default.asked(Stage.PLANNED)) == "prepared"
    asked = [each.key for each in default.asked(Stage.PILOT)]
    assert asked == ["worked", "did_not_work", "changed", "next", "need", "blocker", "who_could_remove_it"]
    assert default.asked(Stage.PILOT, 30) == default.asked(Stage.PILOT)
    for day in (60, 90):
        assert "sustainability" in [each.key for each in default.asked(Stage.PILOT, day)]
    assert [each.key for each in default.asked(Stage.PILOT, 100)][-2:] == ["gate", "similar_areas"]


def test_shipped_questions_are_asked_in_the_language_of_the_moment_and_others_as_they_are_written() -> None:
    default, own = shipped().named("default", "example"), read_questions(OWN, "default.toml")
    gate = next(each for each in default.questions if each.key == "gate")
    with speaking("de"):
        assert wording(default.questions[1], default) == "Was hat funktioniert?"
        assert [value for value, _ in choices(gate, default)] == list(gate.choices)
        assert [label for _, label in choices(gate, default)] != list(gate.choices)
        assert wording(own.questions[0], own) == "Which bridge held?"


def test_a_community_has_its_own_questions_before_those_for_all(tmp_path: Path) -> None:
    (tmp_path / "default@bridges.toml").write_text(OWN)
    (tmp_path / "default.toml").write_text(OWN.replace("bridge", "road").replace('["example"]', "[]"))
    (tmp_path / "short.toml").write_text(OWN.replace("bridge", "path"))
    sets = question_sets(tmp_path)
    assert sets.named("default", "example").questions[0].text == "Which bridge held?"
    assert sets.named("", "another").questions[0].text == "Which road held?"
    assert sets.named("short", "example").questions[0].text == "Which path held?"
    assert sets.named("short", "another").questions[0].text == "Which road held?"
    assert sets.keys("example") == ["default", "short"]
    assert sets.keys("another") == ["default"]
    why = sets.named("default", "example").questions[1]
    assert (why.kind, why.after) == (LearningKind.NOTE, "worked")
    assert (set(why.days), set(why.stages)) == ({60}, {Stage.PILOT})
    assert question_sets(tmp_path / "none") == shipped()


@pytest.mark.parametrize(
    ("before", "after", "line", "reason"),
    [
        ('"note"', '"joke"', 11, "'joke' is none of worked"),
        ('key = "why"', 'key = "worked"', 9, "another question has the key 'worked'"),
        ('key = "why"', 'key = "Why not"', 9, "lower-case letters"),
        ('key = "why"', 'key = "sharing"', 9, "lower-case letters"),
        ('after = "worked"', 'after = "gone"', 12, "no question 'gone' before it"),
        ("[60]", '["60"]', 13, "days = [60, 90]"),
        ('["pilot"]', '["finished"]', 14, "'finished' is none of planned"),
        ('text = "And why?"', 'text = ""', 10, "text needs a text"),
        ('text = "And why?"\n', "", 8, "text needs a text"),
        ('stages = ["pilot"]', "colour = 1", 14, "colour is not known"),
        ('communities = ["example"]', "communities = 1", 1, "communities needs texts"),
        ('communities = ["example"]', "community = 1", 1, "community is not known here"),
        ('kind = "worked"', 'kind = "worked', 6, "this is not TOML"),
    ],
)
def test_a_wrong_file_says_which_line_and_what_would_be_right(before: str, after: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidFileError) as caught:
        read_questions(OWN.replace(before, after), "own.toml")
    assert f"line {line}" in str(caught.value)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("own.toml")


@pytest.mark.parametrize("text", ["", "question = 1", "[[question]]\n" * 13])
def test_a_file_that_asks_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidFileError, match=r"own\.toml, line 1"):
        read_questions(text, "own.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidFileError, match=r"own\.toml: it cannot be read"):
        question_sets(tmp_path)
