"""Where a question asks about: countries, parts and groups of them, and what only looks like one."""

import functools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from knowledge.countries import country_name, country_names, names_to_codes
from knowledge.question_tokens import Draft, Token, without_accents
from knowledge.question_words import Part, Phrases, Words, listed


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


@dataclass(frozen=True, slots=True)
class Where:
    """`codes` to keep to; `said` names them in the asker's words; `parts` are regions by which to rank."""

    codes: tuple[str, ...] = ()
    said: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    place: Place
    start: int
    end: int


def read_places(draft: Draft, words: Words) -> Where:
    """Spend the words that say where to look; those that belong to the topic stay."""
    found = [each for each in _found(draft, words) if _is_filter(draft, words, each)]
    found = [each for each in found if not _spend_own_place(draft, words, each)]
    codes: list[str] = []
    barred: set[str] = set()
    said: list[str] = []
    for each in found:
        start = _spend_with_prepositions(draft, each)
        outside = _outside(draft, start)
        draft.spend(start - outside, start)
        said.append(draft.said(range(start - outside if outside else each.start, each.end)))
        if outside or (barred and _is_joined(draft, each)):
            barred.update(each.place.codes)
        else:
            codes.extend(each.place.codes)
    if barred:
        # Only what the question leaves: every other country, so that a filter of its own kind is not needed.
        codes = [code for code in codes or country_names() if code not in barred]
    parts = tuple(dict.fromkeys(each.place.name for each in found if each.place.kind is PlaceKind.PART))
    return Where(tuple(dict.fromkeys(codes)), " / ".join(dict.fromkeys(said)), parts)


def is_place(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether these tokens name a place and nothing more."""
    return any(length >= end - start for length, _ in _gazetteer(words.language).at(draft.plain, start))


def _found(draft: Draft, words: Words) -> Iterator[_Found]:
    gazetteer = _gazetteer(words.language)
    row = [plain.removesuffix("'s") for plain in draft.plain]
    index = 0
    while index < len(row):
        length, place = next(gazetteer.at(row, index), (1, None))
        if place is None and not words.language:
            place = _foreign_name(draft.tokens[index], row[index])
        if place and draft.is_free(index, index + length) and place.kind is not PlaceKind.TRAP:
            yield _Found(place, index, index + length)
        index += length


def _foreign_name(token: Token, plain: str) -> Place | None:
    """A country by its name in any language: only where the question's own is not known, and with a capital."""
    code = names_to_codes().get(token.word) if token.is_capitalised and len(plain) > 4 else None
    return Place(PlaceKind.NAME, (code,), country_name(code)) if code and plain not in _also_words() else None


def _is_filter(draft: Draft, words: Words, found: _Found) -> bool:
    token, before = draft.tokens[found.start], draft.word_at(found.start - 1)
    is_one_word = found.end == found.start + 1
    if is_one_word and token.word.isalpha() and len(token.word) <= 3 and not _is_code(draft, token, before):
        return False
    if is_one_word and token.plain in _also_words() and not _is_surely_name(draft, words, found):
        return False
    if _head_before(draft, found):
        return False
    return found.place.kind not in (PlaceKind.DEMONYM, PlaceKind.PART) or _names_doers(draft, words, found)


def _is_code(draft: Draft, token: Token, before: str) -> bool:
    """Whether a short name is meant as one: "US" is, "us" is not, nor is any where all is in capitals."""
    if token.plain in ("uk", "usa", "uae", "ue", "eu", "vk", "u.s.", "u.k."):
        return True
    if not token.text.isupper():
        return before == "the" and token.plain == "us"
    return any(each.text[:1].isalpha() and not each.text.isupper() for each in draft.tokens)


def _is_surely_name(draft: Draft, words: Words, found: _Found) -> bool:
    before, after = draft.word_at(found.start - 1), draft.word_at(found.end)
    is_after_in = before in ("in", "from")
    if draft.tokens[found.start].is_capitalised:
        is_first = found.start in {clause.start for clause in draft.clauses}
        return not is_first or words.has(after, Part.AUXILIARY | Part.LINK) or not after.isalpha()
    return is_after_in and (not after.isalpha() or words.has(after, Part.AUXILIARY | Part.LINK | Part.VERB))


def _head_before(draft: Draft, found: _Found) -> bool:
    """Whether the place hangs on a word that makes it part of the topic: "translate into …", "refugees from …"."""
    traps, prepositions = _traps(), _prepositions()
    index = found.start - 1
    clause = draft.clause_of(found.start)
    for _ in range(4):
        word = draft.plain[index] if index >= clause.start else ""
        if word in traps["other_heads"]:
            return True
        if word in traps["language_heads"]:
            is_tongue = found.place.kind in (PlaceKind.DEMONYM, PlaceKind.PART)
            return is_tongue or word.startswith(("lang", "spe", "spok", "dialect"))
        if word not in prepositions and word not in ("to", "into", "and", "or", "between", "with"):
            return False
        index -= 1
    return False


def _names_doers(draft: Draft, words: Words, found: _Found) -> bool:
    """Whether a demonym stands for where doers are: "Dutch councils", "the Danes have", not "in Dutch"."""
    if found.place.kind is PlaceKind.PART and not _is_demonym_like(found):
        return True
    traps, index = _traps(), found.end
    gazetteer = _gazetteer(words.language)
    while draft.word_at(index) in _JOINS or any(
        place.kind in (PlaceKind.DEMONYM, PlaceKind.PART) for _, place in _at(gazetteer, draft.plain, index)
    ):
        index += 1
    after = draft.plain[index] if index < len(draft.plain) else ""
    if after in traps["language_nouns"] or after in traps["people_nouns"]:
        return False
    if words.language in _NOUN_FIRST:
        before = draft.word_at(found.start - 1)
        return before[:1].isalpha() and not words.has(before, Part.LINK)
    if after[:1].isalpha() and not words.has(after, Part.LINK | Part.AUXILIARY | Part.TAIL):
        return True
    return draft.word_at(found.start - 1) in ("the", "de", "die") and words.has(after, Part.AUXILIARY)


def _at(gazetteer: Phrases[Place], row: Sequence[str], index: int) -> Iterator[tuple[int, Place]]:
    return gazetteer.at(row, index) if index < len(row) else iter(())


def _is_demonym_like(found: _Found) -> bool:
    return found.place.name in _PART_DEMONYMS


def _spend_own_place(draft: Draft, words: Words, found: _Found) -> bool:
    """Whether it says where the asker is ("we're a town in Norway"); that is nothing to search for."""
    clause = draft.clause_of(found.start)
    own = _own()
    for start in clause:
        if start >= found.start:
            break
        length = next((length for length, _ in own.at(draft.words, start)), 0)
        if length and start + length <= found.start and not _asks(draft, words, clause, start):
            draft.spend(start, found.end)
            return True
    return False


def _asks(draft: Draft, words: Words, clause: range, start: int) -> bool:
    return any(words.has(draft.words[index], Part.ASKED) for index in range(clause.start, start))


def _spend_with_prepositions(draft: Draft, found: _Found) -> int:
    """Spend a place, what leads to it and what joins it to the place before; where that begins."""
    start = found.start
    if found.place.kind is not PlaceKind.DEMONYM or draft.word_at(start - 1) in _JOINS:
        while start > 0 and (draft.plain[start - 1] in _prepositions() or _joins_spent(draft, start - 1)):
            if _ends_outside(draft, start):
                break
            start -= 1
    draft.spend(start, found.end)
    return start


_JOINS = frozenset({
    "and", "or", "/", ",", "&", "en", "of", "und", "oder", "et", "ou", "y", "o", "e", "og", "eller", "och", "ja", "tai",
})  # fmt: skip
# Languages that put the demonym after its noun.
_NOUN_FIRST = frozenset({"fr", "es", "it", "pt"})
_PART_DEMONYMS = frozenset({
    "flemish", "walloon", "scottish", "welsh", "english", "northern irish", "catalan", "basque", "andalusian",
    "galician", "valencian", "bavarian", "tuscan", "sicilian", "breton",
})  # fmt: skip


def _joins_spent(draft: Draft, index: int) -> bool:
    return index > 0 and draft.words[index] in _JOINS and draft.tokens[index - 1].spent


def _is_joined(draft: Draft, found: _Found) -> bool:
    return draft.word_at(found.start - 1) in _JOINS or draft.word_at(found.start - 2) in _JOINS


def _ends_outside(draft: Draft, end: int) -> bool:
    return _outside(draft, end) > 0


def _outside(draft: Draft, end: int) -> int:
    """How many words before `end` say "outside of"."""
    outside = _outside_phrases()
    for length in (4, 3, 2, 1):
        if end >= length and tuple(draft.words[end - length : end]) in outside:
            return length
    return 0


@functools.cache
def _gazetteer(language: str) -> Phrases[Place]:
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
    for code, names in table["names"].items():
        for phrase in listed(names):
            yield phrase, Place(PlaceKind.NAME, (code,), country_name(code))
    for each in dict.fromkeys(("en", language or "en")):
        yield from _demonyms(each)
        for code in country_names():
            for phrase in listed(without_accents(country_name(code, each)).replace("(", ",").replace(")", "")):
                yield phrase, Place(PlaceKind.NAME, (code,), country_name(code))
    for name, code in names_to_codes().items():
        if name.isascii() and " " in name:
            yield next(listed(name)), Place(PlaceKind.NAME, (code,), country_name(code))
    for kind in ("plain", "after_in"):
        for code in table["codes"][kind].split():
            ours = {"UK": "GB", "UAE": "AE", "USA": "US"}.get(code, code)
            prefix = () if kind == "plain" else ("in",)
            yield (*prefix, code.casefold()), Place(PlaceKind.NAME, (ours,), country_name(ours))


def _demonyms(language: str) -> Iterator[tuple[tuple[str, ...], Place]]:
    table = _table()
    for code, stems in table["demonyms"].get(language, {}).items():
        for stem in listed(stems):
            for ending in table["endings"][language].split():
                phrase = (*stem[:-1], stem[-1] + ending.removeprefix("~"))
                yield phrase, Place(PlaceKind.DEMONYM, (code,), country_name(code))


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("knowledge").joinpath("question_places.toml").read_text("utf-8"))


@functools.cache
def _traps() -> dict[str, frozenset[str]]:
    return {name: _single_words(text) for name, text in _table()["traps"].items()}


@functools.cache
def _also_words() -> frozenset[str]:
    return _single_words(_table()["traps"]["also_words"])


@functools.cache
def _own() -> Phrases[bool]:
    return Phrases((phrase, True) for phrase in listed(_table()["traps"]["own"]))


@functools.cache
def _prepositions() -> frozenset[str]:
    return _single_words(_table()["prepositions"]["before"])


@functools.cache
def _outside_phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(listed(_table()["prepositions"]["outside"]))


def _single_words(text: str) -> frozenset[str]:
    return frozenset(word for phrase in listed(text) for word in phrase)
