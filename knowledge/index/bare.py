"""The bare query that the bench compares the whole search with."""

import tantivy

from knowledge.index.analysis import terms
from knowledge.index.words import Found, WordIndex


class BareWords:
    """Nothing but tantivy: any of the words, the best ten."""

    def __init__(self, index: WordIndex) -> None:
        self._index = index

    def search(self, text: str) -> Found:
        wanted = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, "words", term, "freq"))
            for term in terms(text, "en")
        ]
        return self._index.search(tantivy.Query.boolean_query(wanted), 10)
