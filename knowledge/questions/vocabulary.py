"""What the base's pilots teach about reading questions: their words, organisations and acronyms, kept in memory."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

from knowledge.pilots import Pilot
from knowledge.questions.organisations import Acronyms, OrganisationNames, is_acronym, spelt_out
from knowledge.questions.tokens import phrase_words

# Words kept at most; past it the rarest go, which at a million pilots are typing errors and numbers of parts.
WORDS_LIMIT = 300_000
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
# An acronym names an organisation where at least this share of the pilots that hold it are the organisation's.
_OWN_SHARE = 0.15
# A word is a name where it is written small in at most this share of the pilots that hold it.
_SMALL_SHARE = 0.15

_WORDS = re.compile(r"[^\W\d_]{2,40}")
# From so many letters a word may hold two slips.
_TWO_SLIPS = 9
_VOWELS = frozenset("aeiouy")
_ENDINGS = phrase_words("s es ed d ing er ers ly al n en ness less able ment ism ist y")
_BEGINNINGS = phrase_words("un re non pre over under micro multi auto anti co dis mis inter sub out")
# Pairs of right words one slip apart.
_CONFUSABLE = frozenset(["trail", "dairy", "diary", "causal", "casual", "marital", "martial", "angle", "angel"])
_ORGANISATION_NOUNS = frozenset(
    phrase_words(
        "service services agency department ministry council authority institute office university administration "
        "commission bureau police hospital city board court centre center foundation laboratory corps ministerie "
        "dienst inspectie waterschap gemeente provincie autoriteit"
    )
)


class Vocabulary(Protocol):
    """What the base itself knows, for reading questions asked of it."""

    def frequency(self, word: str) -> int:
        """In how many pilots a word (casefolded) stands."""
        ...

    def organisations(self, name: str) -> Sequence[str]:
        """Organisations of the base that `name` names, in full, in part or by acronym; none where it names none."""
        ...

    def spelt_out(self, acronym: str) -> str | None:
        """What the base itself says that an acronym stands for: "RPA" -> "robotic process automation"."""
        ...

    def nearest(self, word: str) -> str | None:
        """The base's word that a misspelt one most likely means; None where there is none, or it is spelt right."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one pilot teaches: its words, casefolded; those it only writes with a capital; acronyms with meanings."""

    words: frozenset[str]
    capitalised: frozenset[str]
    organisation: str | None
    acronyms: tuple[tuple[str, str], ...]


class PilotVocabulary:
    """The Vocabulary of a set of pilots. Learns and forgets one pilot at a time.

    Kept: how many pilots hold each word (at most WORDS_LIMIT words), in how many it is only written with a capital,
    each organisation's name, each acronym's meanings. Texts are not kept, so memory is bounded whatever the base.
    """

    def __init__(self, pilots: Iterable[Pilot] = ()) -> None:
        self._frequencies: Counter[str] = Counter()
        self._capitalised: Counter[str] = Counter()
        self._organisations = OrganisationNames()
        self._acronyms = Acronyms()
        self._candidates: dict[int, list[str]] = {}
        self._changes = 0
        for pilot in pilots:
            self.learn(pilot)

    def learn(self, pilot: Pilot) -> None:
        taught = lesson(pilot)
        self._frequencies.update(taught.words)
        self._capitalised.update(taught.capitalised)
        for acronym, meaning in taught.acronyms:
            self._acronyms.add(acronym, meaning)
        if taught.organisation:
            self._organisations.learn(taught.organisation)
        self._note_change()
        if len(self._frequencies) > WORDS_LIMIT:
            self._drop_rarest()

    def learn_counts(
        self,
        *,
        words: Mapping[str, int],
        capitalised: Mapping[str, int],
        organisations: Mapping[str, int],
        acronyms: Mapping[tuple[str, str], int],
    ) -> None:
        """Learn many lessons at once, each part with the number of pilots that taught it."""
        self._frequencies.update(words)
        self._capitalised.update(capitalised)
        for organisation, pilots in organisations.items():
            self._organisations.learn(organisation, pilots)
        for (acronym, meaning), pilots in acronyms.items():
            self._acronyms.add(acronym, meaning, pilots)
        self._candidates = {}
        if len(self._frequencies) > WORDS_LIMIT:
            self._drop_rarest()

    def forget(self, pilot: Pilot) -> None:
        """Undo what `learn` did for this pilot, given as it was learned; what acronyms stand for is kept.

        Who no longer knows how it was may leave this out until the next start: a few counts too many only weigh
        corrections of spelling.
        """
        taught = lesson(pilot)
        _subtract(self._frequencies, taught.words)
        _subtract(self._capitalised, taught.capitalised)
        if taught.organisation:
            self._organisations.forget(taught.organisation)
        self._note_change()

    def frequency(self, word: str) -> int:
        return self._frequencies.get(word.casefold(), 0)

    def organisations(self, name: str) -> Sequence[str]:
        """See Vocabulary. How `name` is written counts: "WHO" may be one where "who" is not."""
        words = name.split()
        found = self._organisations.named(name)
        if is_acronym(name) and (meaning := self._acronyms.meaning(name)):
            found = tuple(dict.fromkeys((*found, *self._organisations.named(meaning))))
        if not found:
            return ()
        if len(words) > 1:
            is_named = any(word[:1].isupper() for word in words) or words[-1].casefold() in _ORGANISATION_NOUNS
            return found if is_named else ()
        if is_acronym(name):
            return found if self._is_own_acronym(name, found) else ()
        return found if len(name) > 2 and self._is_name(name) else ()

    def spelt_out(self, acronym: str) -> str | None:
        """See Vocabulary. Written small it is only taken for an acronym where the base never writes it so."""
        return self._acronyms.meaning(acronym) if acronym.isupper() or self._is_name(acronym) else None

    def nearest(self, word: str) -> str | None:
        """See Vocabulary. A word that one or two pilots hold may be their slip, where another is far more common."""
        word = word.casefold()
        held = self.frequency(word)
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

    def _is_own_acronym(self, name: str, found: Sequence[str]) -> bool:
        return self._organisations.pilots_of(found) >= _OWN_SHARE * self.frequency(name)

    def _is_name(self, word: str) -> bool:
        """Whether the base writes it with a capital, nearly always; always, where it is asked for without one."""
        held = self.frequency(word)
        small = held - self._capitalised.get(word.casefold(), 0)
        return small <= (_SMALL_SHARE * held if word[:1].isupper() else 0)

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

    def _note_change(self) -> None:
        """Candidates for corrections may be a little old."""
        self._changes += 1
        if self._changes * 50 > len(self._frequencies):
            self._changes = 0
            self._candidates = {}

    def _drop_rarest(self) -> None:
        floor = 1
        while len(self._frequencies) > WORDS_LIMIT * 2 // 3:
            kept = {word: count for word, count in self._frequencies.items() if count > floor}
            self._frequencies = Counter(kept)
            floor *= 2
        self._capitalised = Counter({word: n for word, n in self._capitalised.items() if word in self._frequencies})


def lesson(pilot: Pilot) -> Lesson:
    outcome = pilot.outcome
    texts = (pilot.title, pilot.summary, pilot.challenge, outcome.summary, outcome.stopped_because, pilot.organisation)
    text = "\n".join(filter(None, (*texts, *pilot.topics)))
    written = set(_WORDS.findall(text))
    words = frozenset(word.casefold() for word in written)
    return Lesson(
        words=words,
        capitalised=words - {word for word in written if word.islower()},
        organisation=pilot.organisation,
        acronyms=tuple(dict.fromkeys(spelt_out(text))),
    )


def _subtract(counts: Counter[str], words: Iterable[str]) -> None:
    for word in words:
        if counts[word] > 1:
            counts[word] -= 1
        else:
            counts.pop(word, None)


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
