"""Text cut to what a platform holds: at a sentence where it is read on, at a word where it must be one piece."""

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)]*\s+|\n+")


def length(text: str) -> int:
    """As platforms may count: in UTF-16, where an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def whole_sentences(text: str, limit: int) -> str:
    """As many of its first sentences as fit; a first one that alone is too long ends at a word, with a mark."""
    if length(text) <= limit:
        return text
    end = 0
    for match in _SENTENCE_END.finditer(text):
        # The sentence's own closing quotes belong to it.
        stop = match.start() + len(match[0].rstrip())
        if length(text[:stop]) > limit:
            break
        end = stop
    return text[:end].rstrip() or at_word(text, limit)


def at_word(text: str, limit: int) -> str:
    """At most `limit` long, ended at a word and marked."""
    if length(text) <= limit:
        return text
    cut = text[: max(limit - 1, 0)]
    while cut and length(cut) >= limit:
        cut = cut[:-1]
    word = max(cut.rfind(space) for space in " \n")
    cut = cut[: word if word > limit // 2 else len(cut)].rstrip()
    return f"{cut}…" if cut else ""
