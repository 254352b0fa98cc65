"""The places that questions name, by how people call them, and what only looks like one; from places.toml."""

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from knowledge.countries import country_name, country_names, names_to_codes
from knowledge.questions.words import Phrases, listed
from knowledge.text import fold


class PlaceKind(StrEnum):
    NAME = "name"
    PART = "part"
    GROUP = "group"
    DEMONYM = "demonym"
    TRAP = "trap"


@dataclass(frozen=True, slots=True)
class Place:
    kind: PlaceKind
    codes: tuple[str, ...] = ()
    name: str = ""


@functools.cache
def gazetteer(language: str) -> Phrases[Place]:
    entries: dict[tuple[str, ...], Place] = {}
    for phrase, place in _entries(language):
        entries.setdefault(phrase, place)
    return Phrases(entries.items())


def _entries(language: str) -> Iterator[tuple[tuple[str, ...], Place]]:
    """What comes first holds where two places share a name."""
    table = _table()
    for phrase in listed(table["traps"]["expressions"]):
        yield phrase, Place(PlaceKind.TRAP)
    for group, names in table["group_names"].items():
        for phrase in listed(names):
            yield phrase, Place(PlaceKind.GROUP, tuple(table["groups"][group].split()), " ".join(phrase))
    for code, names in table["regions"].items():
        for phrase in listed(names):
            yield phrase, Place(PlaceKind.PART, (code,), " ".join(phrase))
    for code, names in table["region_demonyms"].items():
        for phrase in listed(names):
            yield phrase, Place(PlaceKind.DEMONYM, (code,), " ".join(phrase))
    for code, names in table["names"].items():
        for phrase in listed(names):
            yield phrase, Place(PlaceKind.NAME, (code,), country_name(code))
    yield from _demonyms(language or "en")
    for each in dict.fromkeys(("en", language or "en")):
        for code in country_names():
            for phrase in listed(fold(country_name(code, each)).replace("(", ",").replace(")", "")):
                yield phrase, Place(PlaceKind.NAME, (code,), country_name(code))
    for name, code in names_to_codes().items():
        if name.isascii() and " " in name:
            yield next(listed(name)), Place(PlaceKind.NAME, (code,), country_name(code))
    for kind in ("always", "plain", "after_in"):
        for code in table["codes"][kind].split():
            ours = {"UK": "GB", "UAE": "AE", "USA": "US"}.get(code, code)
            yield (code.casefold(),), Place(PlaceKind.NAME, (ours,), country_name(ours))


def _demonyms(language: str) -> Iterator[tuple[tuple[str, ...], Place]]:
    table = _table()
    for code, stems in table["demonyms"].get(language, {}).items():
        for stem in listed(stems):
            for ending in table["endings"][language].split():
                phrase = (*stem[:-1], stem[-1] + ending.removeprefix("~"))
                yield phrase, Place(PlaceKind.DEMONYM, (code,), country_name(code))


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("places.toml").read_text("utf-8"))


@functools.cache
def traps() -> dict[str, frozenset[str]]:
    return {name: _single_words(text) for name, text in _table()["traps"].items()}


@functools.cache
def also_words() -> frozenset[str]:
    return _single_words(_table()["traps"]["also_words"])


@functools.cache
def own() -> Phrases[bool]:
    return Phrases((phrase, True) for phrase in listed(_table()["traps"]["own"]))


@functools.cache
def codes() -> dict[str, str]:
    """Codes, and how much it takes to read each as a place."""
    return {code.casefold(): kind for kind, text in _table()["codes"].items() for code in text.split()}


@functools.cache
def prepositions(language: str) -> frozenset[str]:
    """Words that lead to a place, and go with it; those of all languages where the language is not known."""
    table = _table()["prepositions"]
    english = _single_words(table["english"])
    return english if language == "en" else english | _single_words(table["others"])


@functools.cache
def outside_phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(listed(_table()["prepositions"]["outside"]))


def _single_words(text: str) -> frozenset[str]:
    return frozenset(word for phrase in listed(text) for word in phrase)
