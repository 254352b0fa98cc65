from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.rhythms import EveryMonths, EveryWeeks, HundredDays, challenge_day, days, rhythm_from_text
from jobs.schedules import Due, Schedule
from jobs.working_time import WorkingTime
from knowledge.dates import Period
from knowledge.errors import InvalidRecordError
from tests.jobs.working_times import RHYTHMS, ZONES, may_be_asked, working_times

BERLIN = WorkingTime(zone="Europe/Berlin", country="DE", region="BE")
SCHEDULES = st.builds(
    Schedule,
    rhythm=RHYTHMS,
    start=st.dates(date(2021, 1, 1), date(2024, 1, 1)),
    working_time=working_times(),
)
LATELY = st.datetimes(datetime(2023, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds have no zone
LAST = st.none() | st.dates(date(2022, 1, 1), date(2026, 1, 1))


def schedule(rhythm: str, start: date, working_time: WorkingTime = BERLIN) -> Schedule:
    return Schedule(rhythm=rhythm_from_text(rhythm), start=start, working_time=working_time)


def berlin(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def chain(followed: Schedule, count: int, after: datetime) -> list[Due]:
    """What is asked when nothing ever is late."""
    found: list[Due] = []
    last = None
    while len(found) < count and (due := followed.next_due(last, after)):
        found.append(due)
        last, after = due.on, due.at
    return found


def all_due(followed: Schedule, last: date | None, until: date) -> list[Due]:
    """Each day of the rhythm after the last, with its instant: from the start on, and nothing skipped."""
    ons = takewhile(lambda day: day <= until, days(followed.rhythm, followed.start))
    ats = [(on, followed.working_time.due_at(on)) for on in ons if last is None or on > last]
    return [Due(on, at) for on, at in ats if at is not None]


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(SCHEDULES, LAST, LATELY)
def test_the_next_is_strictly_after_and_in_working_time(followed: Schedule, last: date | None, after: datetime) -> None:
    due = followed.next_due(last, after)
    if due is not None:
        assert due.at > after
        assert due.at.tzinfo is UTC
        assert due.on >= followed.start
        assert last is None or due.on > last
        assert due.at.astimezone(ZoneInfo(followed.working_time.zone)).date() >= due.on
        assert may_be_asked(followed.working_time, due.at)
        assert followed.next_due(last, after) == due


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(SCHEDULES, LAST, LATELY)
def test_the_next_is_the_first_of_all_that_come_after(followed: Schedule, last: date | None, after: datetime) -> None:
    found = followed.next_due(last, after)
    until = max(after.date(), last or date.min) + timedelta(days=800)
    to_come = [due for due in all_due(followed, last, until) if due.at > after]
    if found is not None:
        assert found == [due for due in to_come if due.at == to_come[0].at][-1]
    else:  # none, or not for a year from a day that is still to come
        assert all(due.at > after + timedelta(days=365) for due in to_come)


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(SCHEDULES, LAST, LATELY)
def test_due_now_is_the_latest_of_all_that_have_come(followed: Schedule, last: date | None, now: datetime) -> None:
    come = [due for due in all_due(followed, last, now.date() + timedelta(days=2)) if due.at <= now]
    found = followed.due_now(last, now)
    assert found == (come[-1] if come else None)
    if found is not None:
        assert followed.due_now(found.on, now) is None


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(SCHEDULES, LATELY, st.lists(st.integers(1, 130 * 24 * 60), min_size=1, max_size=12))
def test_however_long_a_sweep_sleeps_it_asks_once_and_never_again_for_the_same(
    followed: Schedule, now: datetime, gaps: list[int]
) -> None:
    last, kept, asked = None, followed.next_due(None, now), list[Due]()
    for gap in gaps:
        now += timedelta(minutes=gap)
        if kept is None or kept.at > now:
            continue
        due = followed.due_now(last, now)
        assert due is not None
        assert due.on >= kept.on
        assert due.at <= now
        asked.append(due)
        last = due.on
        assert followed.due_now(last, now) is None
        kept = followed.next_due(last, now)
        assert kept is None or kept.at > now
    assert [due.on for due in asked] == sorted({due.on for due in asked})


@settings(max_examples=4, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2004, 1, 1), date(2023, 1, 1)))
def test_a_week_does_not_drift_in_ten_years_in_any_zone(zone: str, start: date) -> None:
    followed = schedule("every week", start, WorkingTime(zone=zone, country="DE"))
    found = chain(followed, 520, datetime(2001, 1, 1, tzinfo=UTC))
    assert [due.on for due in found] == [start + timedelta(weeks=number) for number in range(520)]
    assert all((due.at.date() - due.on).days <= 7 for due in found)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["every month", "every quarter", "every 6 months", "first Tuesday", "last Friday", "every year"]),
    st.sampled_from(["DE", "LK", "IN", "KH", "IL", "JP", "US"]),
    st.dates(date(2004, 1, 1), date(2015, 1, 1)),
)
def test_months_do_not_drift_in_ten_years_of_many_holidays(rhythm: str, country: str, start: date) -> None:
    followed = schedule(rhythm, start, WorkingTime(zone="Asia/Colombo", country=country))
    expected = list(takewhile(lambda day: day < start + timedelta(days=3650), days(followed.rhythm, start)))
    found = chain(followed, len(expected), datetime(2001, 1, 1, tzinfo=UTC))
    assert [due.on for due in found] == expected
    assert all((due.at.date() - due.on).days <= 14 for due in found)


def test_the_first_is_on_the_start() -> None:
    due = schedule("every week", date(2026, 11, 25)).next_due(None, berlin(2026, 11, 22))
    assert due == Due(date(2026, 11, 25), berlin(2026, 11, 25))


def test_at_the_very_instant_the_next_is_another() -> None:
    followed = schedule("every week", date(2026, 11, 25))
    due = followed.next_due(None, berlin(2026, 11, 25) - timedelta(microseconds=1))
    assert due == Due(date(2026, 11, 25), berlin(2026, 11, 25))
    assert followed.next_due(None, berlin(2026, 11, 25)) == Due(date(2026, 12, 2), berlin(2026, 12, 2))
    assert followed.due_now(None, berlin(2026, 11, 25)) == due


def test_a_holiday_moves_one_asking_and_not_those_after_it() -> None:
    found = chain(schedule("every week", date(2026, 12, 18)), 4, berlin(2026, 12, 1))
    assert [due.at for due in found] == [
        berlin(2026, 12, 18),
        berlin(2026, 12, 28),  # Christmas Day, Boxing Day, Sunday
        berlin(2027, 1, 4),  # New Year's Day
        berlin(2027, 1, 8),
    ]


def test_the_hour_there_stays_when_summer_time_begins() -> None:
    found = chain(schedule("every week", date(2026, 3, 25)), 2, berlin(2026, 3, 1))
    assert [due.at.hour for due in found] == [9, 8]


def test_the_end_of_a_month_is_asked_at_the_end_of_each() -> None:
    found = chain(schedule("every month", date(2027, 12, 31)), 4, berlin(2027, 12, 1))
    assert [due.on for due in found] == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]


def test_who_comes_back_from_three_weeks_of_leave_is_asked_once_and_then_as_ever() -> None:
    away = replace(BERLIN, away=(Period(date(2026, 7, 6), date(2026, 7, 28)),))
    followed = schedule("every week", date(2026, 6, 29), away)
    back = berlin(2026, 7, 29)
    due = followed.next_due(date(2026, 6, 29), berlin(2026, 6, 29))
    assert due == Due(date(2026, 7, 27), back)
    assert followed.due_now(date(2026, 6, 29), back) == due
    assert not followed.is_stale(due, back)
    assert followed.next_due(due.on, back) == Due(date(2026, 8, 3), berlin(2026, 8, 3))


def test_after_an_hour_asleep_the_one_that_was_missed_is_due() -> None:
    followed = schedule("every week", date(2026, 11, 4))
    now = berlin(2026, 11, 18, 10, 40)
    due = followed.due_now(date(2026, 11, 11), now)
    assert due == Due(date(2026, 11, 18), berlin(2026, 11, 18))
    assert not followed.is_stale(due, now)


def test_after_three_months_off_one_is_due_and_not_twelve() -> None:
    followed = schedule("every week", date(2026, 1, 7))
    now = berlin(2026, 4, 16, 11)
    due = followed.due_now(date(2026, 1, 14), now)
    assert due == Due(date(2026, 4, 15), berlin(2026, 4, 15))
    assert not followed.is_stale(due, now)
    assert followed.due_now(due.on, now) is None
    assert followed.next_due(due.on, now) == Due(date(2026, 4, 22), berlin(2026, 4, 22))


@pytest.mark.parametrize(
    ("rhythm", "start", "on", "half"),
    [
        ("every week", date(2026, 1, 7), date(2026, 2, 4), timedelta(days=3.5)),
        ("every 2 weeks", date(2026, 1, 7), date(2026, 2, 4), timedelta(days=7)),
        ("every month", date(2026, 1, 31), date(2026, 1, 31), timedelta(days=14)),
        ("every quarter", date(2026, 1, 7), date(2026, 4, 7), timedelta(days=45.5)),
        ("first Tuesday", date(2026, 1, 1), date(2026, 2, 3), timedelta(days=14)),
        ("100 days", date(2026, 1, 7), date(2026, 1, 7), timedelta(days=15)),
        ("100 days", date(2026, 1, 7), date(2026, 4, 7), timedelta(days=5)),
    ],
)
def test_what_is_later_than_half_its_rhythm_is_stale(rhythm: str, start: date, on: date, half: timedelta) -> None:
    followed = schedule(rhythm, start)
    due = Due(on, berlin(on.year, on.month, on.day))
    assert not followed.is_stale(due, due.at)
    assert not followed.is_stale(due, due.at + half)
    assert followed.is_stale(due, due.at + half + timedelta(seconds=1))


def test_a_gate_is_never_stale() -> None:
    followed = schedule("100 days", date(2026, 1, 7))
    due = followed.due_now(date(2026, 3, 8), berlin(2026, 12, 1))
    assert due is not None
    day = challenge_day(followed.start, due.on)
    assert day
    assert day.is_gate
    assert not followed.is_stale(due, berlin(2026, 12, 1))


def test_a_challenge_is_asked_five_times_and_is_over() -> None:
    followed = schedule("100 days", date(2026, 1, 9))
    found = chain(followed, 9, berlin(2026, 1, 1))
    assert [challenge_day(followed.start, due.on) for due in found] == [0, 30, 60, 90, 100]
    # Day 30 is a Sunday; what it is, is told by its day by rights.
    assert found[1].at == berlin(2026, 2, 9)


def test_a_challenge_that_starts_in_the_afternoon_is_due_at_once() -> None:
    followed = schedule("100 days", date(2026, 11, 23))
    now = berlin(2026, 11, 23, 15)
    assert followed.due_now(None, now) == Due(date(2026, 11, 23), berlin(2026, 11, 23))
    assert followed.next_due(None, now) == Due(date(2026, 12, 23), berlin(2026, 12, 23))


def test_who_moves_to_another_zone_is_not_asked_twice_for_one_day() -> None:
    followed = schedule("every week", date(2026, 11, 4), WorkingTime(zone="Pacific/Auckland"))
    asked = followed.next_due(None, datetime(2026, 11, 17, tzinfo=UTC))
    assert asked is not None
    moved = replace(followed, working_time=WorkingTime(zone="America/Los_Angeles"))
    following = moved.next_due(asked.on, asked.at)
    assert following is not None
    assert following.on == asked.on + timedelta(weeks=1)
    assert following.at.astimezone(ZoneInfo("America/Los_Angeles")).time() == time(10)


def test_a_new_rhythm_goes_on_from_what_was_asked_last() -> None:
    monthly = replace(schedule("every week", date(2026, 11, 4)), rhythm=EveryMonths())
    assert monthly.next_due(date(2026, 11, 18), berlin(2026, 11, 18)) == Due(date(2026, 12, 4), berlin(2026, 12, 4))


def test_who_cannot_be_asked_for_a_year_has_no_next() -> None:
    gone = schedule("every week", date(2026, 1, 7), replace(BERLIN, away=(Period(date(2026, 3, 1)),)))
    assert gone.next_due(date(2026, 2, 25), berlin(2026, 3, 2)) is None
    assert gone.due_now(date(2026, 2, 25), berlin(2026, 9, 1)) is None


def test_who_was_gone_for_years_and_is_back_has_a_next() -> None:
    back = replace(BERLIN, away=(Period(date(2023, 1, 1), date(2025, 12, 31)),))
    followed = schedule("every week", date(2023, 2, 1), back)
    assert followed.next_due(None, berlin(2026, 1, 1)) == Due(date(2025, 12, 31), berlin(2026, 1, 2))


def test_an_old_schedule_is_as_quick_to_compute() -> None:
    """Not from its first day on: what was moved by a year at most is long past."""
    followed = Schedule(rhythm=EveryWeeks(), start=date(1990, 1, 3), working_time=BERLIN)
    assert followed.next_due(None, berlin(2026, 11, 22)) == Due(date(2026, 11, 25), berlin(2026, 11, 25))


@pytest.mark.parametrize("start", [date.min, date(1899, 12, 31), date(3000, 1, 1), date.max])
def test_a_rhythm_starts_within_the_calendar(start: date) -> None:
    with pytest.raises(InvalidRecordError, match="cannot start on"):
        Schedule(rhythm=HundredDays(), start=start, working_time=BERLIN)
