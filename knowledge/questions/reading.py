"""Reading a question: from what a person typed to a Question."""

import re
from dataclasses import replace
from datetime import date

from knowledge.errors import InvalidQuestionError
from knowledge.pilots import Stage
from knowledge.questions.names import read_organisations, spelt_out
from knowledge.questions.overheard import is_asking
from knowledge.questions.places import read_places
from knowledge.questions.question import Question
from knowledge.questions.repair import repair
from knowledge.questions.small_talk import spoken_language
from knowledge.questions.stages import read_stages, read_stopped
from knowledge.questions.times import read_period
from knowledge.questions.tokens import Draft
from knowledge.questions.vocabulary import Vocabulary
from knowledge.questions.words import words_of
from knowledge.questions.wrapping import unwrap
from knowledge.text import clean

QUESTION_LIMIT = 2_000

_EXAMPLE = "for example: has anyone tried a chatbot for tax questions?"
_EMPTY = f"There is no question here. Write what you would like to find, {_EXAMPLE}"
_NO_TOPIC = f"There is nothing to search for in this. Name what was tried, where or by whom, {_EXAMPLE}"
_NOT_TEXT = "This looks like a file rather than a question. Write in a sentence what you would like to find."
# Texts pasted from a file have controls; a text of which one in twenty characters is one, is none.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_CONTROL_SHARE = 20

_ASKS = re.compile(r"[?¿？]")

# What platforms put into texts: mentions, channels, links with their label, emoji codes; and web addresses.
_ADDRESSING = re.compile(
    r"<[@#!][^<>\s]{1,80}(?:\|[^<>]{0,80})?>|<at[^<>]{0,80}>[^<>]{0,80}</at>|<(?:https?|mailto)[^<>]{0,2000}>"
    r"|https?://\S+|www\.\S+|:[a-z0-9_+-]{2,40}:|</?[a-z][a-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>"
    r"|(?:^|(?<=\s))@[\w.-]{1,60}|^\s*pilotlight\b[,:]?",
    re.IGNORECASE,
)


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
    is_asked = unwrap(draft, words) or wants_stopped or _ASKS.search(said) is not None or is_asking(said)
    expansions = (*(spelt_out(draft, words, vocabulary) if vocabulary else ()), *names)
    question = Question(
        text=said, topic=draft.topic(), countries=where.codes, organisations=organisations, stages=stages,
        period=period, wants_stopped=wants_stopped, expansions=expansions, language=language, where=where.said,
        is_asked=is_asked,
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
