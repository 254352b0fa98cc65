"""Putting right what is misspelt in a question."""

import functools

from rapidfuzz.distance import OSA

from knowledge.questions.tokens import Draft, Token
from knowledge.questions.vocabulary import Vocabulary
from knowledge.questions.words import Part, Words, words_of

# Corrections that one question may need.
_REPAIR_LIMIT = 12
# A word that so few pilots hold may be a slip of theirs.
_RARE = 2
_FRAME = Part.ASKED | Part.VERB | Part.KIND | Part.OPENER | Part.AUXILIARY | Part.ACTOR | Part.THING


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
            nearest = vocabulary.nearest(token.word) if _may_be_misspelt(token, words, vocabulary) else None
            if nearest and (words.language in ("", "en") or not _is_other_ending(token.word, nearest)):
                token.reword(nearest)
    draft.refresh()


def _may_be_misspelt(token: Token, words: Words, vocabulary: Vocabulary) -> bool:
    word = token.word
    return (
        len(word) >= 4
        and word.isalpha()
        and (token.text.islower() or (token.start == 0 and token.text[1:].islower()))
        and word not in words.vocabulary
        and vocabulary.frequency(word) <= _RARE
    )


def _is_in_known_language(draft: Draft, words: Words, vocabulary: Vocabulary) -> bool:
    """Whether the base holds the question's language: its small words, and enough of its others."""
    said = [token.word for token in draft.tokens if token.word.isalpha() and len(token.word) > 1]
    small = [vocabulary.frequency(word) > 0 for word in said if word in words.vocabulary]
    others = [vocabulary.frequency(word) > 0 for word in said if len(word) > 3 and word not in words.vocabulary]
    share = {"en": 0.0, "": 0.75}.get(words.language, 0.5)
    return sum(small) >= 0.3 * len(small) and sum(others) >= share * len(others)


def _is_other_ending(word: str, nearest: str) -> bool:
    """Whether they differ as forms of one word do in languages that inflect more than English."""
    return word[:-2] == nearest[: len(word) - 2]


def _nearest_frame_word(word: str, words: Words) -> str | None:
    """A word said around questions from which this one differs by a letter left out, doubled or swapped."""
    for candidate in _frame_words(words.language):
        is_swap = len(candidate) == len(word) and sorted(candidate) == sorted(word)
        is_doubled = any(
            word[:at] + word[at + 1 :] == candidate and word[at] == word[at - 1] for at in range(1, len(word))
        )
        if (
            candidate[0] == word[0]
            and (len(candidate) > len(word) or (len(word) > 4 and (is_swap or is_doubled)))
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
