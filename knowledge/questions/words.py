"""The words that people put around a question, by language, read once from words.toml."""

import functools
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from importlib import resources
from typing import Generic, TypeVar

from knowledge.questions.tokens import phrase_words

Value = TypeVar("Value")

LANGUAGES = ("en", "nl", "de", "fr", "es", "it", "pt", "no", "da", "sv", "fi")
# Languages that put adjectives and demonyms after their noun.
NOUN_FIRST = frozenset({"fr", "es", "it", "pt"})

# A language is told where its words weigh this much, and this many times as much as those of any unlike it.
_ENOUGH = 1.0
_LEAD = 1.25
# In more words than these, one of them is no sign.
_SHORT = 4
_FAMILIES = (frozenset({"no", "da", "sv"}), frozenset({"es", "pt", "it"}), frozenset({"nl", "de"}))


class Part(Flag):
    """What a phrase does around a question; the data file says what each means."""

    GREETING = auto()
    CHATTER = auto()
    OPENER = auto()
    ASKED = auto()
    AUXILIARY = auto()
    ADVERB = auto()
    ARTICLE = auto()
    ADJECTIVE = auto()
    ACTOR = auto()
    KIND = auto()
    VERB = auto()
    LIGHT = auto()
    PARTICLE = auto()
    THING = auto()
    LINK = auto()
    TAIL = auto()
    STOPPED = auto()
    STOPPED_BEFORE = auto()
    STOPPED_AFTER = auto()
    STOPPED_OWN = auto()
    STOPPED_DONE = auto()
    STOPPED_BY = auto()
    SOUGHT = auto()
    OWN = auto()
    PLANNED = auto()
    DEVELOPMENT = auto()
    PILOTING = auto()
    IMPLEMENTED = auto()
    RUNNING = auto()
    COMPLETED = auto()
    TOOL = auto()
    UNFIT = auto()


class Phrases(Generic[Value]):
    """Values by phrase, found at a place in a row of words, the longest first."""

    def __init__(self, entries: Iterable[tuple[Sequence[str], Value]] = ()) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Value]]] = {}
        for phrase, value in entries:
            self._by_first.setdefault(phrase[0], []).append((tuple(phrase), value))
        for those in self._by_first.values():
            those.sort(key=lambda entry: -len(entry[0]))

    def at(self, words: Sequence[str], start: int) -> Iterator[tuple[int, Value]]:
        """How many words each phrase that begins at `start` has, and its value; the longest first."""
        for phrase, value in self._by_first.get(words[start], ()):
            if len(phrase) == 1 or tuple(words[start : start + len(phrase)]) == phrase:
                yield len(phrase), value


@dataclass(frozen=True, slots=True)
class Words:
    """What is said around questions in one language; `vocabulary` has every word of it."""

    language: str
    phrases: Phrases[Part]
    parts: Mapping[tuple[str, ...], Part]
    vocabulary: frozenset[str]

    def length(self, words: Sequence[str], start: int, wanted: Part) -> int:
        """How many words the longest phrase of a wanted part has that begins at `start`; 0 for none."""
        return next((length for length, part in self.phrases.at(words, start) if part & wanted), 0)

    def has(self, word: str, wanted: Part) -> bool:
        part = self.parts.get((word,))
        return part is not None and bool(part & wanted)


@dataclass(frozen=True, slots=True)
class NameWords:
    """Words that tell whether a question names an organisation, in any language; the data file explains each list."""

    organisation_nouns: frozenset[str]
    municipal_nouns: frozenset[str]
    generic_beginnings: frozenset[str]
    common_acronyms: frozenset[str]


@functools.cache
def words_of(language: str) -> Words:
    """Those of English where the language is not known."""
    parts: dict[tuple[str, ...], Part] = {}
    table = _tables().get(language) or _tables()["en"]
    for part in Part:
        for phrase in listed(table.get(str(part.name).lower(), "")):
            parts[phrase] = parts.get(phrase, part) | part
    vocabulary = {word for phrase in (*parts, *listed(table["function"])) for word in phrase}
    return Words(language, Phrases(parts.items()), parts, frozenset(vocabulary))


def language_of(words: Sequence[str]) -> str:
    """The language that most of the words around the question belong to; "" where that is not clear."""
    weights = _weights()
    scores: Counter[str] = Counter()
    for word in words:
        for language, weight in weights.get(word, ()):
            scores[language] += weight  # type: ignore[assignment]  # Counter's own stubs know only whole numbers
    ranked = scores.most_common()
    told = sum(word in weights for word in words)
    if not ranked or ranked[0][1] < _ENOUGH or (told < 2 and len(words) > _SHORT):
        return ""
    language, score = ranked[0]
    rival = next((other for each, other in ranked[1:] if _family(each) != _family(language)), 0.0)
    return language if score >= _LEAD * rival else ""


def _family(language: str) -> frozenset[str]:
    """Languages so alike that a wrong guess among them does no harm."""
    return next((family for family in _FAMILIES if language in family), frozenset({language}))


def listed(text: str) -> Iterator[tuple[str, ...]]:
    """The phrases of a list as the data files write it: commas or lines end them."""
    for phrase in text.replace("\n", ",").split(","):
        if phrase.strip():
            yield phrase_words(phrase.strip())


@functools.cache
def _weights() -> dict[str, list[tuple[str, float]]]:
    """What each function word says for which languages: the more languages share it, the less."""
    owners: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for phrase in listed(_tables()[language]["function"]):
            owners.setdefault(phrase[0], []).append(language)
    return {word: [(language, 1 / len(those)) for language in those] for word, those in owners.items()}


@functools.cache
def name_words() -> NameWords:
    return NameWords(**{name: frozenset(text.split()) for name, text in _tables()["names"].items()})


@functools.cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
