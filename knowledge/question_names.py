"""Names and words that only the base can explain: its organisations, its acronyms, its spelling."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from knowledge.question_tokens import Draft, Token
from knowledge.question_words import Part, Words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from knowledge.questions import Vocabulary

# Words that a name may have at most, and corrections that one question may need.
_NAME_LIMIT = 9
_REPAIR_LIMIT = 12
# A question is in the base's language where it knows this share of the words.
_KNOWN_SHARE = 0.5
_INSIDE_NAMES = frozenset(
    "of the and for & de het van voor en der die für und la le du des et del di e do da - / '".split()
)
_LEADS_TO_NAMES = frozenset(
    "the by at in from within of with door bij van het de von bei der die par à du la le por da do di".split()
)
_ALTERNATIVES = frozenset("or and of en oder und ou et o y e eller og och tai ja".split())
_FRAME = Part.ASKED | Part.VERB | Part.KIND | Part.OPENER | Part.AUXILIARY | Part.ACTOR | Part.THING | Part.CHATTER


def read_organisations(draft: Draft, words: Words, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The base's organisations that the question names, spending their names."""
    organisations: dict[str, None] = {}
    is_telling = _capitals_tell(draft)
    index = 0
    while index < len(draft.tokens):
        length, found = _organisations_at(draft, words, vocabulary, index, is_telling=is_telling)
        if found:
            organisations |= dict.fromkeys(found)
            organisations |= dict.fromkeys(_alternatives(draft, vocabulary, index))
            _spend_name(draft, index, index + length)
        index += length
    return tuple(organisations)


def spelt_out(draft: Draft, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the acronyms of the topic stand for, where the base says so and the question does not."""
    meanings: dict[str, None] = {}
    for token in draft.tokens:
        if not token.spent and 2 <= len(token.text) <= 10 and token.text[0].isalpha():
            meaning = vocabulary.spelt_out(token.text)
            if meaning and meaning not in " ".join(draft.words):
                meanings[meaning] = None
    return tuple(meanings)


def repair(draft: Draft, words: Words, vocabulary: Vocabulary) -> None:
    """Put right what is misspelt: words around the question, then words that the base has and the asker missed.

    Left alone: what the base knows, names, acronyms, numbers, and questions in a language that the base does not hold.
    """
    unknown = [token for token in draft.tokens if _may_be_misspelt(token, words, vocabulary)]
    for token in unknown[:_REPAIR_LIMIT]:
        if frame_word := _nearest_frame_word(token.word, words):
            token.reword(frame_word)
    if _is_in_known_language(draft, words, vocabulary):
        for token in unknown[:_REPAIR_LIMIT]:
            if _may_be_misspelt(token, words, vocabulary) and (nearest := vocabulary.nearest(token.word)):
                token.reword(nearest)
    draft.refresh()


def _may_be_misspelt(token: Token, words: Words, vocabulary: Vocabulary) -> bool:
    word = token.word
    return (
        len(word) >= 4
        and word.isalpha()
        and (token.text.islower() or (token.start == 0 and token.text[1:].islower()))
        and (word,) not in words.parts
        and not words.function(word)
        and vocabulary.frequency(word) == 0
    )


def _is_in_known_language(draft: Draft, words: Words, vocabulary: Vocabulary) -> bool:
    """Whether the base holds enough of the question's other words; those around questions say nothing of that."""
    told = [
        vocabulary.frequency(token.word) > 0
        for token in draft.tokens
        if len(token.word) > 3 and token.word.isalpha() and (token.word,) not in words.parts
    ]
    return sum(told) >= _KNOWN_SHARE * len(told) if words.language == "en" else sum(told) * 4 >= len(told) * 3 > 0


def _nearest_frame_word(word: str, words: Words) -> str | None:
    """A word said around questions from which this one differs by a letter left out, doubled or swapped."""
    if len(word) < 5:
        return None
    for candidate in _frame_words(words.language):
        is_swap = len(candidate) == len(word) and sorted(candidate) == sorted(word)
        if (
            candidate[0] == word[0]
            and (is_swap or len(candidate) != len(word))
            and OSA.distance(word, candidate, score_cutoff=1) == 1
            and candidate.rstrip("s") != word.rstrip("s")
        ):
            return candidate
    return None


@functools.cache
def _frame_words(language: str) -> tuple[str, ...]:
    parts = words_of(language).parts
    return tuple(
        phrase[0] for phrase, part in parts.items() if len(phrase) == 1 and len(phrase[0]) > 4 and part & _FRAME
    )


def _capitals_tell(draft: Draft) -> bool:
    """Whether capitals mark names here: not where all is in capitals, or Every Word Begins With One."""
    letters = [token.text for token in draft.tokens if token.text[:1].isalpha()]
    if any(text.isupper() and len(text) > 3 for text in letters) and all(text.isupper() for text in letters):
        return len(letters) < 3
    return len(letters) < 4 or sum(text[0].islower() for text in letters) * 3 >= len(letters)


def _organisations_at(
    draft: Draft, words: Words, vocabulary: Vocabulary, start: int, *, is_telling: bool
) -> tuple[int, tuple[str, ...]]:
    """How many tokens the longest name that begins here has, and whom it names; (1, ()) for none."""
    token = draft.tokens[start]
    if not token.is_word or token.spent or _is_idle(draft, words, start):
        return 1, ()
    for end in _name_ends(draft, start):
        name = draft.said(range(start, end))
        is_single = end == start + 1
        if is_single and (words.has(token.word, Part.GREETING | Part.ACTOR | Part.KIND) or len(token.word) < 2):
            continue
        if found := vocabulary.organisations(name if is_telling else name.casefold()):
            return end - start, tuple(found)
    return 1, ()


def _is_idle(draft: Draft, words: Words, start: int) -> bool:
    """Whether a word written small here begins no name: one of those around questions."""
    token = draft.tokens[start]
    return not token.is_capitalised and (token.word,) in words.parts and not words.has(token.word, Part.ACTOR)


def _name_ends(draft: Draft, start: int) -> Iterator[int]:
    """Where a name that begins here may end, the longest first."""
    furthest = min(start + _NAME_LIMIT, draft.clause_of(start).stop)
    for end in range(furthest, start, -1):
        if draft.is_free(start, end) and draft.tokens[end - 1].is_word and draft.words[end - 1] not in _INSIDE_NAMES:
            yield end


def _alternatives(draft: Draft, vocabulary: Vocabulary, start: int) -> tuple[str, ...]:
    """Organisations of a kind named beside one by name: "a water board or Rijkswaterstaat" asks for both."""
    beginning_with = getattr(vocabulary, "organisations_beginning_with", None)
    if beginning_with is None or draft.word_at(start - 1) not in _ALTERNATIVES or start < 2:
        return ()
    kind = draft.tokens[start - 2]
    return () if kind.spent or kind.is_capitalised else tuple(beginning_with(kind.word))


def _spend_name(draft: Draft, start: int, end: int) -> None:
    is_alternative = start > 1 and draft.words[start - 1] in _ALTERNATIVES
    while start > 0 and (
        draft.words[start - 1] in _LEADS_TO_NAMES or (is_alternative and draft.tokens[start - 2].spent)
    ):
        start -= 1
        is_alternative = False
    draft.spend(start, end)
