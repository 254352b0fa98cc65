"""A vocabulary of some pilots, as the index keeps it and reads it back."""

from collections import Counter
from collections.abc import Iterable

from knowledge.index.vocabulary import FIELDS, read_vocabulary, vocabulary_terms
from knowledge.pilots import Pilot
from knowledge.questions import PilotVocabulary


def learned(pilots: Iterable[Pilot]) -> PilotVocabulary:
    counts: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
    for pilot in pilots:
        for field, terms in vocabulary_terms(pilot).items():
            counts[field].update(terms)
    return read_vocabulary(counts.__getitem__)
