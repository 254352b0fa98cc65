"""The words, organisations and acronyms of the base's public pilots, kept in the index and read back from it.

A pilot that is not public lends nothing here, so that no correction or filter shows what only others may see.
"""

from collections.abc import Callable, Mapping

from knowledge.pilots import Pilot
from knowledge.questions import PilotVocabulary, lesson

FIELDS = ("surface", "capitalised", "named", "acronym")
"""Words; those that a pilot only writes with a capital; organisations; acronyms, each with a tab and its meaning."""


def vocabulary_terms(pilot: Pilot) -> dict[str, list[str]]:
    """What a pilot teaches, as terms of the index's fields."""
    taught = lesson(pilot)
    return {
        "surface": sorted(taught.words),
        "capitalised": sorted(taught.capitalised),
        "named": [taught.organisation] if taught.organisation else [],
        "acronym": [f"{acronym}\t{meaning}" for acronym, meaning in dict.fromkeys(taught.acronyms)],
    }


def read_vocabulary(counts: Callable[[str], Mapping[str, int]]) -> PilotVocabulary:
    """The vocabulary from how many pilots hold each term of a field."""
    vocabulary = PilotVocabulary()
    acronyms = {}
    for entry, pilots in counts("acronym").items():
        acronym, _, meaning = entry.partition("\t")
        acronyms[acronym, meaning] = pilots
    vocabulary.learn_counts(
        words=counts("surface"), capitalised=counts("capitalised"), organisations=counts("named"), acronyms=acronyms
    )
    # The first correction sorts all words by length: not while the first who asks waits for it.
    vocabulary.nearest("bcdfgh")
    return vocabulary
