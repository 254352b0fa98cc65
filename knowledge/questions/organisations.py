"""Organisations by the names people call them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from knowledge.questions.acronyms import is_acronym

# More than any catalogue has; past it new names are not learned, so that memory stays bounded.
NAMES_LIMIT = 200_000

_SEPARATOR = re.compile(r"\s*(?:/|,|;|:|\||\s[-–]\s|[()]|\s-|-\s)\s*")
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

    def learn(self, organisation: str, pilots: int) -> None:
        if organisation not in self._pilots:
            if len(self._pilots) >= NAMES_LIMIT:
                return
            for key in _keys(organisation):
                self._by_key.setdefault(key, set()).add(organisation)
            for acronym, name in _pairs(organisation):
                self._same.setdefault(acronym, set()).add(name)
                self._same.setdefault(name, set()).add(acronym)
        self._pilots[organisation] += pilots

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
