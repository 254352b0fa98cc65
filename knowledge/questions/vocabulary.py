"""What the base's pilots teach about reading questions: their words, organisations and acronyms, kept in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from knowledge.questions.acronyms import Acronyms, is_acronym
from knowledge.questions.organisations import OrganisationNames
from knowledge.questions.spelling import Spelling
from knowledge.questions.words import name_words

# Words kept at most; past it the rarest go, which at a million pilots are typing errors and numbers of parts.
WORDS_LIMIT = 300_000
# An acronym names an organisation where at least this share of the pilots that hold it are the organisation's.
_OWN_SHARE = 0.15
# A word is a name where it is written small in at most this share of the pilots that hold it.
_SMALL_SHARE = 0.15


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


class PilotVocabulary:
    """The Vocabulary of a set of pilots.

    Kept: how many pilots hold each word (at most WORDS_LIMIT words), in how many it is only written with a capital,
    each organisation's name, each acronym's meanings. Texts are not kept, so memory is bounded whatever the base.
    """

    def __init__(self) -> None:
        self._frequencies: Counter[str] = Counter()
        self._capitalised: Counter[str] = Counter()
        self._organisations = OrganisationNames()
        self._acronyms = Acronyms()
        self._spelling = Spelling(self._frequencies)

    def learn_counts(
        self,
        *,
        words: Mapping[str, int],
        capitalised: Mapping[str, int],
        organisations: Mapping[str, int],
        acronyms: Mapping[tuple[str, str], int],
    ) -> None:
        """Learn what pilots teach (see Lesson), each part with the number of pilots that taught it."""
        self._frequencies.update(words)
        self._capitalised.update(capitalised)
        for organisation, pilots in organisations.items():
            self._organisations.learn(organisation, pilots)
        for (acronym, meaning), pilots in acronyms.items():
            self._acronyms.learn(acronym, meaning, pilots)
        if len(self._frequencies) > WORDS_LIMIT:
            self._drop_rarest()
        self._spelling = Spelling(self._frequencies)

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
            is_capitalised = any(word[:1].isupper() for word in words)
            is_named = is_capitalised or words[-1].casefold() in name_words().organisation_nouns
            return found if is_named else ()
        if is_acronym(name):
            return found if self._is_own_acronym(name, found) else ()
        return found if len(name) > 2 and self._is_name(name) else ()

    def spelt_out(self, acronym: str) -> str | None:
        """See Vocabulary. Written small it is only taken for an acronym where the base never writes it so."""
        return self._acronyms.meaning(acronym) if acronym.isupper() or self._is_name(acronym) else None

    def nearest(self, word: str) -> str | None:
        """See Vocabulary."""
        return self._spelling.nearest(word)

    def _is_own_acronym(self, name: str, found: Sequence[str]) -> bool:
        return self._organisations.pilots_of(found) >= _OWN_SHARE * self.frequency(name)

    def _is_name(self, word: str) -> bool:
        """Whether the base writes it with a capital, nearly always; always, where it is asked for without one."""
        held = self.frequency(word)
        small = held - self._capitalised.get(word.casefold(), 0)
        return small <= (_SMALL_SHARE * held if word[:1].isupper() else 0)

    def _drop_rarest(self) -> None:
        floor = 1
        while len(self._frequencies) > WORDS_LIMIT * 2 // 3:
            kept = {word: count for word, count in self._frequencies.items() if count > floor}
            self._frequencies = Counter(kept)
            floor *= 2
        self._capitalised = Counter({word: n for word, n in self._capitalised.items() if word in self._frequencies})
