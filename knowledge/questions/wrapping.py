"""Taking off what is wrapped around a topic: greetings, thanks, "does anyone know if some council ever tried"."""

from collections.abc import Sequence

from knowledge.questions.small_talk import covers, is_small_talk
from knowledge.questions.tokens import JOINS, Draft
from knowledge.questions.words import Part, Words

# What shows that a clause asks, so that its beginning is no topic.
_ASKING = Part.OPENER | Part.ASKED | Part.AUXILIARY | Part.THING
_BEGINS_ASKING = Part.OPENER | Part.ASKED | Part.AUXILIARY
_BEFORE_VERB = _ASKING | Part.GREETING | Part.ADVERB | Part.ARTICLE | Part.LINK
_AFTER_VERB = Part.AUXILIARY | Part.ADVERB | Part.ARTICLE | Part.THING | Part.LINK
_AT_END = Part.VERB | Part.LIGHT | Part.AUXILIARY
_IDLE = _BEFORE_VERB & ~Part.LINK
# A doer or a kind is generic only where the question goes on from it: "has any council used", not "council housing".
_GOES_ON = Part.AUXILIARY | Part.VERB | Part.LIGHT | Part.LINK | Part.ADVERB | Part.ASKED | Part.THING
_NOUNS = Part.ACTOR | Part.KIND
_JOINS_CLAUSES = JOINS | {"but"}
# How far from its auxiliary a verb may stand: "has a statistics office tried".
_SUBJECT_LIMIT = 5


def unwrap(draft: Draft, words: Words) -> bool:
    """Spend what is wrapped around the topic, clause by clause; whether any of it asks."""
    is_signed = is_asked = was_asked = False
    clauses = [free for clause in draft.clauses if (free := draft.free_words(clause))]
    for place, free in enumerate(clauses, 1):
        is_last = place == len(clauses)
        if is_small_talk(draft, words, free):
            is_signed = is_signed or words.length(draft.words, free[0], Part.CHATTER) > 0
            is_asked = any(words.has(draft.words[index], _ASKING | _NOUNS) for index in free)
            was_asked = was_asked or words.length(draft.words, free[0], _BEGINS_ASKING) > 0
            _spend(draft, free)
        elif is_signed and is_last and len(free) <= 2 and all(draft.tokens[index].is_capitalised for index in free):
            _spend(draft, free)
        else:
            goes_on = is_asked and words.has(draft.words[free[0]], Part.LINK)
            was_asked = _Clause(draft, words, free).unwrap(goes_on=goes_on) or was_asked
            is_asked = False
    return was_asked


def _spend(draft: Draft, indices: Sequence[int]) -> None:
    for index in indices:
        draft.spend(index, index + 1)


class _Clause:
    """The words of one clause that are not spent, as a row of their own."""

    def __init__(self, draft: Draft, words: Words, free: Sequence[int]) -> None:
        self._draft = draft
        self._words = words
        self._free = free
        self._row = [draft.words[index] for index in free]
        self._kept = [True] * len(free)

    def unwrap(self, *, goes_on: bool) -> bool:
        """Whether it asks. `goes_on` where the clause before asked, and this one says what: "…, which use …"."""
        position, asks = self._eat_opening()
        if asks or goes_on:
            self._drop(0, position)
            position = self._eat_verb(position)
            self._drop_verb_at_end(position)
        self._drop_tail()
        self._drop_head()
        _spend(self._draft, [index for index, kept in zip(self._free, self._kept, strict=True) if not kept])
        return asks

    def _eat_opening(self) -> tuple[int, bool]:
        position = self._verb_first()
        asks = position > 0
        while position < len(self._row):
            length = self._length(position, _BEFORE_VERB)
            noun = self._noun(position)
            if noun >= length and noun:
                position += noun
                asks = asks or self._words.has(self._row[position - 1], Part.KIND) or self._is_doer(position)
            elif length:
                asks = asks or self._length(position, _ASKING) == length
                position += length
            else:
                break
        return position, asks

    def _verb_first(self) -> int:
        """The length of a verb that asks by standing first: "Gebruikt een gemeente …"."""
        length = 0 if self._words.language in ("", "en") else self._length(0, Part.VERB)
        return length if length and self._length(length, Part.ASKED | Part.ARTICLE | Part.ACTOR) else 0

    def _noun(self, position: int) -> int:
        """How many words a generic doer or kind takes here, with the adjectives before it; 0 where it is content."""
        end = position
        while adjective := self._length(end, Part.ADJECTIVE):
            end += adjective
        length = self._length(end, _NOUNS)
        if not length:
            return 0
        end += length
        goes_on = (
            self._words.language not in ("", "en")  # whose compounds are written together
            or end >= len(self._row)
            or self._is_gap(end)
            or self._length(end, _GOES_ON)
            or self._noun(end)
            or (position > 0 and self._is_past(end))
        )
        return end - position if goes_on else 0

    def _is_doer(self, position: int) -> bool:
        """Whether what comes after a generic doer says what it did: "councils that …"."""
        is_last = position >= len(self._row)
        return not is_last and (self._is_gap(position) or self._length(position, Part.VERB | Part.ASKED) > 0)

    def _is_past(self, position: int) -> bool:
        """Whether it is what the doer did: "has any town *helped*"."""
        return self._words.language in ("", "en") and self._row[position].endswith("ed")

    def _eat_verb(self, position: int) -> int:
        """Drop the verb of trying, right here or after the subject, and what it brings; where the topic begins."""
        start = position
        while start < min(position + _SUBJECT_LIMIT, len(self._row)):
            if length := self._length(start, Part.VERB) or (self._light_verb(start) if start == position else 0):
                if start > position and (self._is_gap(start) or self._words.has(self._row[start], Part.KIND)):
                    return position
                self._drop_idle(position, start)
                return self._drop_with_rest(start, length)
            if self._length(start, Part.LINK) and not self._length(start, Part.THING) and self._row[start] not in JOINS:
                break
            start += 1
        return position

    def _light_verb(self, position: int) -> int:
        length = self._length(position, Part.LIGHT)
        return 0 if self._length(position + length, Part.PARTICLE) else length

    def _drop_idle(self, start: int, end: int) -> None:
        """Drop what says nothing between auxiliary and verb: "heeft een waterschap *iets* gedaan"."""
        position = start
        while position < end:
            is_compound = position > start and self._kept[position - 1]  # "statistics office"
            length = self._length(position, _IDLE if is_compound else _IDLE | Part.ACTOR)
            self._drop(position, min(position + length, end))
            position += length or 1

    def _drop_with_rest(self, start: int, length: int) -> int:
        end = start + length
        if self._words.language not in ("", "en"):  # "provato a usare", "provat att använda"
            end += self._length(end, Part.VERB)
        while end < len(self._row):
            length = max(self._length(end, _AFTER_VERB), self._kind_of(end))
            if not length:
                break
            end += length
        self._drop(start, end)
        return end

    def _kind_of(self, position: int) -> int:
        """The length of "pilots of" without the "of"."""
        length = self._length(position, Part.KIND)
        return length if length and self._length(position + length, Part.LINK) else 0

    def _drop_verb_at_end(self, position: int) -> None:
        """German and Dutch put it there: "Hat jemand … ausprobiert?"."""
        if self._words.language not in ("de", "nl"):
            return
        last = len(self._row) - 1
        while last > position and self._kept[last] and self._words.has(self._row[last], _AT_END):
            self._drop(last, last + 1)
            last -= 1

    def _drop_head(self) -> None:
        """Articles before the topic, and what joined it to something that is gone."""
        position = 0
        while position < len(self._row):
            is_joint = position > 0 or self._free[0] > 0
            idle = Part.ARTICLE | Part.LINK if is_joint else Part.ARTICLE
            if self._kept[position] and not self._words.has(self._row[position], idle):
                return
            self._drop(position, position + 1)
            position += 1

    def _drop_tail(self) -> None:
        end = self._before_afterthought()
        self._drop(end, len(self._row))
        while end > 0:
            length = self._tail_length(end)
            if not length:
                return
            self._drop(end - length, end)
            end -= length

    def _before_afterthought(self) -> int:
        """Where "and what happened", "but did it work" begins; the end of the clause where there is none."""
        for start in range(1, len(self._row) - 1):
            rest = self._row[start + 1 :]
            asks = any(self._words.has(word, Part.ASKED | Part.AUXILIARY) for word in rest)
            if asks and self._row[start] in _JOINS_CLAUSES and covers(self._words, rest):
                return start
        return len(self._row)

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
        is_kind = end > 1 and self._words.has(self._row[end - 1], Part.KIND)
        return 1 if is_kind and not self._words.has(self._row[end - 2], Part.LINK) else 0

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
