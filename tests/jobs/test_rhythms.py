import calendar
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.rhythms import (
    ChallengeDay,
    EveryMonths,
    EveryWeeks,
    HundredDays,
    InvalidRhythmError,
    Position,
    Rhythm,
    Weekday,
    WeekdayOfMonth,
    challenge_day,
    days,
    halved,
    rhythm_from_text,
)
from knowledge.errors import InvalidRecordError
from tests.jobs.working_times import RHYTHMS

STARTS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def first(rhythm: str, start: date, count: int) -> list[date]:
    return list(islice(days(rhythm_from_text(rhythm), start), count))


@given(RHYTHMS)
def test_a_rhythm_is_read_from_what_it_is_written_as(rhythm: Rhythm) -> None:
    assert rhythm_from_text(str(rhythm)) == rhythm


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("every week", EveryWeeks()),
        ("Weekly", EveryWeeks()),
        ("every 2 weeks", EveryWeeks(2)),
        (" every  TWO weeks ", EveryWeeks(2)),
        ("every other week", EveryWeeks(2)),
        ("fortnightly", EveryWeeks(2)),
        ("every month", EveryMonths()),
        ("every quarter", EveryMonths(3)),
        ("every 3 months", EveryMonths(3)),
        ("quarterly", EveryMonths(3)),
        ("twice a year", EveryMonths(6)),
        ("every year", EveryMonths(12)),
        ("first Tuesday", WeekdayOfMonth(Position.FIRST, Weekday.TUESDAY)),
        ("the first tuesday of the month", WeekdayOfMonth(Position.FIRST, Weekday.TUESDAY)),
        ("last Friday", WeekdayOfMonth(Position.LAST, Weekday.FRIDAY)),
        ("last Friday every quarter", WeekdayOfMonth(Position.LAST, Weekday.FRIDAY, EveryMonths(3))),
        ("100 days", HundredDays()),
        ("100-day challenge", HundredDays()),
    ],
)
def test_people_type_a_rhythm_in_their_words(text: str, rhythm: Rhythm) -> None:
    assert rhythm_from_text(text) == rhythm


@pytest.mark.parametrize(
    "text",
    ["", "now and then", "every 0 weeks", "every 53 weeks", "every 13 months", "every -1 weeks", "every five",
     "fifth Friday", "first Tuesdays", "first Tuesday every 2 weeks", "every hour", "99 days", "every ² weeks",
     "every 9999999 weeks", "every seven weeks"],
)  # fmt: skip
def test_what_is_no_rhythm_is_told_what_would_be(text: str) -> None:
    with pytest.raises(InvalidRhythmError, match=r"write every week, .*every quarter.*first Tuesday.*100 days"):
        rhythm_from_text(text)


@given(st.text(max_size=40))
def test_any_text_is_a_rhythm_or_refused(text: str) -> None:
    try:
        rhythm = rhythm_from_text(text)
    except InvalidRhythmError:
        return
    assert rhythm_from_text(str(rhythm)) == rhythm


@pytest.mark.parametrize("rhythm", [lambda: EveryWeeks(0), lambda: EveryMonths(0), lambda: EveryMonths(13)])
def test_a_rhythm_that_never_comes_or_comes_too_seldom_is_not_built(rhythm: type[EveryWeeks]) -> None:
    with pytest.raises(InvalidRecordError, match="a rhythm in"):
        rhythm()


@pytest.mark.parametrize(
    ("rhythm", "half"),
    [
        ("every week", "every 2 weeks"),
        ("every 2 weeks", "every 4 weeks"),
        ("every month", "every 2 months"),
        ("every quarter", "every 6 months"),
        ("every 6 months", "every year"),
        ("every year", "every year"),
        ("every 40 weeks", "every 52 weeks"),
        ("first Tuesday", "first Tuesday every 2 months"),
        ("first Tuesday every year", "first Tuesday every year"),
        ("100 days", "100 days"),
    ],
)
def test_who_stays_silent_is_asked_half_as_often(rhythm: str, half: str) -> None:
    assert str(halved(rhythm_from_text(rhythm))) == half


@given(RHYTHMS, STARTS)
def test_days_come_in_order_none_of_them_before_the_start(rhythm: Rhythm, start: date) -> None:
    found = list(islice(days(rhythm, start), 30))
    assert found[0] >= start
    assert all(one < next_one for one, next_one in pairwise(found))
    assert found == list(islice(days(rhythm, start), 30))


@given(st.integers(1, 52), STARTS)
def test_weeks_are_counted_from_the_start(count: int, start: date) -> None:
    found = islice(days(EveryWeeks(count), start), 530)
    assert list(found) == [start + timedelta(weeks=count * number) for number in range(530)]


@given(st.integers(1, 12), STARTS)
def test_months_leave_out_no_month_and_come_back_to_their_day(count: int, start: date) -> None:
    for number, day in enumerate(islice(days(EveryMonths(count), start), 130)):
        years, month = divmod(start.month - 1 + count * number, 12)
        assert (day.year, day.month) == (start.year + years, month + 1)
        assert day.day == min(start.day, calendar.monthrange(day.year, day.month)[1])


def test_who_starts_on_the_31st_is_asked_on_the_last_day_of_a_short_month() -> None:
    assert first("every month", date(2027, 12, 31), 4) == [
        date(2027, 12, 31),
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
    ]


def test_who_starts_on_a_leap_day_is_asked_each_year() -> None:
    assert first("every year", date(2096, 2, 29), 3) == [date(2096, 2, 29), date(2097, 2, 28), date(2098, 2, 28)]
    assert first("every year", date(2024, 2, 29), 5)[-1] == date(2028, 2, 29)


@given(st.sampled_from(Position), st.sampled_from(Weekday), STARTS)
def test_a_weekday_of_the_month_is_the_one_that_a_calendar_shows(
    position: Position, weekday: Weekday, start: date
) -> None:
    found = list(islice(days(WeekdayOfMonth(position, weekday), start), 130))
    for day in found:
        weeks = calendar.Calendar().monthdatescalendar(day.year, day.month)
        shown = [each for week in weeks for each in week if each.month == day.month and each.weekday() == weekday]
        assert day == shown[-1 if position is Position.LAST else list(Position).index(position)]
    assert len({(day.year, day.month) for day in found}) == 130
    assert (found[0] - start).days < 62


def test_a_weekday_every_quarter_starts_with_the_first_that_comes() -> None:
    assert first("first Tuesday every quarter", date(2026, 1, 10), 3) == [
        date(2026, 2, 3),
        date(2026, 5, 5),
        date(2026, 8, 4),
    ]


def test_a_challenge_has_five_days_and_then_an_end() -> None:
    start = date(2027, 12, 1)
    assert [(day - start).days for day in days(HundredDays(), start)] == [0, 30, 60, 90, 100]


def test_the_days_of_a_challenge_say_what_is_asked() -> None:
    start = date(2024, 2, 1)
    found = [challenge_day(start, day) for day in days(HundredDays(), start)]
    assert found == list(ChallengeDay)
    assert [day for day in found if day and day.asks_for_sustainability_plan] == [60, 90]
    assert [day for day in found if day and day.is_gate] == [100]
    assert challenge_day(start, start + timedelta(days=31)) is None
    assert challenge_day(start, start - timedelta(days=30)) is None
