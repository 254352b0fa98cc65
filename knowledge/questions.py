"""Reading a question: what it is about, and what it asks of the answer (where, when, by whom, stopped or not)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from knowledge.dates import Period
from knowledge.errors import InvalidQuestionError
from knowledge.pilots import Stage
from knowledge.question_names import read_organisations, repair, spelt_out
from knowledge.question_places import read_places
from knowledge.question_small_talk import spoken_language
from knowledge.question_stages import read_stages, read_stopped
from knowledge.question_times import read_period
from knowledge.question_tokens import Draft
from knowledge.question_words import words_of
from knowledge.question_wrapping import unwrap
from knowledge.text import clean

QUESTION_LIMIT = 2_000

_EXAMPLE = "for example: has anyone tried a chatbot for tax questions?"
_EMPTY = f"There is no question here. Write what you would like to find, {_EXAMPLE}"
_NO_TOPIC = f"There is nothing to search for in this. Name what was tried, where or by whom, {_EXAMPLE}"
_NOT_TEXT = "This looks like a file rather than a question. Write in a sentence what you would like to find."
# Texts pasted from a file have controls; a text of which one in twenty characters is one, is none.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_CONTROL_SHARE = 20

# What platforms put into texts: mentions, channels, links with their label, emoji codes; and web addresses.
_ADDRESSING = re.compile(
    r"<[@#!][^<>\s]{1,80}(?:\|[^<>]{0,80})?>|<at[^<>]{0,80}>[^<>]{0,80}</at>|<(?:https?|mailto)[^<>]{0,2000}>"
    r"|https?://\S+|www\.\S+|:[a-z0-9_+-]{2,40}:|</?[a-z][a-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>"
    r"|(?:^|(?<=\s))@[\w.-]{1,60}|^\s*pilotlight\b[,:]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as read.

    `text` is what was said, cleaned. `topic` is what to search for: without greeting, chatter and what became a
    filter; "" where the question only filters. Several `countries` (codes), `organisations` (as the base spells
    them) or `stages` mean any of them; none means all. `wants_stopped` puts stopped pilots first without leaving
    out the rest. `expansions` are further words for the topic: an acronym spelt out, an organisation's name.
    `language` is a code (Norwegian is "no"), or "" where it cannot be told. `where` is the place in the asker's
    words ("outside the US", "Europe"), for saying it back where `countries` would be a long list.
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
    where: str = ""

    @property
    def is_filtered(self) -> bool:
        return bool(self.countries or self.organisations or self.stages or self.period or self.wants_stopped)


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


def read(text: str, vocabulary: Vocabulary | None = None, today: date | None = None) -> Question:
    """What a person asks. InvalidQuestionError where there is nothing in it to search for.

    A question that only filters ("anything from Norway?", "which pilots were stopped?") has an empty topic.
    Without a vocabulary nothing is known of organisations, acronyms and spelling; without today's date,
    "last year" stays part of the topic.
    """
    said = _presentable(text)
    draft = Draft.of(_ADDRESSING.sub(" ", said))
    language = spoken_language(draft)
    words = words_of(language)
    if vocabulary:
        repair(draft, words, vocabulary)
    period = read_period(draft, today)
    organisations, names = read_organisations(draft, words, vocabulary) if vocabulary else ((), ())
    wants_stopped = read_stopped(draft, words)
    stages = read_stages(draft, words)
    where = read_places(draft, words)
    unwrap(draft, words)
    expansions = (*(spelt_out(draft, words, vocabulary) if vocabulary else ()), *names)
    question = Question(
        text=said, topic=draft.topic(), countries=where.codes, organisations=organisations, stages=stages,
        period=period, wants_stopped=wants_stopped, expansions=expansions, language=language, where=where.said,
    )  # fmt: skip
    if question.topic:
        return question
    if question.is_filtered:
        # Where stopped pilots are all that is asked for, the others have no place behind them.
        return replace(question, stages=(Stage.STOPPED,)) if wants_stopped and not stages else question
    raise InvalidQuestionError(_NO_TOPIC if any(token.is_word for token in draft.tokens) else _EMPTY)


def _presentable(text: str) -> str:
    """The text cleaned; InvalidQuestionError where it is none, or too long."""
    if len(_CONTROLS.findall(text[: QUESTION_LIMIT * 2])) * _CONTROL_SHARE > min(len(text), QUESTION_LIMIT * 2):
        raise InvalidQuestionError(_NOT_TEXT)
    # So much is too long however much of it is white space; cleaning it would only take time.
    said = clean(text) if len(text) <= QUESTION_LIMIT * 100 else text
    if len(said) > QUESTION_LIMIT:
        raise InvalidQuestionError(
            f"This question has {len(said):,} characters; at most {QUESTION_LIMIT:,} can be read. "
            "Shorten it to the one or two sentences that say what you would like to find."
        )
    if not any(each.isalnum() for each in said):
        raise InvalidQuestionError(_EMPTY)
    return said
