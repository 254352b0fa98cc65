"""From text to the terms that are counted: words, folded, without stop words, stemmed by their language."""

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterable

import Stemmer

from knowledge.text import fold

ANALYSIS = 1
"""Counted up whenever the same text would give other terms: every index is then made anew."""

_WORD = re.compile(r"[^\W_]+")
_ALGORITHMS = {
    "ca": "catalan", "da": "danish", "de": "german", "en": "english", "es": "spanish", "et": "estonian",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "sv": "swedish",
}  # fmt: skip
_SCANDINAVIAN = frozenset({"da", "nb", "nn", "no", "sv"})
_LONGEST = 60  # characters of a word; what is longer is an address or noise


def words(text: str) -> list[str]:
    """Folded: lower case, without accents, so that "Zürich" and "zurich" are the same word."""
    return [word for word in _WORD.findall(fold(text)) if len(word) <= _LONGEST]


def family(language: str) -> str:
    """The language whose words are kept for `language`: the Scandinavian ones are kept together."""
    return "no" if language in _SCANDINAVIAN else language


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Folded; none for a language that has no list."""
    lists = tomllib.loads(importlib.resources.files(__package__).joinpath("stop_words.toml").read_text("utf-8"))
    return frozenset(str(lists.get(family(language), "")).split())


@functools.cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_ALGORITHMS.get(language, "english"))


def stem(word: str, language: str) -> str:
    """The stem of a folded word; languages without a stemmer are stemmed as English."""
    return str(_stemmer(language).stemWord(word))


def stems(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """The different stems that a word has in these languages."""
    return tuple(dict.fromkeys(stem(word, language) for language in languages))


def terms(text: str, language: str) -> list[str]:
    """What is counted of a record's text."""
    stemmer, stops = _stemmer(language), stop_words(language)
    return list(stemmer.stemWords([word for word in words(text) if word not in stops]))
