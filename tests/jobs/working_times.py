"""Any rhythm and any working time, and a judge of instants that shares no code with what finds them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import holidays
from hypothesis import strategies as st

from jobs.rhythms import EveryMonths, EveryWeeks, HundredDays, Position, Rhythm, Weekday, WeekdayOfMonth
from jobs.working_time import WorkingTime
from knowledge.dates import Period

RHYTHMS: st.SearchStrategy[Rhythm] = st.one_of(
    st.builds(EveryWeeks, st.integers(1, 52)),
    st.builds(EveryMonths, st.integers(1, 12)),
    st.builds(
        WeekdayOfMonth, st.sampled_from(Position), st.sampled_from(Weekday), st.builds(EveryMonths, st.integers(1, 12))
    ),
    st.just(HundredDays()),
)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
# Weeks that are not Monday to Friday, many holidays, moved and regional ones; the last is no country.
COUNTRIES = ["", "DE", "FI", "US", "JP", "IL", "EG", "IR", "BN", "AE", "LK", "IN", "KH", "CN", "ZZ"]

INSTANTS = st.datetimes(datetime(2002, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds have no zone
TIMES = st.times().map(lambda each: each.replace(microsecond=0))
PERIODS = st.builds(
    lambda first, length: Period(first, first + timedelta(days=length)),
    st.dates(date(2002, 1, 1), date(2034, 1, 1)),
    st.integers(0, 60),
)


@st.composite
def working_times(draw: st.DrawFn) -> WorkingTime:
    begins, ends = sorted(draw(st.lists(TIMES, min_size=2, max_size=2, unique=True)))
    quiet = draw(st.none() | st.tuples(TIMES, TIMES))
    return WorkingTime(
        zone=draw(st.sampled_from(ZONES)),
        country=draw(st.sampled_from(COUNTRIES)),
        days=draw(st.none() | st.frozensets(st.integers(0, 6), min_size=1)),
        hours_from=begins,
        hours_until=ends,
        asked_at=draw(TIMES),
        quiet_from=quiet and quiet[0],
        quiet_until=quiet and quiet[1],
        paused_until=draw(st.none() | st.dates(date(2002, 1, 1), date(2034, 1, 1))),
        away=tuple(draw(st.lists(PERIODS, max_size=3))),
    )


def may_be_asked(person: WorkingTime, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(person.zone))
    day, wall = local.date(), local.time()
    if not person.hours_from <= wall < person.hours_until:
        return False
    if person.quiet_from and person.quiet_until:
        if person.quiet_from <= person.quiet_until:
            if person.quiet_from <= wall < person.quiet_until:
                return False
        elif not person.quiet_until <= wall < person.quiet_from:
            return False
    known = holidays.country_holidays(person.country, years=day.year) if person.country not in ("", "ZZ") else None
    if known and day in known:
        return False
    if any(period.first and period.last and period.first <= day <= period.last for period in person.away):
        return False
    weekend = known._get_weekend(day) if known else {5, 6}
    works = day.weekday() in person.days if person.days is not None else day.weekday() not in weekend
    return works and not (person.paused_until and day < person.paused_until)
