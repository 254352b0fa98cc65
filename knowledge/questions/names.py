"""Names that only the base can explain: its organisations and its acronyms."""

import re
from collections.abc import Iterator, Sequence

from knowledge.questions.places import is_place
from knowledge.questions.tokens import JOINS, Draft, Token, phrase_words
from knowledge.questions.vocabulary import Vocabulary
from knowledge.questions.words import Part, Words, name_words

# Words that a name may have at most.
_NAME_LIMIT = 9
_INSIDE_NAMES = frozenset(
    phrase_words("of the and for & de het van voor en der die für und la le du des et del di e do da")
)
_LEADS_TO_NAMES = frozenset(
    phrase_words("the by at in from within of door bij van het de von bei der die par à du la le por da do di")
)


def read_organisations(draft: Draft, words: Words, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The base's organisations that the question names, and their names as said, which are spent."""
    organisations: dict[str, None] = {}
    said: dict[str, None] = {}
    is_telling = _capitals_tell(draft)
    index = 0
    while index < len(draft.tokens):
        end, found = _organisations_at(draft, words, vocabulary, index, is_telling=is_telling)
        if found and not _is_one_of_a_kind(draft, index):
            organisations |= dict.fromkeys(found)
            said[draft.said(range(index, end))] = None
            _spend_name(draft, index, end)
        index = end
    return tuple(organisations), tuple(said)


def spelt_out(draft: Draft, words: Words, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the acronyms of the topic stand for, where the base says so and the question does not."""
    meanings: dict[str, None] = {}
    for token in draft.tokens:
        if not token.spent and _is_written_as_acronym(token, words):
            meaning = vocabulary.spelt_out(token.text)
            if meaning and meaning not in " ".join(draft.words):
                meanings[meaning] = None
    return tuple(meanings)


def _is_written_as_acronym(token: Token, words: Words) -> bool:
    """In capitals; or small, where it is a common one or cannot be a word."""
    if not (2 <= len(token.text) <= 10 and token.text[0].isalpha()):
        return False
    if token.text.isupper():
        return True
    has_vowel = any(letter in "aeiouyàáâäåæéèêëíîïóôöøúûü" for letter in token.word)
    is_common = token.word in name_words().common_acronyms or (len(token.word) > 2 and not has_vowel)
    return is_common and token.word not in words.vocabulary


def _capitals_tell(draft: Draft) -> bool:
    """Whether capitals mark names here: not where all is in capitals, or Every Word Begins With One."""
    letters = [token.text for token in draft.tokens if token.text[:1].isalpha()]
    if any(text.isupper() and len(text) > 3 for text in letters) and all(text.isupper() for text in letters):
        return len(letters) < 3
    return len(letters) < 4 or sum(text[0].islower() for text in letters) * 3 >= len(letters)


def _organisations_at(
    draft: Draft, words: Words, vocabulary: Vocabulary, start: int, *, is_telling: bool
) -> tuple[int, Sequence[str]]:
    """Where the longest name that begins here ends, and whom it names; the next token and () for none."""
    token = draft.tokens[start]
    if token.is_word and not token.spent and len(token.word) > 1:
        for end in _name_ends(draft, start):
            if not _may_be_name(draft, words, start, end, is_telling=is_telling):
                continue
            found = vocabulary.organisations(draft.said(range(start, end)))
            if found and _is_meant(draft, vocabulary, found, start, end):
                return end, found
    return start + 1, ()


def _name_ends(draft: Draft, start: int) -> Iterator[int]:
    """Where a name that begins here may end, the longest first."""
    furthest = min(start + _NAME_LIMIT, draft.clause_of(start).stop)
    for end in range(furthest, start, -1):
        if draft.is_free(start, end) and draft.tokens[end - 1].is_word and draft.words[end - 1] not in _INSIDE_NAMES:
            yield end


def _may_be_name(draft: Draft, words: Words, start: int, end: int, *, is_telling: bool) -> bool:
    """Whether these tokens are written as a name is."""
    first, last = draft.tokens[start], draft.tokens[end - 1]
    known = name_words()
    if is_place(draft, words, start, end) and last.word not in known.organisation_nouns:
        return False
    if is_place(draft, words, start, start + 1) and not last.is_capitalised:  # "Dutch tax authority"
        return False
    is_short = end <= start + 2 and not (first.is_capitalised and last.is_capitalised)
    if is_short and first.word in known.generic_beginnings:
        return False
    if end > start + 1:
        if first.word in known.municipal_nouns and last.is_capitalised:
            return True
        if is_telling and any(token.is_capitalised for token in draft.tokens):
            return first.is_capitalised and (last.is_capitalised or last.word in known.organisation_nouns)
        return last.word in known.organisation_nouns
    if first.text.isupper():
        return is_telling and first.word not in known.common_acronyms
    if not (is_telling and first.is_capitalised) or (first.word,) in words.parts:
        return False
    is_first = start == draft.clause_of(start).start
    return not is_first or words.has(draft.word_at(end), Part.AUXILIARY | Part.VERB)


def _is_meant(draft: Draft, vocabulary: Vocabulary, found: Sequence[str], start: int, end: int) -> bool:
    """Whether the name is one of an organisation rather than some words out of it, or an acronym of something else."""
    name = draft.said(range(start, end))
    if end == start + 1 and name.isupper():
        meaning = vocabulary.spelt_out(name)
        return meaning is None or any(meaning in each.casefold().replace("&", "and") for each in found)
    if end > start + 1 and any(
        token.word in name_words().organisation_nouns | name_words().municipal_nouns
        for token in draft.tokens[start:end]
    ):
        return True
    part = re.compile(
        rf"(?:^|[/,;:(|–-] ?)(?:the |u\.?s\.? |gemeente |city of )?{re.escape(name)} ?(?:$|[/,;:()|–-])", re.IGNORECASE
    )
    return any(part.search(each) for each in found)


def _is_one_of_a_kind(draft: Draft, start: int) -> bool:
    """Whether it is but one example beside a kind: "a water board or Rijkswaterstaat" keeps to neither."""
    if start < 2 or draft.words[start - 1] not in JOINS:
        return False
    kind = draft.tokens[start - 2]
    return not kind.spent and not kind.is_capitalised and kind.is_word


def _spend_name(draft: Draft, start: int, end: int) -> None:
    if start > 1 and draft.words[start - 1] in JOINS and draft.tokens[start - 2].spent:
        start -= 1
    while start > 0 and draft.words[start - 1] in _LEADS_TO_NAMES and not draft.tokens[start - 1].spent:
        start -= 1
    draft.spend(start, end)
