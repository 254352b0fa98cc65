"""National identity numbers in free text. Most look like any other number, so a valid check digit is not enough."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Number:
    """`module` of python-stdnum decides; `words`, where given, must stand shortly before."""

    module: str
    pattern: str
    words: str = ""


_NUMBERS = (
    # Their form alone tells them: letters and digits in a fixed place, or a date with a check that fits.
    _Number("it.codicefiscale", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"),
    _Number("fi.hetu", r"[0-3]\d[01]\d{3}[-+A-FU-Y]\d{3}[0-9A-Y]"),
    _Number("be.nn", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"),
    _Number("fr.nir", r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}"),
    _Number("us.ssn", r"\d{3}-\d{2}-\d{4}"),
    _Number("se.personnummer", r"(?:19|20)\d{6}[-+]?\d{4}"),
    # The rest only after a word that says so.
    _Number("nl.bsn", r"\d{9}|\d{4}\.\d{2}\.\d{3}", r"bsn|burgerservicenummer|sofi-?nummer"),
    _Number("no.fodselsnummer", r"\d{6} ?\d{5}", r"f[øo]dselsnummer|fnr|personnummer|national identity"),
    _Number("dk.cpr", r"\d{6}-?\d{4}", r"cpr(?:-?(?:nummer|nr|number))?|personnummer"),
    _Number("se.personnummer", r"\d{6}[-+]?\d{4}", r"personnummer|pnr|personal identity"),
    _Number("be.nn", r"\d{11}", r"rijksregister\w*|registre national|nationaal nummer|national number|insz|niss"),
    _Number("es.dni", r"\d{8}-?[A-Z]", r"dni|nif|documento nacional"),
    _Number("es.nie", r"[XYZ]-?\d{7}-?[A-Z]", r"nie|extranjero"),
    _Number("pt.nif", r"\d{9}|\d{3} \d{3} \d{3}", r"nif|contribuinte"),
    _Number("gb.nino", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", r"ni|nino|national insurance"),
    _Number("de.idnr", r"\d{11}|\d{2} \d{3} \d{3} \d{3}", r"id-?nr|steuer-?id\w*|identifikationsnummer"),
    _Number("ee.ik", r"\d{11}", r"isikukood|personal (?:identification )?code"),
    _Number("us.ssn", r"\d{9}", r"ssn|social security"),
)
_BEFORE = 40  # characters in which the word must stand
# stdnum has no module for the British number: its letters are limited, and nothing checks its digits.
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


def find_identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where they begin and end."""
    for number, pattern, words in _COMPILED:
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - _BEFORE) : match.start()]
            if (words is None or words.search(before)) and _is_valid(number.module, match[0]):
                yield match.span()


def _compile(number: _Number) -> tuple[_Number, re.Pattern[str], re.Pattern[str] | None]:
    words = re.compile(rf"\b(?:{number.words})\b", re.IGNORECASE) if number.words else None
    either_case = re.IGNORECASE if words else re.NOFLAG
    return number, re.compile(rf"(?<![\w./+-])(?:{number.pattern})(?![\w/]|[-.]\d)", either_case), words


_COMPILED = tuple(map(_compile, _NUMBERS))


def _is_valid(module: str, written: str) -> bool:
    if module == "gb.nino":
        return bool(_NINO.fullmatch(written.replace(" ", "").upper()))
    checker: Any = importlib.import_module(f"stdnum.{module}")
    return bool(checker.is_valid(written))
