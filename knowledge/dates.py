"""Dates as catalogues know them: a year, a month of a year, or a day."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from knowledge.errors import InvalidRecordError

_LOCALES = {"en": "en_GB"}  # where a language alone would be written as in one country that writes it differently


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A year, a month or a day, written as ISO 8601: ``2024``, ``2024-05``, ``2024-05-17``."""

    iso: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", self.iso):
            raise InvalidRecordError(f"{self.iso!r} is not a date; write 2024, 2024-05 or 2024-05-17")
        try:
            self.first()
            self.last()
        except ValueError:
            raise InvalidRecordError(f"{self.iso!r} is not a day of the calendar") from None

    @property
    def year(self) -> int:
        return int(self.iso[:4])

    def first(self) -> date:
        """The first day it can mean."""
        return date.fromisoformat((self.iso + "-01-01")[:10])

    def last(self) -> date:
        """The last day it can mean."""
        if len(self.iso) == 10:
            return date.fromisoformat(self.iso)
        month = int(self.iso[5:7]) if len(self.iso) == 7 else 12
        return date(self.year, month, calendar.monthrange(self.year, month)[1])

    def __str__(self) -> str:
        return self.iso


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted in; None is open."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise InvalidRecordError(f"a period cannot end ({self.last}) before it begins ({self.first})")


def written(day: date, language: str = "en") -> str:
    """As people write a day in full: 22 November 2026."""
    return format_date(day, format="long", locale=_LOCALES.get(language, language))
