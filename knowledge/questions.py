"""Reading a question: what it is about, and what it asks of the answer (where, when, by whom, stopped or not)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.dates import Period
from knowledge.pilots import Stage

QUESTION_LIMIT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as read.

    `text` is what was said, cleaned. `topic` is what to search for: without greeting, chatter and what became a
    filter. Several `countries` (codes), `organisations` (as the base spells them) or `stages` mean any of them;
    none means all. `wants_stopped` puts stopped pilots first without leaving out the rest. `expansions` are
    further words for the topic (an acronym spelt out). `language` is a code, or "" where it cannot be told.
    """

    text: str
    topic: str
    countries: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    period: Period | None = None
    wants_stopped: bool = False
    expansions: tuple[str, ...] = ()
    language: str = ""


class Vocabulary(Protocol):
    """What the base itself knows, for reading questions asked of it."""

    def frequency(self, word: str) -> int:
        """In how many pilots a word (casefolded) stands."""
        ...

    def organisations(self, name: str) -> Sequence[str]:
        """Organisations of the base that `name` names, in full, in part or by acronym; none where it names none."""
        ...

    def spelt_out(self, acronym: str) -> str | None:
        """What the base itself says that an acronym stands for: "RPA" -> "robotic process automation"."""
        ...

    def nearest(self, word: str) -> str | None:
        """The base's word that a misspelt one most likely means; None where there is none, or it is spelt right."""
        ...


def read(text: str, vocabulary: Vocabulary | None = None) -> Question:
    """What a person asks. InvalidQuestionError where there is nothing in it to search for."""
    raise NotImplementedError
