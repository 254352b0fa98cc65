"""Going on asking: what "what about in Norway?" means after "has anyone tried self-driving buses?"."""

import functools
import re
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib import resources

from knowledge.errors import InvalidQuestionError
from knowledge.questions.overheard import any_of, guards, is_to_one, listed_rows, row_of, spoken
from knowledge.questions.question import Question
from knowledge.questions.reading import QUESTION_LIMIT, read
from knowledge.questions.vocabulary import Vocabulary
from knowledge.questions.words import Part, words_of
from knowledge.text import clean, shorten

_LENGTH_LIMIT = 120
_WORD_LIMIT = 12
_TOPIC_WORDS = 4  # what narrows a topic has so many at most; more are a topic of their own
# Whether a text filters does not hang on the day, only some day must be given.
_SOME_DAY = date(2100, 1, 1)
_NAME_LAST = re.compile(r"(?<![^\W\d_])[A-ZÀ-ÖØ-Þ]\w+\W*$")
_I = re.compile(r"\bI\b")  # with a small letter it is "in" in the north
_US = re.compile(r"\bU\.?S\.?(?:A\b\.?)?(?!\w)")
_CHATTER_END = re.compile(r"\s*([^.!,;:–?-]{1,40})[.!,;:–-]+\s+(?=\w)")
_SENTENCE_ENDS = ".!?…"
_NOTHING = "There is nothing to search for in this. Say what you would like to find, for example: what about in Norway?"


def is_follow_up(text: str) -> bool:
    """Whether this message, in a thread where the bot answered, goes on asking it rather than talking to someone.

    It would rather miss one than answer what people say to each other.
    """
    said = spoken(text) if len(text) <= _LENGTH_LIMIT else ""
    if not said or is_to_one(_after_chatter(said)):
        return False
    row = _row(said)
    asks = row.endswith(" ? ")
    if row.count("?") > 1 or len(row.split()) > _WORD_LIMIT:
        return False
    if _I.search(said) or _phrases()["personal"].search(row):
        return False
    if not asks and not _begins(row, "opener", "joining", "only"):
        return False
    try:
        question = _read_one(said, None, _SOME_DAY)
    except InvalidQuestionError:
        return False
    return _is_narrowing(said, row, asks=asks) if _own_topic(question) else bool(_kinds(question))


def follow(previous: Question, asked: Question) -> Question:
    """What `asked` means right after `previous`.

    Where it brings filters alone, they replace the ones of their kind and the rest stays; where it narrows ("what
    about hospitals?"), the topics count together; else it is a question of its own.
    """
    if _stands_alone(asked):
        return asked
    topic = _own_topic(asked)
    changed = replace(
        previous,
        text=_joined(previous.text, asked.text),
        topic=f"{previous.topic} {topic}".strip(),
        expansions=tuple(dict.fromkeys((*_lasting_expansions(previous, asked), *asked.expansions))),
        language=previous.language or asked.language,
        is_asked=previous.is_asked or asked.is_asked,
    )
    kinds = _kinds(asked)
    if "where" in kinds:
        changed = replace(changed, countries=asked.countries, where=asked.where)
    if "who" in kinds:
        changed = replace(changed, organisations=asked.organisations)
    if "stage" in kinds:
        changed = replace(changed, stages=asked.stages, wants_stopped=asked.wants_stopped)
    if "when" in kinds:
        changed = replace(changed, period=asked.period)
    return changed


def read_following(texts: Sequence[str], vocabulary: Vocabulary | None = None, today: date | None = None) -> Question:
    """What the last of these texts of one thread, oldest first, asks after those before it.

    InvalidQuestionError where the last one says nothing to search for. Earlier ones that say nothing are left out.
    """
    if not texts:
        raise InvalidQuestionError(_NOTHING)
    asked = _read_one(texts[-1], vocabulary, today)
    chain: list[Question] = []
    for text in texts[:-1]:
        with suppress(InvalidQuestionError):
            chain = _followed(chain, _read_one(text, vocabulary, today))
    chain = _followed(chain, asked)
    question = functools.reduce(follow, chain)
    if not question.topic and not question.is_filtered:
        raise InvalidQuestionError(_NOTHING)
    return question


def _read_one(text: str, vocabulary: Vocabulary | None, today: date | None) -> Question:
    """As `read`, which refuses "elsewhere?", though after a question it says something."""
    try:
        return read(text, vocabulary, today)
    except InvalidQuestionError:
        if len(text) <= QUESTION_LIMIT and _phrases()["elsewhere"].search(_row(text)):
            return Question(text=clean(text), topic="")
        raise


def _followed(chain: Sequence[Question], asked: Question) -> list[Question]:
    """The questions that count once `asked` is: not those before a new one, nor a follow-up that it takes back."""
    if not chain or _stands_alone(asked):
        return [asked]
    kept = (each for each in chain[1:] if _own_topic(each) or not _kinds(each) <= _kinds(asked))
    return [chain[0], *kept, asked]


def _stands_alone(asked: Question) -> bool:
    topic = _own_topic(asked)
    if not topic:
        return False
    row = _row(asked.text)
    begun = _begins(row, "opener", "joining", "only")
    return begun is None or len(topic.split()) > _TOPIC_WORDS or _is_sentence(row[begun.end() :], asked.language)


def _is_sentence(rest: str, language: str) -> bool:
    """Whether after "and" a whole question follows: "and has anyone tried drones?"."""
    words = words_of(language)
    return any(words.has(word, Part.AUXILIARY) for word in rest.split()[:3])


def _own_topic(asked: Question) -> str:
    """The topic without "and", "only in", "elsewhere": what is left of them says nothing by itself."""
    row, places = _phrases()["elsewhere"].subn(" ", row_of(asked.topic))
    if all(word in _idle() or word == "," for word in row.split()):
        return ""
    words = row.split() if places else asked.topic.split()
    if _begins(_row(asked.text), "opener", "joining", "only"):
        while words and row_of(words[0]).strip() in _idle():
            words.pop(0)
    return " ".join(words)


def _kinds(asked: Question) -> frozenset[str]:
    """The kinds of filter that it sets, or drops as "elsewhere" does the place."""
    is_elsewhere = not asked.countries and _phrases()["elsewhere"].search(_row(asked.text)) is not None
    said = {
        "where": bool(asked.countries) or is_elsewhere,
        "who": bool(asked.organisations),
        "stage": bool(asked.stages or asked.wants_stopped),
        "when": asked.period is not None,
    }
    return frozenset(kind for kind, is_said in said.items() if is_said)


def _lasting_expansions(previous: Question, asked: Question) -> tuple[str, ...]:
    """Without the names of organisations that others take the place of: those are as the question wrote them."""
    if not asked.organisations:
        return previous.expansions
    said = previous.text.casefold()
    return tuple(each for each in previous.expansions if each.casefold() not in said)


def _joined(before: str, after: str) -> str:
    before = shorten(before, max(1, QUESTION_LIMIT - len(after) - 2))
    return f"{before}{' ' if before.endswith(tuple(_SENTENCE_ENDS)) else ', '}{after}"


def _is_narrowing(said: str, row: str, *, asks: bool) -> bool:
    """Whether it brings a short topic: "what about hospitals?"."""
    begun, is_opened = _begins(row, "opener", "joining", "only"), _begins(row, "opener") is not None
    if begun is None or not (asks or is_opened):
        return False
    rest = row[begun.end() :].removesuffix("? ")
    words = rest.split()
    if not words or len(words) > _TOPIC_WORDS or "," in words or _phrases()["social"].search(rest):
        return False
    if guards()["local"].search(rest):
        return False
    if guards()["matters"].search(rest):
        return True
    # Without a word of the public sector it must ask in more words than "and", not of a person or something known here.
    is_clear = is_opened or len(begun.group().split()) > 1
    return is_clear and not _NAME_LAST.search(said) and not guards()["opening"].match(rest)


def _begins(row: str, *kinds: str) -> re.Match[str] | None:
    """The longest of these that the row begins with."""
    matches = (_phrases()[kind].match(row) for kind in kinds)
    return max((match for match in matches if match), key=lambda match: match.end(), default=None)


def _row(text: str) -> str:
    """The words for comparing, from where it goes on asking."""
    row = row_of(_after_chatter(_US.sub("USA", text)))
    rest = row
    while said := _phrases()["chatter"].match(rest):
        rest = rest[said.end() :]
    return rest if _begins(rest, "opener", "joining") else row  # "ok and for schools?"


def _after_chatter(text: str) -> str:
    """The text without "thanks!", "interesting -"; all of it where it is nothing else."""
    while match := _CHATTER_END.match(text):
        row = row_of(match[1])
        if _phrases()["chatter"].sub("", row).strip(" ,"):
            break
        text = text[match.end() :]
    return text


@functools.cache
def _phrases() -> dict[str, re.Pattern[str]]:
    return {name: any_of(text) for name, text in _table().items()}


@functools.cache
def _idle() -> frozenset[str]:
    return frozenset(word for phrase in listed_rows(_table()["idle"]) for word in phrase.split())


@functools.cache
def _table() -> dict[str, str]:
    return tomllib.loads(resources.files(__package__).joinpath("follow_up.toml").read_text("utf-8"))
