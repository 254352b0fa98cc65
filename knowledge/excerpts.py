"""The sentences of a pilot that answer a question best."""

import re
from collections.abc import Iterable, Sequence

from knowledge.text import shorten

EXCERPT_LIMIT = 280

# A sentence ends at its mark before white space and a capital, digit or quote; not after "U.S." or "e.g.".
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<![A-Z.]\.[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[\"“'(]?[A-ZÀ-Þ0-9])|\n+")
_WORD = re.compile(r"\w+", re.UNICODE)
# Inflections differ at the end: words are the same here when they share this much of their beginning.
_STEM_LENGTH = 5


def excerpt(texts: Sequence[str | None], words: str, *, sentences: int = 2) -> str:
    """Up to two sentences, in their order, out of the first text that holds most of `words`; "" of no text.

    The first sentence of all stands in where no sentence holds any of them.
    """
    wanted = _stems(words)
    candidates = [(place, each) for place, each in enumerate(_sentences(texts))]
    if not candidates:
        return ""
    chosen: list[tuple[int, str]] = []
    missing = set(wanted)
    for _ in range(sentences):
        left = [each for each in candidates if each not in chosen]
        best = max(left, key=lambda each: (len(missing & _stems(each[1])), -each[0]), default=None)
        if best is None or (chosen and not missing & _stems(best[1])):
            break
        chosen.append(best)
        missing -= _stems(best[1])
    text = ""
    for _, sentence in sorted(chosen):
        joined = f"{text} {sentence}".strip()
        if text and len(joined) > EXCERPT_LIMIT:
            break
        text = joined
    return shorten(text, EXCERPT_LIMIT)


def _sentences(texts: Iterable[str | None]) -> list[str]:
    found = (each.strip() for text in texts if text for each in _SENTENCE_END.split(text))
    return list(dict.fromkeys(each for each in found if len(each) > 2))


def _stems(text: str) -> set[str]:
    return {word[:_STEM_LENGTH] for word in _WORD.findall(text.casefold()) if len(word) > 2}
