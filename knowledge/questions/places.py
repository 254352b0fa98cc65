"""Where a question asks about: countries, parts and groups of them, and what only looks like one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.countries import country_name, country_names, names_to_codes
from knowledge.questions.gazetteer import (
    Place,
    PlaceKind,
    also_words,
    codes,
    gazetteer,
    outside_phrases,
    own,
    prepositions,
    traps,
)
from knowledge.questions.tokens import JOINS, Draft, Token
from knowledge.questions.words import NOUN_FIRST, Part, Words


@dataclass(frozen=True, slots=True)
class Where:
    """`codes` to keep to; `said` names them in the asker's words."""

    codes: tuple[str, ...] = ()
    said: str = ""


# Of more places than these and one, only how many they are is said back.
_SAID_LIMIT = 3
# Beside what leads to a place, what may stand between it and the word that it hangs on.
_MORE_LEADING = frozenset({"to", "into", "and", "or", "between", "with"})


@dataclass(frozen=True, slots=True)
class _Found:
    place: Place
    start: int
    end: int


# People from a place are not in it.
_AWAY_FROM = frozenset({"from", "aus", "uit", "fra", "fran", "desde", "fleeing"})
_SENTENCE_ENDS = frozenset(".!?\n")


def read_places(draft: Draft, words: Words) -> Where:
    """Spend the words that say where to look; those that belong to the topic stay."""
    found = [each for each in _found(draft, words) if _is_filter(draft, words, each)]
    found = [each for each in found if not _spend_own_place(draft, words, each)]
    wanted: list[str] = []
    barred: set[str] = set()
    said: list[str] = []
    for each in found:
        start = _spend_with_prepositions(draft, words, each)
        outside = _outside(draft, start)
        draft.spend(start - outside, start)
        said.append(draft.said(range(start - outside if outside else each.start, each.end)))
        if outside or (barred and _is_joined(draft, each)):
            barred.update(each.place.codes)
        else:
            wanted.extend(each.place.codes)
    if barred:
        # Only what the question leaves: every other country, so that a filter of its own kind is not needed.
        wanted = [code for code in wanted or country_names() if code not in barred]
    return Where(tuple(dict.fromkeys(wanted)), _shortly(tuple(dict.fromkeys(said))))


def _shortly(names: Sequence[str]) -> str:
    more = len(names) - _SAID_LIMIT
    return " / ".join(names) if more < 2 else f"{' / '.join(names[:_SAID_LIMIT])} and {more} more"


def is_place(draft: Draft, words: Words, start: int, end: int) -> bool:
    """Whether these tokens name a place and nothing more."""
    return any(length >= end - start for length, _ in gazetteer(words.language).at(draft.plain, start))


def _found(draft: Draft, words: Words) -> Iterator[_Found]:
    names = gazetteer(words.language)
    row = [plain.removesuffix("'s") for plain in draft.plain]
    index = 0
    while index < len(row):
        length, place = next(names.at(row, index), (1, None))
        if place is None and not words.language:
            place = _foreign_name(draft.tokens[index], row[index])
        if place and draft.is_free(index, index + length) and place.kind is not PlaceKind.TRAP:
            yield _Found(place, index, index + length)
        index += length


def _foreign_name(token: Token, plain: str) -> Place | None:
    """A country by its name in any language: only where the question's own is not known, and with a capital."""
    code = names_to_codes().get(token.word) if token.is_capitalised and len(plain) > 4 else None
    return Place(PlaceKind.NAME, (code,), country_name(code)) if code and plain not in also_words() else None


def _is_filter(draft: Draft, words: Words, found: _Found) -> bool:
    token = draft.tokens[found.start]
    is_one_word = found.end == found.start + 1
    if is_one_word and len(token.word) <= 4 and not _is_code(draft, found.start, words.language):
        return False
    if is_one_word and token.plain in also_words() and not _is_surely_name(draft, words, found):
        return False
    if _head_before(draft, words, found):
        return False
    return found.place.kind is not PlaceKind.DEMONYM or _names_doers(draft, words, found)


def _is_code(draft: Draft, index: int, language: str) -> bool:
    """Whether a short name is meant as one: "US" is, "us" is not, nor is any where all is in capitals."""
    token, kinds = draft.tokens[index], codes()
    if token.plain not in kinds:
        return True
    if not token.text.isupper():
        is_plain = kinds[token.plain] == "always" and language in ("", "en")
        return is_plain or (draft.word_at(index - 1) == "the" and token.plain == "us")
    if not any(each.text[:1].isalpha() and not each.text.isupper() for each in draft.tokens):
        return False
    while kinds[token.plain] == "after_in" and draft.word_at(index - 1) in JOINS and draft.word_at(index - 2) in kinds:
        index -= 2
    return kinds[token.plain] != "after_in" or draft.word_at(index - 1) in ("in", "from")


def _is_surely_name(draft: Draft, words: Words, found: _Found) -> bool:
    before, after = draft.word_at(found.start - 1), draft.word_at(found.end)
    is_after_in = before in ("in", "from")
    if draft.tokens[found.start].is_capitalised:
        if found.place.kind is PlaceKind.DEMONYM:
            return not words.has(after, Part.ARTICLE)
        is_first = found.start in {clause.start for clause in draft.clauses}
        return not is_first or words.has(after, Part.AUXILIARY | Part.LINK) or not after.isalpha()
    return is_after_in and (not after.isalpha() or words.has(after, Part.AUXILIARY | Part.LINK | Part.VERB))


def _head_before(draft: Draft, words: Words, found: _Found) -> bool:
    """Whether the place hangs on a word that makes it part of the topic: "translate into …", "refugees from …"."""
    heads, leading = traps(), prepositions(words.language) | _MORE_LEADING
    index = found.start - 1
    clause = draft.clause_of(found.start)
    for _ in range(4):
        word = draft.plain[index] if index >= clause.start else ""
        if word in heads["other_heads"]:
            return True
        if word in heads["people_nouns"] | heads["movers"]:
            return draft.plain[index + 1] in _AWAY_FROM
        if word in heads["language_heads"]:
            return found.place.kind is PlaceKind.DEMONYM or word.startswith(("lang", "spe", "spok", "dialect"))
        if word not in leading:
            return False
        index -= 1
    return False


def _names_doers(draft: Draft, words: Words, found: _Found) -> bool:
    """Whether a demonym stands for where doers are: "Dutch councils", "the Danes have", not "in Dutch"."""
    index = found.end
    while draft.word_at(index) in JOINS or _is_demonym(draft, words, index):
        index += 1
    after = draft.plain[index] if index < len(draft.plain) else ""
    if after in traps()["language_nouns"] or after in traps()["people_nouns"]:
        return False
    if words.language in NOUN_FIRST:
        before = draft.word_at(found.start - 1)
        return before[:1].isalpha() and not words.has(before, Part.LINK)
    if after[:1].isalpha() and not words.has(after, Part.LINK | Part.AUXILIARY | Part.TAIL):
        return True
    return draft.word_at(found.start - 1) in ("the", "de", "die") and words.has(after, Part.AUXILIARY)


def _is_demonym(draft: Draft, words: Words, index: int) -> bool:
    if index >= len(draft.plain):
        return False
    return any(place.kind is PlaceKind.DEMONYM for _, place in gazetteer(words.language).at(draft.plain, index))


def _spend_own_place(draft: Draft, words: Words, found: _Found) -> bool:
    """Whether it says where the asker is ("we're a town in Norway"); that is nothing to search for."""
    for start in range(found.start - 1, -1, -1):
        if draft.words[start] in _SENTENCE_ENDS or words.length(draft.words, start, Part.ASKED | Part.OPENER):
            return False
        length = next((length for length, _ in own().at(draft.words, start)), 0)
        if length and start + length <= found.start:
            draft.spend(start, found.end)
            return True
    return False


def _spend_with_prepositions(draft: Draft, words: Words, found: _Found) -> int:
    """Spend a place, what leads to it and what joins it to the place before; where that begins."""
    start = found.start
    leading = prepositions(words.language)
    if found.place.kind is not PlaceKind.DEMONYM or draft.word_at(start - 1) in JOINS:
        while start > 0 and not _outside(draft, start):
            if draft.plain[start - 1] not in leading and not _joins_spent(draft, start - 1):
                break
            start -= 1
    draft.spend(start, found.end)
    return start


def _joins_spent(draft: Draft, index: int) -> bool:
    return index > 0 and draft.words[index] in JOINS and draft.tokens[index - 1].spent


def _is_joined(draft: Draft, found: _Found) -> bool:
    return draft.word_at(found.start - 1) in JOINS or draft.word_at(found.start - 2) in JOINS


def _outside(draft: Draft, end: int) -> int:
    """How many words before `end` say "outside of"."""
    for length in (4, 3, 2, 1):
        if end >= length and tuple(draft.words[end - length : end]) in outside_phrases():
            return length
    return 0
