"""Organisations by the names people call them, and acronyms by what they stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

# More than any catalogue has; past it new names are not learned, so that memory stays bounded.
NAMES_LIMIT = 200_000
_MEANINGS_KEPT = 4

_SEPARATOR = re.compile(r"\s*(?:/|,|;|:|\||\s[-–]\s|[()]|\s-|-\s)\s*")
_ACRONYM = re.compile(r"[A-Z][A-Za-z&.-]{0,8}[A-Z]")
_BRACKETED = re.compile(r"\(([A-Z][A-Za-z&-]{0,8}[A-Z])s?\)")
_SPELT_IN_BRACKETS = re.compile(r"\b([A-Z][A-Z&-]{1,8})s? \(([A-Za-z][A-Za-z \-/&']{5,80})\)")
_NAME_BEFORE = re.compile(r"(?P<name>[^/,;:|()–]{5,100}?) ?\((?P<acronym>[A-Z][A-Za-z&-]{0,8}[A-Z]) ?\)")
_NAME_AFTER = re.compile(r"\b(?P<acronym>[A-Z][A-Za-z&]{0,8}[A-Z])(?:: | [-–] )(?P<name>[^/,;:|()–]{5,100})")
_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*")
_LEADING = re.compile(r"^(?:the |u\.?s\.? |united states |het |de |der |die |das |la |le |el |il |los |las )+")
_MUNICIPAL = re.compile(
    r"^(?:gemeente|municipality of|city of|town of|city council of|comune di|ayuntamiento de|stadt|ville de|commune de|"
    r"câmara municipal de|kommune|city and county of|landeshauptstadt|provincie|province of) (?P<place>.+)$"
    r"|^(?P<town>.+?) (?:municipality|city council|town council|county council|kommune|kommun|borough council|council)$"
)


class OrganisationNames:
    """Organisations as the base spells them, found by their full name, by a part of it or by an acronym."""

    def __init__(self) -> None:
        self._pilots: Counter[str] = Counter()
        self._by_key: dict[str, set[str]] = {}
        self._same: dict[str, set[str]] = {}

    def learn(self, organisation: str, pilots: int = 1) -> None:
        if organisation not in self._pilots:
            if len(self._pilots) >= NAMES_LIMIT:
                return
            for key in _keys(organisation):
                self._by_key.setdefault(key, set()).add(organisation)
            for acronym, name in _pairs(organisation):
                self._same.setdefault(acronym, set()).add(name)
                self._same.setdefault(name, set()).add(acronym)
        self._pilots[organisation] += pilots

    def forget(self, organisation: str) -> None:
        """One pilot fewer. What acronyms stand for is kept: it stays true."""
        if self._pilots[organisation] > 1:
            self._pilots[organisation] -= 1
            return
        self._pilots.pop(organisation, None)
        for key in _keys(organisation):
            those = self._by_key.get(key, set())
            those.discard(organisation)
            if not those:
                self._by_key.pop(key, None)

    def named(self, name: str) -> tuple[str, ...]:
        """All that carry this name, or the acronym or full name that means the same."""
        key = _key(name)
        if "@" + key in self._by_key:  # A town's name alone: more than its administration is there.
            return ()
        municipal = _municipal(key)
        found = set(self._by_key.get(key, ()))
        for other in self._same.get(key, ()):
            found |= self._by_key.get(other, set())
        if municipal:
            found |= self._by_key.get(municipal, set())
        return tuple(sorted(found, key=lambda each: (-self._pilots[each], each)))

    def pilots_of(self, organisations: Sequence[str]) -> int:
        return sum(self._pilots[each] for each in organisations)


class Acronyms:
    """What a base's own texts say that acronyms stand for."""

    def __init__(self) -> None:
        self._meanings: dict[str, Counter[str]] = {}

    def learn(self, text: str) -> None:
        for acronym, meaning in spelt_out(text):
            self.add(acronym, meaning)

    def add(self, acronym: str, meaning: str, pilots: int = 1) -> None:
        meanings = self._meanings.get(acronym)
        if meanings is None:
            if len(self._meanings) >= NAMES_LIMIT:
                return
            meanings = self._meanings[acronym] = Counter()
        if meaning in meanings or len(meanings) < _MEANINGS_KEPT:
            meanings[meaning] += pilots

    def meaning(self, acronym: str) -> str | None:
        meanings = self._meanings.get(acronym.upper())
        return meanings.most_common(1)[0][0] if meanings else None


def spelt_out(text: str) -> Iterator[tuple[str, str]]:
    """Acronyms with their meaning, casefolded: from "Optical Character Recognition (OCR)" or "OCR (optical …)"."""
    if "(" not in text:
        return
    for match in _BRACKETED.finditer(text):
        words = _WORD.findall(text[max(0, match.start() - 120) : match.start()])
        if meaning := _meaning_at_end(match[1], words):
            yield match[1].upper(), meaning
    for match in _SPELT_IN_BRACKETS.finditer(text):
        words = _WORD.findall(match[2])
        if _meaning_at_end(match[1], words) == " ".join(words).casefold():
            yield match[1].upper(), " ".join(words).casefold()


def _meaning_at_end(acronym: str, words: Sequence[str]) -> str | None:
    """The last words whose initials make the acronym; small words may stand between."""
    letters = [letter for letter in acronym.casefold() if letter.isalpha()]
    parts = [part for word in words for part in word.replace("-", "- ").split()]
    at = len(parts)
    for letter in reversed(letters):
        at -= 1
        skipped = 0
        while at >= 0 and parts[at][0].casefold() != letter:
            if parts[at].casefold() not in ("of", "the", "and", "for", "to", "in", "on", "a", "&") or skipped > 1:
                return None
            at -= 1
            skipped += 1
        if at < 0:
            return None
    return " ".join(parts[at:]).replace("- ", "-").casefold() if len(letters) > 1 else None


def is_acronym(text: str) -> bool:
    return len(text) <= 10 and _ACRONYM.fullmatch(text) is not None and sum(map(str.isupper, text)) * 2 > len(text)


def _keys(organisation: str) -> set[str]:
    """What it may be called: in full, by each part, and without what such names begin with."""
    parts = [part for part in _SEPARATOR.split(organisation) if part and len(part) > 1]
    keys = {_key(each) for each in (organisation, *parts)}
    keys |= {municipal for key in keys if (municipal := _municipal(key))}
    for part in parts:
        first, _, rest = part.partition(" ")
        if is_acronym(first) and " " in rest:  # "USDA Forest Service"
            keys |= {_key(rest), _key(first)}
    return {key for key in keys if len(key) > 1}


def _key(name: str) -> str:
    words = " ".join(name.casefold().replace("&", " and ").replace("’", "'").split())
    return _LEADING.sub("", words).replace(".", "").strip(" -,'\"")


def _municipal(key: str) -> str:
    """One key for "city of Ghent", "Ghent city council" and "gemeente Ghent"; "" where it is nothing of the kind."""
    match = _MUNICIPAL.match(key)
    return "@" + (match["place"] or match["town"]) if match else ""


def _pairs(organisation: str) -> Iterator[tuple[str, str]]:
    """Acronyms and the names beside them: "Bureau of Land Management (BLM)", "VHA: Veterans Health Administration"."""
    for match in _NAME_BEFORE.finditer(organisation):
        if _abbreviates(match["acronym"], match["name"]):
            yield _key(match["acronym"]), _key(match["name"])
    for match in _NAME_AFTER.finditer(organisation):
        if _abbreviates(match["acronym"], match["name"]):
            yield _key(match["acronym"]), _key(match["name"])


def _abbreviates(acronym: str, name: str) -> bool:
    """Whether its letters are found in order among the name's, from the first, most of them as initials."""
    words = [word.casefold() for word in _WORD.findall(name)]
    letters = [letter for letter in acronym.casefold() if letter.isalpha()]
    initials = "".join(word[0] for word in words) + "".join(words[0].replace(".", "")[1:] if "." in words[0] else "")
    rest = iter("".join(words))
    in_order = all(letter in rest for letter in letters)
    return (
        letters[0] == words[0][0] and in_order and sum(letter in initials for letter in letters) * 3 >= 2 * len(letters)
    )
