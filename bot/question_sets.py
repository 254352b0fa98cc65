"""What check-ins ask: the questions that are shipped, and those of a community from the data folder."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from bot.check_ins import Question, QuestionSet
from bot.voice import say
from knowledge.errors import InvalidFileError
from knowledge.learnings import LearningKind
from knowledge.pilots import Stage
from knowledge.text import clean

DEFAULT = "default"
QUESTIONS_LIMIT = 12
TEXT_LIMIT = 300

_KEYS = {"key", "text", "kind", "hint", "stages", "days", "after", "choices"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED = {"words", "sharing", "shared_from", "barrier"}  # what else stands in the form

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class QuestionSets:
    """Those of a community come before those for all, and any before the shipped ones of the same key."""

    sets: tuple[QuestionSet, ...]

    def named(self, key: str, community: str) -> QuestionSet:
        """The set of that key that this community has; the default where it has none."""
        theirs = [each for each in self.sets if not each.communities or community in each.communities]
        ranked = sorted(theirs, key=lambda each: (each.is_shipped, not each.communities))
        found = next((each for each in ranked if each.key == key), None)
        return found or next(each for each in ranked if each.key == DEFAULT)

    def keys(self, community: str) -> Sequence[str]:
        """What a community may choose from."""
        return sorted({each.key for each in self.sets if not each.communities or community in each.communities})


def wording(question: Question, of: QuestionSet) -> str:
    """The question as it is asked: a shipped one in the language of the moment."""
    return say(question.text) if of.is_shipped else question.text


def choices(question: Question, of: QuestionSet) -> tuple[tuple[str, str], ...]:
    return tuple((each, say(each) if of.is_shipped else each) for each in question.choices)


@functools.cache
def shipped() -> QuestionSets:
    folder = resources.files("bot").joinpath("questions")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return QuestionSets(
        tuple(read_questions(each.read_text(encoding="utf-8"), each.name, is_shipped=True) for each in files)
    )


def question_sets(folder: Path) -> QuestionSets:
    """The shipped ones and those of a folder, which may not be there. InvalidFileError names the file and the line."""
    own = []
    for path in sorted(folder.glob("*.toml")):
        try:
            own.append(read_questions(path.read_text(encoding="utf-8"), path.name))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidFileError(f"{path.name}: it cannot be read ({error}). Save it as UTF-8.") from None
    return QuestionSets((*own, *shipped().sets))


def read_questions(text: str, file: str, *, is_shipped: bool = False) -> QuestionSet:
    """A set of questions, called as its file. InvalidFileError says which line is wrong, and what would be right."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidFileError(f"{file}: this is not TOML: {error}.") from None
    reading = _Reading(text, file)
    for name in document.keys() - {"question", "communities"}:
        reading.fail(f"{name} is not known here; write [[question]] and communities", name)
    tables = document.get("question")
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        reading.fail("it asks nothing; begin each question with [[question]]", "question")
    if len(tables) > QUESTIONS_LIMIT:
        reading.fail(f"it has {len(tables)} questions, and nobody answers more than {QUESTIONS_LIMIT}", "question")
    communities = frozenset(reading.texts(document, "communities"))
    questions: dict[str, Question] = {}
    for number, table in enumerate(tables):
        question = reading.at(number).question(table)
        if question.key in questions:
            reading.at(number).fail(f"another question has the key {question.key!r}", "key")
        if question.after and question.after not in questions:
            reading.at(number).fail(f"there is no question {question.after!r} before it", "after")
        questions[question.key] = question
    key = file.removesuffix(".toml").partition("@")[0]
    return QuestionSet(key=key, questions=tuple(questions.values()), communities=communities, is_shipped=is_shipped)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Of one file; `number` is the question that is being read, from 0."""

    text: str
    file: str
    number: int | None = None

    def at(self, number: int) -> "_Reading":
        return _Reading(self.text, self.file, number)

    def question(self, table: Mapping[str, Any]) -> Question:
        for name in table.keys() - _KEYS:
            self.fail(f"{name} is not known; a question has {', '.join(sorted(_KEYS))}", name)
        key = self.word(table, "key")
        if not _NAME.fullmatch(key) or key in _RESERVED:
            self.fail('key needs lower-case letters, such as key = "worked"', "key")
        days = table.get("days", [])
        if not isinstance(days, list) or not all(type(day) is int and 0 <= day <= 100 for day in days):
            self.fail("days needs days of a challenge, such as days = [60, 90]", "days")
        return Question(
            key=key,
            text=self.word(table, "text"),
            kind=self.one_of(LearningKind, self.word(table, "kind"), "kind"),
            hint=self.word(table, "hint") if "hint" in table else "",
            stages=frozenset(self.one_of(Stage, each, "stages") for each in self.texts(table, "stages")),
            days=frozenset(days),
            after=self.word(table, "after") if "after" in table else "",
            choices=self.texts(table, "choices"),
        )

    def word(self, table: Mapping[str, Any], name: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value or value != clean(value) or len(value) > TEXT_LIMIT:
            self.fail(f'{name} needs a text of at most {TEXT_LIMIT} characters, such as {name} = "…"', name)
        return value

    def texts(self, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
        values = table.get(name, [])
        if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
            self.fail(f'{name} needs texts, such as {name} = ["…", "…"]', name)
        return tuple(values)

    def one_of(self, kinds: type[E], value: str, name: str) -> E:
        if value not in tuple(kinds):
            self.fail(f"{name}: {value!r} is none of {', '.join(kinds)}", name)
        return kinds(value)

    def fail(self, reason: str, name: str) -> NoReturn:
        raise InvalidFileError(f"{self.file}, line {self._line(name)}: {reason}.")

    def _line(self, name: str) -> int:
        """Where that key stands, else where its question begins; lines count from 1."""
        lines = self.text.splitlines()
        starts = [place for place, line in enumerate(lines) if re.match(r"\s*\[\[\s*question\s*\]\]", line)]
        first = starts[self.number] if self.number is not None and self.number < len(starts) else 0
        last = next((start for start in starts if start > first), len(lines)) if self.number is not None else len(lines)
        wanted = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}\b")
        return 1 + next((place for place in range(first, last) if wanted.match(lines[place])), first)
