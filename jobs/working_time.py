"""Working time: when a person may be written to, by their own clock, calendar and wish."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

from knowledge.dates import Period
from knowledge.errors import InvalidRecordError

_YEAR = 366  # days, after which nobody is waited for
_WEEKEND = (5, 6)


class KnownHolidays(StrEnum):
    """How much is known of somebody's public holidays: what is not known, nobody is spared."""

    ALL = "all"
    NATIONAL = "national"  # those of the country, for its region is not known or not given
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """Valid or not built. All times and dates are the person's own, in `zone`.

    `country` is an ISO 3166 code, `region` the part of an ISO 3166-2 code or a name that the holidays library knows.
    `days` are weekdays as date.weekday() counts; None is the working week of the country. `asked_at` is the time on a
    day at which who is due that day is asked. The quiet hours may run over midnight. On the day `paused_until`, the
    pause is over.
    """

    zone: str
    country: str = ""
    region: str = ""
    days: frozenset[int] | None = None
    hours_from: time = time(9)
    hours_until: time = time(16)
    asked_at: time = time(10)
    quiet_from: time | None = None
    quiet_until: time | None = None
    paused_until: date | None = None
    away: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ValueError, LookupError, OSError):
            raise InvalidRecordError(
                f"{self.zone[:60]!r} is not a time zone; write it as Europe/Helsinki", field="zone"
            ) from None
        if not self.hours_from < self.hours_until:
            raise InvalidRecordError("working hours end after they begin, on the same day", field="hours_until")
        if self.days is not None and not self.days <= set(range(7)):
            raise InvalidRecordError("weekdays are 0 (Monday) to 6 (Sunday)", field="days")
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise InvalidRecordError("quiet hours have a beginning and an end, or neither", field="quiet_from")

    @property
    def known_holidays(self) -> KnownHolidays:
        if self._holidays() is None:
            return KnownHolidays.NONE
        is_all = self.region and _holidays(self.country, self.region) is not None
        return KnownHolidays.ALL if is_all else KnownHolidays.NATIONAL

    def works_on(self, day: date) -> bool:
        """Not whether it is open at any hour: the quiet hours may leave none."""
        is_paused = self.paused_until is not None and day < self.paused_until
        if is_paused or any(_covers(period, day) for period in self.away):
            return False
        known = self._holidays()
        if known is not None and day in known:
            return False
        if self.days is not None:
            return day.weekday() in self.days
        return day.weekday() not in _WEEKEND if known is None else not known.is_weekend(day)

    def is_open(self, at: datetime) -> bool:
        """They may be written to at this instant."""
        local = self._local(at)
        return self._is_open_by_clock(local.time()) and self.works_on(local.date())

    def next_at(self, at: datetime) -> datetime | None:
        """The first instant from that one on at which they may be written to; None if there is none within a year."""
        if self.is_open(at):
            return at.astimezone(UTC)
        openings = (opening for day in _year_from(self._local(at).date()) for opening in self._openings(day))
        return next((opening for opening in openings if opening > at), None)

    def due_at(self, day: date) -> datetime | None:
        """When who is due on that day is asked: at their time to be asked, or as soon after it as they may be.

        On a day that has no later hour for it, at its first; None if there is none within a year.
        """
        for each in _year_from(day):
            if openings := self._openings(each):
                later = (opening for opening in openings if self._local(opening).time() >= self.asked_at)
                return next(later, openings[0])
        return None

    def _openings(self, day: date) -> list[datetime]:
        """The instants of a day at which it opens, and the time to be asked where that is open; in order."""
        times = {self.hours_from, self.asked_at, self.quiet_until or self.hours_from}
        times = {each for each in times if self._is_open_by_clock(each)}
        if not times or not self.works_on(day):
            return []
        zone = ZoneInfo(self.zone)
        # In UTC before they are told apart: two that differ by their fold alone are equal.
        instants = {
            datetime.combine(day, each, zone).replace(fold=fold).astimezone(UTC) for each in times for fold in (0, 1)
        }
        in_order = sorted(instants | _clock_changes(day, zone))
        return [each for each in in_order if self._local(each).date() == day and self.is_open(each)]

    def _holidays(self) -> HolidayBase | None:
        theirs = _holidays(self.country, self.region)
        # Of a region that is not known, the national holidays are holidays all the same.
        return _holidays(self.country) if theirs is None else theirs

    def _is_open_by_clock(self, clock: time) -> bool:
        return self.hours_from <= clock < self.hours_until and not self._is_quiet(clock)

    def _is_quiet(self, clock: time) -> bool:
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until

    def _local(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("An instant without a zone could be any of a day's.")
        return at.astimezone(ZoneInfo(self.zone))


@lru_cache(maxsize=1024)  # they fill in the years they are asked for
def _holidays(country: str, region: str = "") -> HolidayBase | None:
    code = country.upper()
    if len(code) != 2:  # the library also knows markets, and currencies
        return None
    try:
        return country_holidays(code, subdiv=region.removeprefix(f"{code}-") or None)
    except NotImplementedError:
        return None


def _covers(period: Period, day: date) -> bool:
    return (period.first or date.min) <= day <= (period.last or date.max)


def _year_from(day: date) -> Iterator[date]:
    return (day + timedelta(days=number) for number in range(_YEAR))


def _clock_changes(day: date, zone: ZoneInfo) -> set[datetime]:
    """When a day begins, and when its clock jumps: it may jump into the working hours."""
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))

    def has_changed(second: int) -> bool:
        at = start + timedelta(seconds=second)
        return at.astimezone(zone).utcoffset() != start.astimezone(zone).utcoffset()

    seconds = int((end - start).total_seconds())
    if seconds <= 0 or not has_changed(seconds):
        return {start}
    return {start, start + timedelta(seconds=bisect_left(range(seconds), True, key=has_changed))}
