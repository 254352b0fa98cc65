"""Which word of the base a misspelt one most likely means."""

from collections import Counter

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from knowledge.questions.tokens import phrase_words

# A misspelt word is only taken for one that stands in so many pilots.
_COMMON = 3
# A short one, near which many others are, must be this common; shorter ones are left alone.
_COMMON_SHORT = 20
_SHORTEST = 5
# A word of the base itself may be a slip in so many pilots, where another is so many times as common.
_RARE = 2
_RATHER = 50
_SHORTEST_HELD = 7
# Corrections are looked for among this many of the most frequent words.
_CANDIDATES_LIMIT = 40_000

# From so many letters a word may hold two slips.
_TWO_SLIPS = 9
_VOWELS = frozenset("aeiouy")
_ENDINGS = phrase_words("s es ed d ing er ers ly al n en ness less able ment ism ist y")
_BEGINNINGS = phrase_words("un re non pre over under micro multi auto anti co dis mis inter sub out")
# Pairs of right words one slip apart.
_CONFUSABLE = frozenset(["trail", "dairy", "diary", "causal", "casual", "marital", "martial", "angle", "angel"])


class Spelling:
    """Right spellings, by how many pilots hold each word (casefolded)."""

    def __init__(self, frequencies: Counter[str]) -> None:
        self._frequencies = frequencies
        self._candidates: dict[int, list[str]] = {}

    def nearest(self, word: str) -> str | None:
        """See Vocabulary. A word that one or two pilots hold may be their slip, where another is far more common."""
        word = word.casefold()
        held = self._frequencies[word]
        shortest = _SHORTEST_HELD if held else _SHORTEST
        if len(word) < shortest or not word.isalpha() or held > _RARE or word in _CONFUSABLE or self._is_derived(word):
            return None
        allowed = 2 if len(word) >= _TWO_SLIPS and not held else 1
        common = _COMMON_SHORT if len(word) < _SHORTEST_HELD else _COMMON
        near = (
            (int(distance), -self._frequencies[candidate], candidate)
            for length in range(len(word) - allowed, len(word) + allowed + 1)
            for candidate, distance, _ in process.extract(
                word, self._candidates_of(length), scorer=OSA.distance, score_cutoff=allowed, limit=8
            )
            if _is_likely_slip(word, candidate) and self._frequencies[candidate] >= max(_RATHER * held, common)
        )
        best = min(near, default=None)
        return best[2] if best else None

    def _is_derived(self, word: str) -> bool:
        """Whether known words make it up, so that it is right though the base lacks it: "unpermitted", "takeaway"."""
        known = self._frequencies
        stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        stems += [word.removeprefix(beginning) for beginning in _BEGINNINGS if word.startswith(beginning)]
        if any(
            len(stem) > 2 and (known[stem] > 0 or known[stem + "e"] > 0 or known[stem[:-1]] > _COMMON) for stem in stems
        ):
            return True
        if word.endswith("ies") and known[word[:-3] + "y"]:
            return True
        return any(known[word[:cut]] > _COMMON and known[word[cut:]] > _COMMON for cut in range(3, len(word) - 2))

    def _candidates_of(self, length: int) -> list[str]:
        if not self._candidates:
            for word, count in self._frequencies.most_common(_CANDIDATES_LIMIT):
                if count >= _COMMON:
                    self._candidates.setdefault(len(word), []).append(word)
        return self._candidates.get(length, [])


def _is_likely_slip(word: str, candidate: str) -> bool:
    """Whether a hand slips so: within the word, leaving out, doubling or swapping letters, or taking a wrong vowel.

    What differs in the first letter or in the ending is another word, or another form of one.
    """
    has_its_ending = word[-1] == candidate[-1] or word[-2:] == candidate[:-3:-1]
    if word[0] != candidate[0] or not has_its_ending or word[:-1] == candidate or word == candidate[:-1]:
        return False
    replaced = [edit for edit in Levenshtein.editops(word, candidate) if edit.tag == "replace"]
    pairs = [(word[edit.src_pos], candidate[edit.dest_pos]) for edit in replaced]
    is_swap = len(pairs) == 2 and pairs[0] == pairs[1][::-1]
    return is_swap or all(left in _VOWELS and right in _VOWELS for left, right in pairs)
