"""Rhythms: on which days somebody is asked by rights, before their working time moves it.

APScheduler's triggers count the days, in UTC and at midnight: in a zone with summer time they skip days whose hour is
missing and may stand still on one that comes twice. At what hour a day is meant is for the working time to say.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import TypeAlias, assert_never

from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.cron import CronTrigger

from knowledge.errors import InvalidRecordError, PilotlightError


class InvalidRhythmError(PilotlightError):
    """What somebody typed is no rhythm; the message says what would be."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:60]!r} is not a rhythm; write every week, every 2 weeks, every month, every quarter, "
            "every 6 months, every year, first Tuesday, last Friday or 100 days"
        )


class Weekday(IntEnum):
    """As date.weekday() counts."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class Position(StrEnum):
    """Which one of a month. There is no fifth: not every month has it."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    LAST = "last"


class ChallengeDay(IntEnum):
    """The days of a 100-day challenge on which its owner is asked, counted from its start."""

    START = 0
    DAY_30 = 30
    DAY_60 = 60
    DAY_90 = 90
    GATE = 100

    @property
    def asks_for_sustainability_plan(self) -> bool:
        return self in {ChallengeDay.DAY_60, ChallengeDay.DAY_90}

    @property
    def is_gate(self) -> bool:
        """Whether to scale, hand over or stop is decided."""
        return self is ChallengeDay.GATE


@dataclass(frozen=True, slots=True)
class EveryWeeks:
    """On the weekday it started on."""

    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 52:
            raise InvalidRecordError("a rhythm in weeks is of 1 to 52 weeks")

    def __str__(self) -> str:
        return "every week" if self.count == 1 else f"every {self.count} weeks"


@dataclass(frozen=True, slots=True)
class EveryMonths:
    """On the day of the month it started on; on the last day of a month that is too short for it."""

    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 12:
            raise InvalidRecordError("a rhythm in months is of 1 to 12 months")

    def __str__(self) -> str:
        return _NAMED_MONTHS.get(self.count, f"every {self.count} months")


@dataclass(frozen=True, slots=True)
class WeekdayOfMonth:
    """Such as the first Tuesday, of every month or of every so many."""

    position: Position
    weekday: Weekday
    every: EveryMonths = EveryMonths()

    def __str__(self) -> str:
        named = f"{self.position} {self.weekday.name.capitalize()}"
        return named if self.every.count == 1 else f"{named} {self.every}"


@dataclass(frozen=True, slots=True)
class HundredDays:
    """A challenge with an end: its days are those of ChallengeDay."""

    def __str__(self) -> str:
        return "100 days"


Rhythm: TypeAlias = EveryWeeks | EveryMonths | WeekdayOfMonth | HundredDays

_NAMED_MONTHS = {1: "every month", 3: "every quarter", 12: "every year"}
_ALSO_CALLED = {
    "weekly": "every week", "two-weekly": "every 2 weeks", "fortnightly": "every 2 weeks",
    "every other week": "every 2 weeks", "every second week": "every 2 weeks", "monthly": "every month",
    "quarterly": "every 3 months", "every quarter": "every 3 months", "twice a year": "every 6 months",
    "yearly": "every 12 months", "every year": "every 12 months",
    "100-day challenge": "100 days", "hundred days": "100 days",
}  # fmt: skip
_POSITIONS = {  # as the trigger calls them
    Position.FIRST: "1st", Position.SECOND: "2nd", Position.THIRD: "3rd", Position.FOURTH: "4th", Position.LAST: "last",
}  # fmt: skip
_NUMBERS = {"two": 2, "three": 3, "four": 4, "six": 6}
_INTERVAL = re.compile(r"every (?:(\d{1,3}|[a-z]+) )?(week|month)s?")
_WEEKDAY = re.compile(r"(?:the )?([a-z]+) ([a-z]+)(?: of (?:the|each|every) month)?(?: (every .+))?")


def rhythm_from_text(text: str) -> Rhythm:
    """What `str` of a rhythm says, and other ways in which people write it. Raises InvalidRhythmError."""
    plain = " ".join(text.casefold().split())
    plain = _ALSO_CALLED.get(plain, plain)
    try:
        if plain == str(HundredDays()):
            return HundredDays()
        return _interval(plain) or _weekday_of_month(plain)
    except (InvalidRecordError, LookupError, ValueError):
        raise InvalidRhythmError(text) from None


def halved(rhythm: Rhythm) -> Rhythm:
    """Half as often, though at least once a year: for who stayed silent. The days of a challenge are what it is."""
    match rhythm:
        case EveryWeeks():
            return EveryWeeks(min(2 * rhythm.count, 52))
        case EveryMonths():
            return EveryMonths(min(2 * rhythm.count, 12))
        case WeekdayOfMonth():
            return replace(rhythm, every=EveryMonths(min(2 * rhythm.every.count, 12)))
        case HundredDays():
            return rhythm
        case _:
            assert_never(rhythm)


def days(rhythm: Rhythm, start: date) -> Iterator[date]:
    """The days to ask on from the start on, in order; without an end but for the challenge."""
    match rhythm:
        case EveryWeeks():
            return _steps(start, weeks=rhythm.count)
        case EveryMonths():
            # The trigger leaves out a month without a 31st; the first of a month is in all of them.
            months = _steps(start.replace(day=1), months=rhythm.count)
            return (_day_of_month(month, start.day) for month in months)
        case WeekdayOfMonth():
            trigger = CronTrigger(day=f"{_POSITIONS[rhythm.position]} {rhythm.weekday.name[:3]}", timezone=UTC)
            first_month = _first_from(start, trigger).replace(day=1)
            return (_first_from(month, trigger) for month in _steps(first_month, months=rhythm.every.count))
        case HundredDays():
            return (start + timedelta(days=day) for day in ChallengeDay)
        case _:
            assert_never(rhythm)


def challenge_day(start: date, on: date) -> ChallengeDay | None:
    """Which day of a challenge that is; None on all others."""
    try:
        return ChallengeDay((on - start).days)
    except ValueError:
        return None


def _interval(plain: str) -> EveryWeeks | EveryMonths | None:
    found = _INTERVAL.fullmatch(plain)
    if not found:
        return None
    number, unit = found.groups(default="1")
    count = _NUMBERS[number] if number.isalpha() else int(number)
    return EveryWeeks(count) if unit == "week" else EveryMonths(count)


def _weekday_of_month(plain: str) -> WeekdayOfMonth:
    found = _WEEKDAY.fullmatch(plain)
    if not found:
        raise ValueError(plain)
    position, weekday, interval = found.groups()
    every = _interval(_ALSO_CALLED.get(interval, interval)) if interval else EveryMonths()
    if not isinstance(every, EveryMonths):
        raise ValueError(interval)  # noqa: TRY004 - a rhythm in weeks has no first Tuesday
    return WeekdayOfMonth(Position(position), Weekday[weekday.upper()], every)


def _steps(start: date, *, weeks: int = 0, months: int = 0) -> Iterator[date]:
    trigger = CalendarIntervalTrigger(start_date=start, weeks=weeks, months=months, timezone=UTC)
    fired = None
    while True:
        fired = trigger.get_next_fire_time(fired, _midnight(start))
        yield fired.date()


def _day_of_month(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def _first_from(day: date, trigger: CronTrigger) -> date:
    fires: datetime = trigger.get_next_fire_time(None, _midnight(day))
    return fires.date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
