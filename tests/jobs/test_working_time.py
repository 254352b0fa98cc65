"""Every instant found is judged by the clock on the wall there."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import working_time
from jobs.working_time import KnownHolidays, WorkingTime
from knowledge.dates import Period
from knowledge.errors import InvalidRecordError
from tests.jobs.working_times import INSTANTS, ZONES, may_be_asked, working_times

ALWAYS: dict[str, Any] = {"days": frozenset(range(7)), "hours_from": time(0), "hours_until": time(23, 59)}


def in_zone(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]  # a moment's numbers


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + timedelta(minutes=number) for number in range(count))


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(working_times(), INSTANTS)
def test_the_next_instant_is_open_and_not_before(person: WorkingTime, at: datetime) -> None:
    found = person.next_at(at)
    if found is not None:
        assert found >= at
        assert found.tzinfo is UTC
        assert may_be_asked(person, found)
        assert person.next_at(found) == found == person.next_at(at)


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(working_times(), INSTANTS, st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20))
def test_nothing_before_the_next_instant_is_open(person: WorkingTime, at: datetime, shares: list[float]) -> None:
    found = person.next_at(at)
    until = at + timedelta(days=365) if found is None else found
    assert not any(
        may_be_asked(person, at + (until - at) * share) for share in shares if at + (until - at) * share < until
    )


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(working_times(), INSTANTS)
def test_open_is_what_the_clock_on_the_wall_says(person: WorkingTime, at: datetime) -> None:
    assert person.is_open(at) == may_be_asked(person, at) == (person.next_at(at) == at)


@settings(deadline=None)  # the first who lives in a country reads its calendar
@given(working_times(), st.dates(date(2002, 1, 1), date(2034, 1, 1)))
def test_who_is_due_on_a_day_is_asked_in_working_time_and_not_the_day_before(person: WorkingTime, day: date) -> None:
    found = person.due_at(day)
    if found is not None:
        assert may_be_asked(person, found)
        local = found.astimezone(ZoneInfo(person.zone))
        assert local.date() >= day
        in_between = (day + timedelta(days=number) for number in range((local.date() - day).days))
        at_ten = (datetime.combine(each, person.asked_at, ZoneInfo(person.zone)) for each in in_between)
        assert not any(may_be_asked(person, each) for each in at_ten)


@pytest.mark.parametrize("zone", ZONES)
def test_in_every_zone_a_year_of_mondays_is_asked_at_ten_by_the_clock_there(zone: str) -> None:
    person = WorkingTime(zone=zone)
    for week in range(53):
        monday = date(2025, 12, 29) + timedelta(weeks=week)
        found = person.due_at(monday)
        assert found is not None
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(monday, time(10))


# Forward and back; by half an hour, by two; over midnight both ways; at one minute past it; a day left out.
CLOCK_CHANGES = [
    ("Europe/Helsinki", (2026, 3, 28)), ("Europe/Helsinki", (2026, 10, 24)),
    ("America/New_York", (2026, 3, 7)), ("America/New_York", (2026, 10, 31)),
    ("Australia/Lord_Howe", (2026, 4, 4)), ("Australia/Lord_Howe", (2026, 10, 3)),
    ("Antarctica/Troll", (2026, 3, 28)), ("Antarctica/Troll", (2026, 10, 24)),
    ("America/Sao_Paulo", (2018, 11, 3)), ("America/Sao_Paulo", (2018, 2, 16)),
    ("America/Havana", (2026, 3, 7)), ("America/Havana", (2026, 10, 31)),
    ("Atlantic/Azores", (2026, 3, 28)), ("Atlantic/Azores", (2026, 10, 24)),
    ("America/St_Johns", (2010, 3, 13)), ("America/Nuuk", (2024, 3, 29)),
    ("Africa/Casablanca", (2026, 2, 14)), ("Asia/Beirut", (2026, 3, 28)),
    ("Pacific/Apia", (2011, 12, 29)), ("Asia/Pyongyang", (2018, 5, 4)),
]  # fmt: skip
HOURS = [
    {"hours_from": time(2, 30), "hours_until": time(4)},
    {"hours_from": time(0, 30), "hours_until": time(23, 15)},
    {"hours_from": time(2, 15), "hours_until": time(2, 45)},
    {**ALWAYS, "quiet_from": time(22), "quiet_until": time(1, 30)},
    {**ALWAYS, "quiet_from": time(23, 30), "quiet_until": time(0, 15)},
    {**ALWAYS, "quiet_from": time(1), "quiet_until": time(2, 30)},
]


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_where_the_clock_changes_the_first_open_minute_is_found(
    zone: str, day: tuple[int, int, int], hours: dict[str, Any]
) -> None:
    person = WorkingTime(zone=zone, **{"days": frozenset(range(7)), **hours})
    asked = list(minutes(in_zone(zone, *day), 3 * 24 * 60))
    following: datetime | None = None
    for at in reversed(asked):
        following = at if may_be_asked(person, at) else following
        if following and at.minute % 15 in {0, 1}:
            assert person.next_at(at) == following


def test_without_a_wish_people_are_asked_at_ten_from_monday_to_friday() -> None:
    person = WorkingTime(zone="Europe/Helsinki")
    assert person.due_at(date(2026, 11, 27)) == in_zone("Europe/Helsinki", 2026, 11, 27, 10)
    assert person.due_at(date(2026, 11, 28)) == in_zone("Europe/Helsinki", 2026, 11, 30, 10)
    assert person.next_at(in_zone("Europe/Helsinki", 2026, 11, 27, 16)) == in_zone("Europe/Helsinki", 2026, 11, 30, 9)
    just_before = in_zone("Europe/Helsinki", 2026, 11, 27, 15, 59)
    assert person.next_at(just_before) == just_before


def test_the_hour_stays_the_hour_when_summer_time_begins_and_ends() -> None:
    person = WorkingTime(zone="Europe/Berlin")
    assert person.due_at(date(2026, 3, 27)) == datetime(2026, 3, 27, 9, tzinfo=UTC)
    assert person.due_at(date(2026, 3, 30)) == datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert person.due_at(date(2026, 10, 26)) == datetime(2026, 10, 26, 9, tzinfo=UTC)


def test_nobody_is_asked_on_the_day_samoa_left_out() -> None:
    person = WorkingTime(zone="Pacific/Apia")
    assert person.due_at(date(2011, 12, 30)) == in_zone("Pacific/Apia", 2012, 1, 2, 10)


@pytest.mark.parametrize(
    ("country", "friday", "saturday", "sunday"),
    [("", True, False, False), ("FI", True, False, False), ("IL", False, False, True), ("EG", False, False, True),
     ("IR", False, True, True), ("BN", False, True, False), ("AE", True, False, False)],
)  # fmt: skip
def test_the_working_week_is_the_country_s(country: str, *, friday: bool, saturday: bool, sunday: bool) -> None:
    person = WorkingTime(zone="UTC", country=country)
    weekend = [date(2026, 11, 6), date(2026, 11, 7), date(2026, 11, 8)]
    assert [person.works_on(day) for day in weekend] == [friday, saturday, sunday]


def test_days_that_a_person_chose_go_before_their_country_s() -> None:
    person = WorkingTime(zone="UTC", country="IL", days=frozenset({4}))
    assert [day for day in range(1, 8) if person.works_on(date(2026, 11, day))] == [6]


@pytest.mark.parametrize("country", ["DE", "LK", "IN", "KH", "JP", "US", "CN"])
def test_nobody_is_asked_on_any_public_holiday_of_a_year(country: str) -> None:
    person = WorkingTime(zone="UTC", country=country, **ALWAYS)
    for day in holidays.country_holidays(country, years=range(2024, 2030)):
        found = person.due_at(day)
        assert found is not None
        assert found.date() > day
        assert not person.works_on(day)


def test_a_holiday_of_the_region_is_one_there_only() -> None:
    epiphany = date(2027, 1, 6)
    regions = {"BY": False, "DE-BY": False, "Bayern": False, "BE": True, "": True}
    found = {region: WorkingTime(zone="UTC", country="DE", region=region).works_on(epiphany) for region in regions}
    assert found == regions


def test_a_holiday_of_the_next_year_that_is_kept_in_this_one_is_known() -> None:
    working_time._holidays.cache_clear()
    assert not WorkingTime(zone="America/New_York", country="US").works_on(date(2021, 12, 31))


def test_a_holiday_is_one_by_the_calendar_there() -> None:
    """When it is 1 May in Auckland, it is still 30 April in UTC."""
    person = WorkingTime(zone="Pacific/Auckland", country="DE", **ALWAYS)
    assert not person.is_open(datetime(2026, 4, 30, 20, tzinfo=UTC))
    assert person.is_open(datetime(2026, 5, 1, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("country", "region", "known"),
    [("DE", "BY", KnownHolidays.ALL), ("de", "BY", KnownHolidays.ALL), ("DE", "", KnownHolidays.NATIONAL),
     ("DE", "Atlantis", KnownHolidays.NATIONAL), ("ZZ", "", KnownHolidays.NONE), ("", "", KnownHolidays.NONE),
     ("ZZ", "BY", KnownHolidays.NONE), ("EU", "", KnownHolidays.NONE), ("NYSE", "", KnownHolidays.NONE)],
)  # fmt: skip
def test_it_can_be_told_whose_holidays_are_known(country: str, region: str, known: KnownHolidays) -> None:
    assert WorkingTime(zone="UTC", country=country, region=region).known_holidays is known


def test_in_a_region_that_is_not_known_the_country_s_holidays_are_kept() -> None:
    assert not WorkingTime(zone="UTC", country="DE", region="Atlantis").works_on(date(2026, 12, 25))


def test_in_a_country_that_is_not_known_there_are_no_holidays() -> None:
    assert WorkingTime(zone="UTC", country="ZZ").works_on(date(2026, 12, 25))


def test_who_is_away_is_asked_after_their_last_day_away() -> None:
    person = WorkingTime(zone="UTC", away=(Period(date(2026, 7, 1), date(2026, 7, 31)),))
    assert person.due_at(date(2026, 7, 6)) == datetime(2026, 8, 3, 10, tzinfo=UTC)
    assert person.due_at(date(2026, 6, 30)) == datetime(2026, 6, 30, 10, tzinfo=UTC)


def test_two_leaves_in_a_row_are_waited_for_together() -> None:
    away = (Period(date(2026, 7, 20), date(2026, 8, 14)), Period(date(2026, 7, 1), date(2026, 7, 20)))
    assert WorkingTime(zone="UTC", away=away).due_at(date(2026, 7, 6)) == datetime(2026, 8, 17, 10, tzinfo=UTC)


def test_a_pause_is_over_on_its_day() -> None:
    person = WorkingTime(zone="UTC", paused_until=date(2026, 11, 25))
    assert person.next_at(datetime(2026, 11, 23, 12, tzinfo=UTC)) == datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "never",
    [{"away": (Period(),)}, {"paused_until": date(2028, 1, 1)}, {"days": frozenset()},
     {"quiet_from": time(8), "quiet_until": time(17)}, {"quiet_from": time(16), "quiet_until": time(15, 59, 59),
                                                        "hours_until": time(15, 59, 59)}],
)  # fmt: skip
def test_who_cannot_be_written_to_for_a_year_is_not_waited_for(never: dict[str, Any]) -> None:
    person = WorkingTime(zone="UTC", **never)
    assert person.next_at(datetime(2026, 11, 23, 12, tzinfo=UTC)) is None
    assert person.due_at(date(2026, 11, 23)) is None


def test_quiet_hours_run_over_midnight() -> None:
    person = WorkingTime(zone="UTC", quiet_from=time(14), quiet_until=time(9, 30))
    assert person.next_at(datetime(2026, 11, 23, 9, tzinfo=UTC)) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert person.next_at(datetime(2026, 11, 23, 14, tzinfo=UTC)) == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_quiet_hours_over_ten_move_the_asking_to_their_end() -> None:
    person = WorkingTime(zone="UTC", quiet_from=time(9, 30), quiet_until=time(11))
    assert person.due_at(date(2026, 11, 23)) == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_who_can_be_asked_only_before_ten_is_asked_then() -> None:
    person = WorkingTime(zone="UTC", quiet_from=time(9, 45), quiet_until=time(8))
    assert person.due_at(date(2026, 11, 23)) == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_quiet_hours_that_end_when_they_begin_are_none() -> None:
    person = WorkingTime(zone="UTC", quiet_from=time(10), quiet_until=time(10))
    assert person.due_at(date(2026, 11, 23)) == datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"zone": "Mars/Base"}, "zone"), ({"zone": ""}, "zone"), ({"zone": "../etc/passwd"}, "zone"),
     ({"zone": "Europe"}, "zone"), ({"zone": "\0"}, "zone"), ({"hours_from": time(16)}, "hours_until"),
     ({"hours_from": time(22), "hours_until": time(6)}, "hours_until"), ({"days": frozenset({7})}, "days"),
     ({"quiet_from": time(22)}, "quiet_from"), ({"quiet_until": time(6)}, "quiet_from")],
)  # fmt: skip
def test_a_working_time_is_valid_or_not_built(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        WorkingTime(**{"zone": "UTC", **wrong})
    assert caught.value.field == field


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        WorkingTime(zone="UTC").next_at(datetime(2026, 11, 23, 12))  # noqa: DTZ001  # that is the point
