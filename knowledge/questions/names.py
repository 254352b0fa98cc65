"""Names and words that only the base can explain: its organisations, its acronyms, its spelling."""

import functools
import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

from knowledge.questions.places import is_place
from knowledge.questions.tokens import JOINS, Draft, Token, phrase_words
from knowledge.questions.vocabulary import Vocabulary
from knowledge.questions.words import Part, Words, words_of

# Words that a name may have at most, and corrections that one question may need.
_NAME_LIMIT = 9
_REPAIR_LIMIT = 12
# A word that so few pilots hold may be a slip of theirs.
_RARE = 2
_INSIDE_NAMES = frozenset(
    phrase_words("of the and for & de het van voor en der die für und la le du des et del di e do da")
)
_LEADS_TO_NAMES = frozenset(
    phrase_words("the by at in from within of door bij van het de von bei der die par à du la le por da do di")
)
_ORGANISATION_NOUNS = frozenset(
    phrase_words(
        "service services agency department ministry council authority institute office university administration "
        "commission bureau police hospital board centre center foundation laboratory ministerie dienst inspectie "
        "waterschap gemeente provincie autoriteit behörde ministerium agentur bundesamt ministère agence ministerio "
        "agencia ministero agenzia ministério agência direktorat direktoratet styrelse styrelsen myndighet virasto"
    )
)
_MUNICIPAL = frozenset(phrase_words("city town municipality gemeente stadt ayuntamiento comune kommune kommun council"))
# What such a name does not begin with: "public service chatbots", "city council meetings".
_GENERIC = frozenset(
    phrase_words(
        "public civil social digital customer city town local county municipal health emergency fire care national "
        "federal government state community youth employment postal legal mental shared emergency back front post"
    )
)
_COMMON_ACRONYMS = frozenset(
    phrase.upper()
    for phrase in phrase_words(
        "ai it hr ml gis iot api llm llms nlp rpa ocr vr ar xr pdf faq ceo kpi sme ppp gdpr un us uk eu pr qa crm erp "
        "cctv anpr gps sms id ict ubi bi sar csam gpt ok iso covid sdg r&d ngo dna hiv tv tb cv ev evs pv co2 who"
    )
)
_FRAME = Part.ASKED | Part.VERB | Part.KIND | Part.OPENER | Part.AUXILIARY | Part.ACTOR | Part.THING


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
    is_common = token.word.upper() in _COMMON_ACRONYMS or (len(token.word) > 2 and not has_vowel)
    return is_common and token.word not in words.vocabulary


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
    if is_place(draft, words, start, end) and last.word not in _ORGANISATION_NOUNS:
        return False
    if is_place(draft, words, start, start + 1) and not last.is_capitalised:  # "Dutch tax authority"
        return False
    if first.word in _GENERIC and end <= start + 2 and not (first.is_capitalised and last.is_capitalised):
        return False
    if end > start + 1:
        if first.word in _MUNICIPAL and last.is_capitalised:
            return True
        if is_telling and any(token.is_capitalised for token in draft.tokens):
            return first.is_capitalised and (last.is_capitalised or last.word in _ORGANISATION_NOUNS)
        return last.word in _ORGANISATION_NOUNS
    if first.text.isupper():
        return is_telling and first.text not in _COMMON_ACRONYMS
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
    if end > start + 1 and any(token.word in _ORGANISATION_NOUNS | _MUNICIPAL for token in draft.tokens[start:end]):
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
