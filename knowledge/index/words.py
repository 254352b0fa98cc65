"""The word index: tantivy, one document a pilot."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tantivy

from knowledge.index.schema import (
    LEARNED_BY_SOME,
    NUMBERS,
    build_schema,
    document,
    group_told,
    read_visibility,
    told_to,
)
from knowledge.ports import Change
from knowledge.visibility import Visibility

_WRITER_MEMORY = 64_000_000  # bytes
_CHUNK = 50_000  # rows read at a time

Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Rows and their BM25 scores, best first."""


class WordIndex:
    """Of one folder. Sees what was committed when it last reloaded; one process at a time may write."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.schema = build_schema()
        self._index = tantivy.Index(self.schema, path=str(folder))
        self._index.config_reader("manual")
        self._audiences: dict[int, Visibility] = {}
        self.reload()

    def reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()
        # Until tantivy merges them away, it counts the documents of pilots that were changed, hidden or removed since.
        self.documents = int(self._searcher.doc_freq("alive", 1) + self._searcher.doc_freq("alive", 0))
        self.gone = self.documents - self.count
        self.has_told = bool(self._searcher.doc_freq("learned", LEARNED_BY_SOME))

    @property
    def count(self) -> int:
        return int(self._searcher.num_docs)

    def write(self, changes: Sequence[Change], next_row: int) -> None:
        """Commit these changes, to be seen after a reload.

        A pilot that is here keeps its row; new ones take the rows from `next_row` on.
        """
        writer = self._index.writer(_WRITER_MEMORY, 1)
        for change in changes:
            row = self.row_of(change.pilot_id) if self.count else None
            if row is None:
                row, next_row = next_row, next_row + 1
            else:
                writer.delete_documents_by_term("id", change.pilot_id)
            writer.add_document(document(change, row))
        writer.commit()
        writer.wait_merging_threads()

    def numbers(self, after: int) -> Iterator[dict[str, list[int]]]:
        """The numbers of every row changed past `after`, some thousand rows at a time."""
        newer = tantivy.Query.range_query(
            self.schema, "change", tantivy.FieldType.Integer, lower_bound=after, include_lower=False
        )
        # The limit is made room for at once, so it is not the size of the base where a few have changed.
        changed = _count(self._searcher, newer)
        found = self._searcher.search(newer, max(changed, 1), count=False).hits
        for start in range(0, len(found), _CHUNK):
            addresses = [address for _, address in found[start : start + _CHUNK]]
            yield {
                name: [int(each or 0) for each in self._searcher.fast_field_values(name, addresses)] for name in NUMBERS
            }

    def search(self, query: tantivy.Query, limit: int) -> Found:
        found = self._searcher.search(query, limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in found])
        return np.array(rows, np.int64), np.array([score for score, _ in found], np.float64)

    def holding(self, stem: str, told: Sequence[str] = (), groups: Sequence[int] = ()) -> int:
        """How many pilots hold a stem now, or one of `told`; of these groups of visibility, where there are any."""
        query = tantivy.Query.term_query(self.schema, "words", stem, "basic")
        if told:
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Should, query), (tantivy.Occur.Should, self.holding_told(told))]
            )
        if groups:
            of_groups = tantivy.Query.term_set_query(self.schema, "group", list(groups))
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, of_groups)])
        elif not self.gone and not told:
            return self.documents_holding(stem)
        return _count(self._searcher, query)

    def holding_told(self, told: Sequence[str]) -> tantivy.Query:
        """The pilots with any of these in learnings that not all may see: each scores 1."""
        if len(told) > 1:
            return tantivy.Query.term_set_query(self.schema, "told", list(told))
        return tantivy.Query.const_score_query(tantivy.Query.term_query(self.schema, "told", told[0], "basic"), 1.0)

    def told(self, stem: str) -> dict[str, int]:
        """What stands for a stem in learnings that not all may see, each with the group that may."""
        found = self._searcher.terms_with_prefix("told", f"{stem}/") if self.has_told else []
        return {term: group_told(term) for term, _ in found}

    def audience(self, group: int) -> Visibility | None:
        """Who may see the learnings of a group; None of one that is not here, or of more people than a term holds."""
        if group not in self._audiences:
            start = f"{told_to(group)}/"
            found = self._searcher.terms_with_prefix("audience", start)
            if not found:
                return None
            self._audiences[group] = read_visibility(found[0][0].removeprefix(start).encode())
        return self._audiences[group]

    def learnings(self, row: int) -> list[tuple[str, int]]:
        """The ids of the learnings that a pilot is found by, each with the group that may see it: 0 for all."""
        return [(str(each), int(group)) for each, group in json.loads(self._stored("row", row, "learnings") or b"[]")]

    def documents_holding(self, stem: str) -> int:
        """How many documents hold a stem, as tantivy's own scores count them: those that are gone, too."""
        return int(self._searcher.doc_freq("words", stem))

    def living_counts(self) -> Callable[[str], Mapping[str, int]]:
        """What gives, for one of the vocabulary's fields, every term and how many pilots hold it now.

        It stays with what is seen at this moment, so another thread may count while this index is reloaded.
        """
        return functools.partial(_living_counts, self._searcher, self.schema, self.gone)

    def visibility(self, group: int) -> Visibility:
        """What the hash of a visibility stands for."""
        return read_visibility(self._stored("group", group, "visibility"))

    def pilot_id(self, row: int) -> str:
        term = tantivy.Query.term_query(self.schema, "row", row, "basic")
        ((_, address),) = self._searcher.search(term, 1, count=False).hits
        return str(self._searcher.doc(address).get_first("id"))

    def text(self, row: int) -> str:
        """The text whose meaning stands for the pilot's."""
        return self._stored("row", row, "text").decode()

    def _stored(self, number: str, value: int, field: str) -> bytes:
        term = tantivy.Query.term_query(self.schema, number, value, "basic")
        ((_, address),) = self._searcher.search(term, 1, count=False).hits
        return bytes(self._searcher.doc(address).get_first(field) or b"")

    def row_of(self, pilot_id: str) -> int | None:
        term = tantivy.Query.term_query(self.schema, "id", pilot_id, "basic")
        found = self._searcher.search(term, 1, count=False).hits
        if not found:
            return None
        (row,) = self._searcher.fast_field_values("row", [found[0][1]])
        return int(row or 0)


def _count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    found = searcher.search(tantivy.Query.const_score_query(query, 0.0), 1)
    return int(found.count or 0)  # type: ignore[attr-defined]  # its stub leaves it out


def _living_counts(searcher: tantivy.Searcher, schema: tantivy.Schema, gone: int, field: str) -> dict[str, int]:
    # What more documents hold than are gone, a living one holds; the rest is counted, some microseconds each.
    counts = dict(searcher.terms_with_prefix(field, ""))
    for term in [term for term, count in counts.items() if count <= gone]:
        counts[term] = _count(searcher, tantivy.Query.term_query(schema, field, term, "basic"))
    return {term: count for term, count in counts.items() if count}
