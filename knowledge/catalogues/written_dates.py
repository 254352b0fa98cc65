"""Dates as catalogues write them, to the precision that they have."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel import Locale, UnknownLocaleError

from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError

# Read without being told: year first, or with the month as a word, so that nothing is ambiguous.
_USUAL = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y",
    "%Y/%b/%d", "%Y-%b-%d", "%d %b %Y", "%d. %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d, %Y", "%b %d %Y",
    "%b %Y", "%b-%Y", "%b, %Y", "%Y %b", "%Y-%b",
)  # fmt: skip
_PARTS = {
    "%Y": r"(?P<year>\d{4})",
    "%y": r"(?P<short_year>\d\d)",
    "%m": r"(?P<month>\d\d?)",
    "%d": r"(?P<day>\d\d?)",
    "%b": r"(?P<word>[^\W\d_]+)\.?",
}
_DAY_ZERO = date(1899, 12, 30)
_YEARS_OF_PILOTS = range(1990, 2036)
# The time of day is not kept, nor a zone; a remark in brackets after the date is.
_TIME = r"(?:(?:T|,? +)\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|[+-]\d\d(?::?\d\d)?))?)?"
_REMARK = r"(?: *(?P<remark>\([^()]*\)))?"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    date: PartialDate
    remark: str = ""
    why: str = ""
    """How it comes to differ from what is written, where that does not show."""


class DateFormatError(ValueError):
    """A format that this module does not know; the message says what it may hold."""


def read_date(value: Any, formats: Sequence[str] = (), languages: Sequence[str] = ("en",)) -> WrittenDate:
    """The date in a cell, by the catalogue's own formats first; InvalidRecordError where it is none."""
    if isinstance(value, datetime):
        return WrittenDate(PartialDate(value.date().isoformat()))
    if isinstance(value, date):
        return WrittenDate(PartialDate(value.isoformat()))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    for form in (*formats, *_USUAL):
        if (match := date_pattern(form).fullmatch(text)) and (iso := _iso(match, tuple(languages))):
            if form in formats and (year := _year_shown_as_day(iso)):
                return WrittenDate(PartialDate(str(year)), text, ", the year that a spreadsheet shows as that day")
            return WrittenDate(PartialDate(iso), match["remark"] or "")
    raise InvalidRecordError(f"{text[:80]!r} is not a date that can be read")


@functools.cache
def date_pattern(form: str) -> re.Pattern[str]:
    """A format of %Y, %y, %m, %d and %b as a pattern; DateFormatError where it is none."""
    form = form.replace("%B", "%b")
    pieces = re.split(r"(%.)", form)
    unknown = [piece for piece in pieces if piece.startswith("%") and piece not in _PARTS]
    if unknown or not {"%Y", "%y"} & set(pieces):
        raise DateFormatError(
            f"{form!r} is no date format: write %Y or %y for the year, %m for the month as a number, "
            "%b as a word, %d for the day; a time after it is read by itself"
        )
    return re.compile("".join(_PARTS.get(piece, re.escape(piece)) for piece in pieces) + _TIME + _REMARK)


def _iso(match: re.Match[str], languages: tuple[str, ...]) -> str | None:
    """ISO 8601 where the parts make a day of the calendar."""
    parts = match.groupdict()
    year = parts.get("year") or _century(parts["short_year"])
    month: int | None = int(parts["month"]) if parts.get("month") else None
    if word := parts.get("word"):
        month = _months(languages).get(word.casefold())
        if month is None:
            return None
    try:
        if month is None:
            return PartialDate(year).iso
        if not parts.get("day"):
            return PartialDate(f"{year}-{month:02}").iso
        return PartialDate(f"{year}-{month:02}-{int(parts['day']):02}").iso
    except InvalidRecordError:
        return None


def _year_shown_as_day(iso: str) -> int | None:
    """Spreadsheets count days from the end of 1899, so a cell of days that holds 2024 shows 16 July 1905."""
    if not iso.startswith("1905-") or len(iso) < 10:
        return None
    number = (date.fromisoformat(iso) - _DAY_ZERO).days
    return number if number in _YEARS_OF_PILOTS else None


def _century(short_year: str) -> str:
    """As strptime has it: 69 to 99 are of the 20th century."""
    return f"{19 if int(short_year) >= 69 else 20}{short_year}"


@functools.cache
def _months(languages: tuple[str, ...]) -> dict[str, int]:
    names: dict[str, int] = {"sept": 9}
    for language in languages:
        months = _locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    names.setdefault(name.casefold().rstrip("."), number)
    return names


def _locale(language: str) -> Locale:
    """Of the language alone: en-gb names its months as en. English where nobody knows the language."""
    try:
        return Locale.parse(re.split("[-_]", language)[0])
    except (UnknownLocaleError, ValueError):
        return Locale("en")
