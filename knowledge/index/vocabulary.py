"""What the base itself knows of words, organisations and acronyms: of its public pilots, for reading questions.

A pilot that is not public lends nothing here, so that no correction or filter shows what only others may see.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.index.analysis import fold, words

_SHORTEST_MISSPELT = 5  # letters: among shorter words everything is near everything
_TWO_MISTAKES = 8  # letters from which a word may have two
_RARE = 2  # pilots: so rare a word may be a slip in the base itself
_RIGHT_RATHER = 50  # times as frequent must its likely meaning be
_LONGEST_NAME = 6  # words
_PART = re.compile(r"[/:;,()|\n-]+\s|[()]")
_LINKING = frozenset({
    "and", "of", "the", "for", "on", "in", "de", "van", "voor", "en", "het", "der", "und", "fur", "et",
})  # fmt: skip


class BaseVocabulary:
    """`surface` and `acronyms` ("RPA", tab, spelling) and `named` organisations, with how many pilots hold each."""

    def __init__(
        self, surface: Mapping[str, int], named: Mapping[str, int], acronyms: Mapping[str, int], known: frozenset[str]
    ) -> None:
        self._surface = surface
        self._known = known  # words that are right whatever the base says: the thesaurus's
        self._spellings = _spellings(surface.keys() | known)
        self._organisations = _by_name(named)
        self._acronyms = _by_acronym(acronyms)

    def frequency(self, word: str) -> int:
        return self._surface.get(fold(word), 0)

    def organisations(self, name: str) -> Sequence[str]:
        return self._organisations.get(" ".join(words(name)), ())

    def spelt_out(self, acronym: str) -> str | None:
        return self._acronyms.get(acronym.upper())

    def nearest(self, word: str) -> str | None:
        folded = fold(word)
        frequency = self._surface.get(folded, 0)
        if len(folded) < _SHORTEST_MISSPELT or folded in self._known or frequency > _RARE or not folded.isalpha():
            return None
        mistakes = 2 if len(folded) >= _TWO_MISTAKES and not frequency else 1
        near = process.extract(
            folded, self._spellings, scorer=OSA.distance, score_cutoff=mistakes, limit=None, processor=None
        )
        meant = [(distance, -self._weight(each), each) for each, distance, _ in near if each != folded]
        best = min(meant, default=None)
        if best is None or (frequency and -best[1] < _RIGHT_RATHER * frequency):
            return None
        return best[2]

    def _weight(self, word: str) -> int:
        """How likely a word is meant: by its pilots, and one of the thesaurus as if by many."""
        return self._surface.get(word, 0) + (1_000 if word in self._known else 0)


def _spellings(surface: set[str]) -> list[str]:
    return sorted(word for word in surface if len(word) >= _SHORTEST_MISSPELT - 1)


def _by_name(named: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Organisations by what they may be called: each part of the name, runs of its words, its initials."""
    called: dict[str, set[str]] = defaultdict(set)
    for organisation in named:
        for part in (organisation, *_PART.split(organisation)):
            for name in _names(part):
                called[name].add(organisation)
    return {name: tuple(sorted(organisations)) for name, organisations in called.items()}


def _names(part: str) -> set[str]:
    said = words(part)
    if not said or len(said) > 12:
        return set()
    runs = {
        " ".join(said[start:end])
        for start in range(len(said))
        for end in range(start + 2, min(start + _LONGEST_NAME, len(said)) + 1)
        if said[start] not in _LINKING and said[end - 1] not in _LINKING
    }
    initials = "".join(word[0] for word in said if word not in _LINKING)
    return runs | {" ".join(said)} | ({initials} if len(initials) >= 3 else set())


def _by_acronym(acronyms: Mapping[str, int]) -> dict[str, str]:
    """Each acronym with what most pilots say that it stands for."""
    best: dict[str, tuple[int, str]] = {}
    for entry, count in acronyms.items():
        acronym, _, spelling = entry.partition("\t")
        best[acronym] = max(best.get(acronym, (0, "")), (count, spelling))
    return {acronym: spelling for acronym, (_, spelling) in best.items()}
