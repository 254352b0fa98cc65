"""Which characters the bytes of a text file stand for."""

import codecs
import re
from pathlib import Path

import charset_normalizer

from knowledge.errors import InvalidFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_OF_FILES = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")
_BLOCK = 1 << 20
# A sign of another alphabet read as Western European: a symbol between two letters, as in "Za¿ó³æ".
_MISREAD = re.compile(r"(?<=[A-Za-zÀ-ÿ])[¡-´¶¸-¿×÷](?=[A-Za-zÀ-ÿ])")


def encoding_of(path: Path) -> tuple[str, str]:
    """The encoding of a text file and what to do with bytes it does not know; reads the whole file once."""
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            check_encoding(path, encoding)
            return encoding, "strict"
    if start[:200].count(0) > len(start[:200]) // 3:
        encoding = "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
        check_encoding(path, encoding)
        return encoding, "strict"
    if b"\0" in start:
        raise InvalidFileError(
            f"{path.name} is not a table: it holds binary data. Export it as CSV, XLSX, JSON or JSON Lines."
        )
    return _unmarked(path)


def _unmarked(path: Path) -> tuple[str, str]:
    wrong, lines = _faults(path)
    if not wrong:
        return "utf-8", "strict"
    beyond_ascii = b"\n".join(lines)
    text = beyond_ascii.decode("utf-8", "replace")
    # A few damaged letters in a file that otherwise is UTF-8 do not make it another encoding.
    if text.count("\ufffd") * 20 < sum(letter > "\x7f" for letter in text):
        return "utf-8", "replace"
    return _legacy(beyond_ascii), "replace"


def _faults(path: Path) -> tuple[bool, list[bytes]]:
    """Whether it is not UTF-8, and up to 2,000 of its lines that are more than ASCII."""
    wrong = False
    lines: list[bytes] = []
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            if len(lines) < 2000:
                lines.append(line)
            if not wrong:
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    wrong = True
    return wrong, lines


def _legacy(sample: bytes) -> str:
    """The best of the encodings before UTF-8; the Western one first, which guessers take for its neighbours."""
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        western = ""
    letters = sum(letter > "\x7f" for letter in western)
    if western and len(_MISREAD.findall(western)) * 20 < letters and _mostly_words(western):
        return "cp1252"
    guess = charset_normalizer.from_bytes(sample[:200_000]).best()
    return guess.encoding if guess else "cp1252"


def _mostly_words(text: str) -> bool:
    """Whether letters beyond ASCII stand among ASCII ones; whole words of them are another alphabet."""
    beyond = len(re.findall(r"[À-ÿ]", text))
    runs = sum(len(run) for run in re.findall(r"[À-ÿ]{3,}", text))
    return runs * 4 <= beyond


def is_encoding(name: str) -> bool:
    """Whether Python reads text files in it; some of its codecs are for other things, such as names of hosts."""
    try:
        text = "aé".encode(name, "replace")
        return isinstance(text.decode(name), str) and codecs.lookup(name).name not in _NOT_OF_FILES
    except (LookupError, ValueError):
        return False


def check_encoding(path: Path, encoding: str) -> None:
    """InvalidFileError unless the whole file can be read so."""
    try:
        with path.open(encoding=encoding) as file:
            while file.read(_BLOCK):
                pass
    except UnicodeError:
        raise InvalidFileError(
            f"{path.name} is not {encoding.upper()} text throughout; it may be damaged. "
            "Export it again, as UTF-8 if you can choose."
        ) from None
    except LookupError:
        raise InvalidFileError(
            f"{encoding!r} is not an encoding; write utf-8, cp1252 or another that Python knows."
        ) from None
