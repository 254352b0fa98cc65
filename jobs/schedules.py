"""Schedules: when somebody is next asked, from a rhythm and their working time; pure, and computed anew at any change.

What is kept of a schedule is the day by rights of what was asked last. It rules what comes next, so neither a holiday
that moved one asking nor a new time zone moves those after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import dropwhile, takewhile

from jobs.rhythms import Rhythm, days
from jobs.working_time import WorkingTime
from knowledge.errors import InvalidRecordError


@dataclass(frozen=True, slots=True)
class Due:
    """One asking: `on` its day by rights, and `at` the instant in UTC, which may be days after it."""

    on: date
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When the person of this working time is asked in this rhythm, from its start on.

    For its methods, `last` is the day by rights of what was asked last, or None. A sweep asks for what is `due_now`,
    drops it if it `is_stale`, waits with it until the working time is open, and then keeps what is the `next_due`.
    """

    rhythm: Rhythm
    start: date
    working_time: WorkingTime

    def __post_init__(self) -> None:
        if not 1900 <= self.start.year <= 2999:  # the calendar ends, and triggers that come to its end do not return
            raise InvalidRecordError(f"a rhythm cannot start on {self.start}", field="start")

    def next_due(self, last: date | None, after: datetime) -> Due | None:
        """The first after that instant; None after the last day of a challenge, or for who cannot be asked for a year.

        Those that were missed are not made up for: they are `due_now`. Of several that a leave moves to one instant,
        it is the latest.
        """
        at = self._next_at(last, after)
        return None if at is None else self.due_now(last, at)

    def due_now(self, last: date | None, now: datetime) -> Due | None:
        """The latest that has come by now: one for all that were missed."""
        tomorrow = now.date() + timedelta(days=1)  # where it may be tomorrow already
        for on in reversed(list(takewhile(lambda day: day <= tomorrow, self._days_after(last)))):
            at = self.working_time.due_at(on)
            if at is not None and at <= now:
                return Due(on, at)
        return None

    def is_stale(self, due: Due, now: datetime) -> bool:
        """Later than half the way to the next day of its rhythm. What nothing follows, such as a gate, never is."""
        until = self.stale_after(due)
        return until is not None and now > until

    def stale_after(self, due: Due) -> datetime | None:
        """Until when it may be asked late; None where nothing follows it."""
        following = next(self._days_after(due.on), None)
        return None if following is None else due.at + (following - due.on) / 2

    def _next_at(self, last: date | None, after: datetime) -> datetime | None:
        long_ago = after.date() - timedelta(days=400)  # nothing is moved by more than a year
        for on in dropwhile(lambda day: day < long_ago, self._days_after(last)):
            at = self.working_time.due_at(on)
            if at is not None and at > after:
                return at
            if at is None and on > after.date() + timedelta(days=1):
                return None
        return None

    def _days_after(self, last: date | None) -> Iterator[date]:
        return dropwhile(lambda day: last is not None and day <= last, days(self.rhythm, self.start))
