"""Taking off what is wrapped around a topic: greetings, thanks, "does anyone know if some council ever tried"."""

from collections.abc import Sequence

from knowledge.question_tokens import Draft
from knowledge.question_words import Part, Words

# Whatever is made of these alone says nothing to search for.
_EMPTY = (
    Part.GREETING | Part.CHATTER | Part.OPENER | Part.ASKED | Part.AUXILIARY | Part.ADVERB | Part.ARTICLE
    | Part.ADJECTIVE | Part.ACTOR | Part.KIND | Part.VERB | Part.THING | Part.LINK | Part.TAIL
)  # fmt: skip
# What shows that a clause asks, so that its beginning is no topic.
_ASKING = Part.OPENER | Part.ASKED | Part.AUXILIARY | Part.THING
_BEFORE_VERB = _ASKING | Part.GREETING | Part.ADVERB | Part.ARTICLE | Part.LINK
_AFTER_VERB = Part.ADVERB | Part.ARTICLE | Part.THING | Part.LINK
# A doer or a kind is generic only where the question goes on from it: "has any council used", not "council housing".
_GOES_ON = Part.AUXILIARY | Part.VERB | Part.LINK | Part.ADVERB | Part.ASKED | Part.THING
_NOUNS = Part.ACTOR | Part.KIND
# How far from its auxiliary a verb may stand: "has a statistics office tried".
_SUBJECT_LIMIT = 4


def unwrap(draft: Draft, words: Words) -> None:
    """Spend what is wrapped around the topic, clause by clause."""
    is_signed = False
    for clause in draft.clauses:
        free = [index for index in clause if draft.tokens[index].is_word and not draft.tokens[index].spent]
        if not free:
            continue
        if _is_empty_talk(draft, words, free) or _is_address(draft, words, free):
            is_signed = is_signed or words.length(draft.words, free[0], Part.CHATTER) > 0
            _spend(draft, free)
        elif is_signed and len(free) <= 2 and all(draft.tokens[index].is_capitalised for index in free):
            _spend(draft, free)
        else:
            _Clause(draft, words, free).unwrap()


def _spend(draft: Draft, indices: Sequence[int]) -> None:
    for index in indices:
        draft.spend(index, index + 1)


def _is_empty_talk(draft: Draft, words: Words, free: Sequence[int]) -> bool:
    """Whether phrases of no topic cover all of these words."""
    row = [draft.words[index] for index in free]
    reached = {0}
    for start in range(len(row)):
        if start in reached:
            reached |= {start + length for length, part in words.phrases.at(row, start) if part & _EMPTY}
    return len(row) in reached


def _is_address(draft: Draft, words: Words, free: Sequence[int]) -> bool:
    """Whether it is a greeting with a name or two: "Hi Anna and Tom"."""
    greeted = words.length(draft.words, free[0], Part.GREETING)
    rest = free[greeted:]
    return bool(greeted) and len(rest) <= 3 and all(
        draft.tokens[index].is_capitalised or words.has(draft.words[index], Part.LINK | Part.GREETING)
        for index in rest
    )  # fmt: skip


class _Clause:
    """The words of one clause that are not spent, as a row of their own."""

    def __init__(self, draft: Draft, words: Words, free: Sequence[int]) -> None:
        self._draft = draft
        self._words = words
        self._free = free
        self._row = [draft.words[index] for index in free]
        self._kept = [True] * len(free)

    def unwrap(self) -> None:
        position, asks = self._eat_opening()
        if asks:
            self._drop(0, position)
            position = self._eat_verb(position)
            self._drop_verb_at_end(position)
        self._drop_tail()
        _spend(self._draft, [index for index, kept in zip(self._free, self._kept, strict=True) if not kept])

    def _eat_opening(self) -> tuple[int, bool]:
        position, asks = 0, False
        while position < len(self._row):
            length = self._length(position, _BEFORE_VERB)
            noun = self._noun(position)
            if noun >= length and noun:
                asks = asks or self._length(position + noun - 1, Part.KIND) > 0
                position += noun
            elif length:
                asks = asks or self._length(position, _ASKING) == length
                position += length
            else:
                break
        return position, asks

    def _noun(self, position: int) -> int:
        """How many words a generic doer or kind takes here, with the adjectives before it; 0 where it is content."""
        end = position
        while adjective := self._length(end, Part.ADJECTIVE):
            end += adjective
        length = self._length(end, _NOUNS)
        if not length:
            return 0
        end += length
        goes_on = end >= len(self._row) or self._is_gap(end) or self._length(end, _GOES_ON) or self._noun(end)
        return end - position if goes_on else 0

    def _eat_verb(self, position: int) -> int:
        """Drop the verb of trying, right here or after the subject, and what it brings; where the topic begins."""
        start = position
        while start < min(position + _SUBJECT_LIMIT, len(self._row)):
            if length := self._length(start, Part.VERB):
                if start > position and not self._is_subject(position, start):
                    return position
                self._drop_idle(position, start)
                return self._drop_with_rest(start, length)
            if self._length(start, Part.LINK) and not self._length(start, Part.THING):
                break
            start += 1
        return position

    def _drop_idle(self, start: int, end: int) -> None:
        """Drop what says nothing between auxiliary and verb: "heeft een waterschap *iets* gedaan"."""
        for position in range(start, end):
            if self._words.has(self._row[position], _BEFORE_VERB | Part.ACTOR):
                self._drop(position, position + 1)

    def _is_subject(self, start: int, end: int) -> bool:
        return end - start <= _SUBJECT_LIMIT and not self._is_gap(end)

    def _drop_with_rest(self, start: int, length: int) -> int:
        end = start + length
        while end < len(self._row):
            length = max(self._length(end, _AFTER_VERB), self._noun(end) if self._is_before_link(end) else 0)
            if not length:
                break
            end += length
        self._drop(start, end)
        return end

    def _is_before_link(self, position: int) -> bool:
        noun = self._noun(position)
        return bool(noun) and self._length(position + noun, Part.LINK) > 0

    def _drop_verb_at_end(self, position: int) -> None:
        """German and Dutch put it there: "Hat jemand … ausprobiert?"."""
        if self._words.language not in ("de", "nl"):
            return
        last = len(self._row) - 1
        if last > position and self._kept[last] and self._words.has(self._row[last], Part.VERB):
            self._drop(last, last + 1)

    def _drop_tail(self) -> None:
        end = len(self._row)
        while end > 0:
            length = self._tail_length(end)
            if not length:
                return
            self._drop(end - length, end)
            end -= length

    def _tail_length(self, end: int) -> int:
        if not self._kept[end - 1]:
            return 1
        for start in range(max(0, end - 5), end):
            if self._words.length(self._row[:end], start, Part.TAIL) == end - start:
                return end - start
        is_idle = self._words.has(self._row[end - 1], Part.LINK | Part.ARTICLE)
        return 1 if is_idle else self._idle_kind(end)

    def _idle_kind(self, end: int) -> int:
        """A generic "projects" that ends the clause after something to search for."""
        return 1 if end > 1 and self._words.has(self._row[end - 1], Part.KIND) else 0

    def _length(self, position: int, wanted: Part) -> int:
        """As Words.length, but not across words that are spent."""
        if position >= len(self._row):
            return 0
        return next(
            (
                length
                for length, part in self._words.phrases.at(self._row, position)
                if part & wanted and not any(self._is_gap(position + step) for step in range(1, length))
            ),
            0,
        )

    def _is_gap(self, position: int) -> bool:
        """Whether something spent or a mark stands before this word."""
        return position < len(self._free) and position > 0 and self._free[position] != self._free[position - 1] + 1

    def _drop(self, start: int, end: int) -> None:
        self._kept[start:end] = [False] * (end - start)
