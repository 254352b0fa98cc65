"""The sentences of a pilot that answer a question best."""

import re
from collections.abc import Iterable, Sequence

from knowledge.index.analysis import words
from knowledge.text import shorten

EXCERPT_LIMIT = 280

# A sentence ends at its mark before white space and a capital, digit or quote; not after "U.S." or "e.g.".
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<![A-Z.]\.[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[\"“'(]?[A-ZÀ-Þ0-9])|\n+")
# Inflections differ at the end: words are the same here when they share this much of their beginning.
_STEM_LENGTH = 5


def excerpt(texts: Sequence[str | None], asked: str, *, title: str = "", most: int = 2) -> str:
    """The sentences, in their order, that together hold most of what was asked; "" of no text.

    What the title says already need not be said again: where that is all, the first sentences tell what it was.
    """
    sentences = sentences_of(texts)
    missing = _stems(asked) - _stems(title)
    chosen: set[int] = set()
    answers = False
    while len(chosen) < min(most, len(sentences)):
        gains = {place: len(missing & _stems(each)) for place, each in enumerate(sentences) if place not in chosen}
        best = max(gains, key=lambda place: (gains[place], -place))
        if not gains[best] and answers:
            break
        answers = answers or bool(gains[best])
        chosen.add(best)
        missing -= _stems(sentences[best])
    return _joined([sentences[place] for place in sorted(chosen)])


def _joined(sentences: Sequence[str]) -> str:
    """As many of them as fit."""
    text = ""
    for sentence in sentences:
        joined = f"{text} {sentence}".strip()
        if text and len(joined) > EXCERPT_LIMIT:
            break
        text = joined
    return shorten(text, EXCERPT_LIMIT)


def sentences_of(texts: Iterable[str | None]) -> list[str]:
    found = (each.strip() for text in texts if text for each in _SENTENCE_END.split(text))
    return list(dict.fromkeys(each for each in found if len(each) > 2))


def _stems(text: str) -> set[str]:
    return {word[:_STEM_LENGTH] for word in words(text) if len(word) > 2}
