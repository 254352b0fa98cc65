"""The words, organisations and acronyms of the base's public pilots, kept in the index and read back from it.

A pilot that is not public lends nothing here, so that no correction or filter shows what only others may see.
"""

from collections.abc import Mapping

from knowledge.pilots import Pilot
from knowledge.vocabulary import WORDS_LIMIT, PilotVocabulary

FIELDS = ("surface", "capitalised", "named", "acronym")
"""Words; those that a pilot only writes with a capital; organisations; acronyms, each with a tab and its meaning."""


class IndexVocabulary(PilotVocabulary):
    """A PilotVocabulary from how many pilots hold each term of the index's fields."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        super().__init__()
        self._frequencies.update(counts["surface"])
        self._capitalised.update(counts["capitalised"])
        for organisation, count in counts["named"].items():
            for _ in range(count):
                self._organisations.learn(organisation)
        for entry, count in counts["acronym"].items():
            acronym, _, meaning = entry.partition("\t")
            for _ in range(count):
                self._acronyms.learn(f"{meaning} ({acronym})")
        if len(self._frequencies) > WORDS_LIMIT:
            self._drop_rarest()


class Lesson(PilotVocabulary):
    """What one pilot teaches, as terms of the index's fields."""

    def __init__(self, pilot: Pilot) -> None:
        super().__init__([pilot])

    def terms(self) -> dict[str, list[str]]:
        return {
            "surface": sorted(self._frequencies),
            "capitalised": sorted(word for word, count in self._capitalised.items() if count),
        }
