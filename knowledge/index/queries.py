"""The parts of a question as a query of the word index, and how much they ask for."""

import math
from collections.abc import Callable, Iterable, Sequence

import tantivy

from knowledge.index.analysis import stems
from knowledge.index.parts import Part
from knowledge.index.rows import Seen
from knowledge.index.thesaurus import Name
from knowledge.index.words import WordIndex
from knowledge.visibility import Visibility

OTHER_NAME_WEIGHT = 0.6  # of another name's score; docs/explanation/search.md, "The thesaurus"
# Of what a word tells, where it stands in a learning that not all may see. It is what one mention makes of it in a text
# half as long as the average: there the length of the pilot's own text must not matter, nor that of what others see.
TOLD_WEIGHT = 1.25
FOREIGN_WORD_MASS = 3.0  # of a foreign word that nothing here knows: a middling word's
# A base of fewer pilots is too small to say which words are common, so it counts as if it had this many: there every
# word tells about the same, and what decides is how many of the words a pilot holds.
SMALLEST_BASE = 1_000

_Stems = tuple[tuple[str, ...], ...]
"""For each word of a name, those of its stems that some pilot holds, of those that may be seen."""


class Queries:
    """Made for one state of a word index, and for those who see the same of it.

    Everything that a score is made of counts the pilots they may see and no others: else a made-up word would score
    otherwise than one that only a hidden pilot holds, and hidden texts could be guessed word by word.
    """

    def __init__(self, index: WordIndex, seen: Seen, may_see: Callable[[Visibility], bool]) -> None:
        self._index = index
        self._seen = seen
        self._may_see = may_see
        self._open_audiences: dict[int, bool] = {}
        self._told_stems: dict[str, list[str]] = {}
        self._frequencies: dict[str, int] = {}
        self._known_names: dict[Name, _Stems] = {}
        self._known_words: dict[tuple[str, ...], tantivy.Query] = {}

    @property
    def seen(self) -> list[tantivy.Query]:
        """The filters that leave out what may not be seen."""
        return [self.any_of("group", self._seen.open_groups)] if self._seen.hidden_groups else []

    def query(self, parts: Sequence[Part], filters: Iterable[tantivy.Query] = ()) -> tantivy.Query | None:
        """Any of the parts, the more the better, of what every filter lets through; None where no pilot has any."""
        wanted = [query for part in parts if (query := self._part_query(part)) is not None]
        if not wanted:
            return None
        kept = [(tantivy.Occur.Must, tantivy.Query.const_score_query(each, 0.0)) for each in filters]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, _any(wanted)), *kept]) if kept else _any(wanted)

    def any_of(self, number: str, values: Sequence[int]) -> tantivy.Query:
        """A filter: this number is one of these."""
        return tantivy.Query.term_set_query(self._index.schema, number, list(values))

    def between(self, number: str, lowest: int, highest: int) -> tantivy.Query:
        """A filter: this number is from the lowest to the highest."""
        return tantivy.Query.range_query(self._index.schema, number, tantivy.FieldType.Integer, lowest, highest)

    def mass(self, parts: Sequence[Part], language: str) -> float:
        """How much is asked for: the sum of what each part would tell, rare ones more."""
        return sum(self._mass(part, language) for part in parts)

    @property
    def rarest(self) -> float:
        """The most that one word can tell here: more in a large base than in a small one."""
        return self._inverse(0)

    def _mass(self, part: Part, language: str) -> float:
        own = self._frequency(part.name, most=True)
        if own or language in ("", "en"):
            return self._inverse(own)
        others = max((self._frequency(each, most=False) for each in part.others), default=0)
        return self._inverse(others) if others else FOREIGN_WORD_MASS

    def _frequency(self, name: Name, *, most: bool) -> int:
        """In how many pilots the name's most, or least, frequent word stands."""
        each = [max(map(self._stem_frequency, known), default=0) for known in self._known(name)]
        return max(each) if most else min(each)

    def _inverse(self, frequency: int) -> float:
        """How much a word tells that stands in so many pilots: BM25's inverse document frequency, smoothed."""
        return _inverse_frequency(frequency, max(self._seen.count, SMALLEST_BASE))

    def _correction(self, stem: str) -> float:
        """What makes tantivy's own score of a stem ours: it counts what is hidden or gone, too, and smooths nothing.

        Only the average length of a text stays the whole base's: it holds no word, and moves every score alike.
        """
        theirs = _inverse_frequency(self._index.documents_holding(stem), self._index.documents)
        return self._inverse(self._stem_frequency(stem)) / theirs

    def _stem_frequency(self, stem: str) -> int:
        """In how many of the pilots that may be seen a stem stands."""
        known = self._frequencies.get(stem)
        if known is None:
            known = self._frequencies[stem] = self._count(stem)
        return known

    def _count(self, stem: str) -> int:
        index, seen, told = self._index, self._seen, self._told(stem)
        if not told and not index.documents_holding(stem):
            return 0
        if not seen.hidden_groups:
            return index.holding(stem, told)
        # A set of groups costs as much as it has pilots, so the smaller one is counted.
        if seen.is_mostly_open:
            return index.holding(stem, told) - index.holding(stem, told, seen.hidden_groups)
        return index.holding(stem, told, seen.open_groups) if seen.open_groups else 0

    def _told(self, stem: str) -> list[str]:
        """What stands for a stem in learnings of narrower audiences that these viewers belong to."""
        known = self._told_stems.get(stem)
        if known is None:
            told = self._index.told(stem)
            known = self._told_stems[stem] = [each for each, group in told.items() if self._is_open(group)]
        return known

    def _is_open(self, group: int) -> bool:
        known = self._open_audiences.get(group)
        if known is None:
            audience = self._index.audience(group)
            known = self._open_audiences[group] = audience is not None and self._may_see(audience)
        return known

    def _part_query(self, part: Part) -> tantivy.Query | None:
        """The best of its names: its own by any of their words, another only by all of them."""
        own = self._known(part.name)
        words = [self._word(each) for each in own if each]
        # Where the base has never heard of "meals", "school" is half of "school meals", and not the whole of it.
        names = [_boosted(_any(words), len(words) / len(own))] if words else []
        names.extend(
            tantivy.Query.boost_query(_all([self._word(each) for each in other]), OTHER_NAME_WEIGHT)
            for other in dict.fromkeys(map(self._known, part.others))
            if other != own and all(other)
        )
        return _best(names) if names else None

    def _word(self, stems_of_word: tuple[str, ...]) -> tantivy.Query:
        known = self._known_words.get(stems_of_word)
        if known is None:
            known = self._known_words[stems_of_word] = _best([self._stem(each) for each in stems_of_word])
        return known

    def _stem(self, stem: str) -> tantivy.Query:
        query = tantivy.Query.term_query(self._index.schema, "words", stem, "freq")
        query = _boosted(query, self._correction(stem))
        told = self._told(stem)
        if not told:
            return query
        worth = TOLD_WEIGHT * self._inverse(self._stem_frequency(stem))
        return _best([query, _boosted(self._index.holding_told(told), worth)])

    def _known(self, name: Name) -> _Stems:
        known = self._known_names.get(name)
        if known is None:
            known = self._known_names[name] = tuple(
                tuple(each for each in stems(word, self._seen.languages) if self._stem_frequency(each)) for word in name
            )
        return known


def _inverse_frequency(frequency: int, count: int) -> float:
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))


def _boosted(query: tantivy.Query, by: float) -> tantivy.Query:
    return query if by == 1.0 else tantivy.Query.boost_query(query, by)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return _joined(queries, tantivy.Occur.Should)


def _all(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return _joined(queries, tantivy.Occur.Must)


def _joined(queries: Sequence[tantivy.Query], occur: tantivy.Occur) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(occur, each) for each in queries])


def _best(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else tantivy.Query.disjunction_max_query(list(queries))
