"""Text as records hold it: Unicode NFC, no control characters, no stray white space."""

import re
import unicodedata

from knowledge.errors import InvalidRecordError

TITLE_LIMIT = 500
TEXT_LIMIT = 50_000

# Controls, the bidirectional overrides that can make text read as something else, and lone surrogates.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
# Letters of their own that are no letter with an accent, and yet are typed as one by whoever lacks the key.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "œ": "oe"})
# What a terminal takes for an order ("now in red"), whole, so that no letters of it are left.
_TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """The same words as a record may hold them. Cleaning twice changes nothing more."""
    # Most text is one clean line, and seeing that is far cheaper than cleaning it.
    if text.isprintable() and "  " not in text and text.strip() == text and unicodedata.is_normalized("NFC", text):
        return text
    text = (
        _TERMINAL_CODES.sub("", text)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    # Removing a character can bring a letter and its accent together, so compose last.
    text = unicodedata.normalize("NFC", _UNWANTED.sub(" ", text))
    lines = (line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fold(text: str) -> str:
    """For comparing: lower case, without accents, so that "Zürich" and "zurich" are the same."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    apart = unicodedata.normalize("NFKD", folded).translate(_LETTERS)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, ended at a sentence where one ends late enough, else at a word."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    sentence = max(cut.rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    if sentence > limit // 2:
        return cut[: sentence + 1].rstrip()
    word = text[: limit - 1].rfind(" ")
    return cut[: word if word > limit // 2 else limit - 1].rstrip(" ,;:–-") + "…"


def require_text(value: str, field: str, *, limit: int = TEXT_LIMIT) -> None:
    """Raise InvalidRecordError unless `value` is cleaned text of 1 to `limit` characters."""
    if not value:
        raise InvalidRecordError("must not be empty", field=field)
    if len(value) > limit:
        raise InvalidRecordError(f"has {len(value):,} characters; at most {limit:,} fit", field=field)
    if value != clean(value):
        raise InvalidRecordError("holds control characters or stray white space; clean it first", field=field)


def require_link(value: str, field: str) -> None:
    """Raise InvalidRecordError unless `value` is an http or https address."""
    if not re.fullmatch(r"https?://[^\s<>\"]{3,2000}", value) or value != clean(value):
        raise InvalidRecordError(f"{value[:80]!r} is not a web address (https://…)", field=field)
