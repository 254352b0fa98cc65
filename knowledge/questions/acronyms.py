"""Acronyms by what a base's own texts say that they stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

# Past it no new ones are learned, so that memory stays bounded.
_ACRONYMS_LIMIT = 200_000
_MEANINGS_KEPT = 4

_ACRONYM = re.compile(r"[A-Z][A-Za-z&.-]{0,8}[A-Z]")
_BRACKETED = re.compile(r"\(([A-Z][A-Za-z&-]{0,8}[A-Z])s?\)")
_SPELT_IN_BRACKETS = re.compile(r"\b([A-Z][A-Z&-]{1,8})s? \(([A-Za-z][A-Za-z \-/&']{5,80})\)")
_WORD = re.compile(r"[^\W_]+(?:['’&.-][^\W_]+)*")


class Acronyms:
    """What a base's own texts say that acronyms stand for."""

    def __init__(self) -> None:
        self._meanings: dict[str, Counter[str]] = {}

    def learn(self, acronym: str, meaning: str, pilots: int) -> None:
        meanings = self._meanings.get(acronym)
        if meanings is None:
            if len(self._meanings) >= _ACRONYMS_LIMIT:
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
