from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.check_ins import CheckInPlan, Due, PlanState
from bot.members import Preferences
from jobs.calendars import WorkingCalendar
from jobs.rhythms import InvalidRhythmError
from knowledge.dates import Period

MONDAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HELSINKI = WorkingCalendar(zone="Europe/Helsinki", country="FI")
PLAN = CheckInPlan(
    pilot_id="p1", community="example", person="ann", rhythm="every week", started_on=MONDAY, asked_on=MONDAY
)


def at(day: date, hour: int) -> datetime:
    """In summer, at that hour in Helsinki."""
    return datetime.combine(day, time(hour - 3), UTC)


def due(plan: CheckInPlan = PLAN, preferences: Preferences | None = None, after: datetime = NOON) -> Due | None:
    return HELSINKI.next_due(plan, preferences or Preferences(), after)


def test_a_rhythm_is_kept_as_the_calendar_writes_it() -> None:
    assert HELSINKI.rhythm(" Fortnightly ") == "every 2 weeks"
    with pytest.raises(InvalidRhythmError):
        HELSINKI.rhythm("at full moon")


def test_who_said_nothing_of_their_own_is_asked_in_the_zone_of_the_house() -> None:
    assert due() == Due(MONDAY + 7 * DAY, at(MONDAY + 7 * DAY, 10))


def test_what_a_person_chose_comes_first() -> None:
    lisbon = due(preferences=Preferences(time_zone="Europe/Lisbon"))
    assert lisbon == Due(MONDAY + 7 * DAY, at(MONDAY + 7 * DAY, 12))
    quiet = due(preferences=Preferences(quiet_from=time(0), quiet_until=time(14)))
    assert quiet == Due(MONDAY + 7 * DAY, at(MONDAY + 7 * DAY, 14))
    away = due(preferences=Preferences(away=(Period(MONDAY + 7 * DAY, MONDAY + 9 * DAY),)))
    assert away == Due(MONDAY + 7 * DAY, at(MONDAY + 10 * DAY, 10))
    paused = due(preferences=Preferences(paused_until=MONDAY + 8 * DAY))
    assert paused == Due(MONDAY + 7 * DAY, at(MONDAY + 8 * DAY, 10))


def test_a_region_counts_in_its_own_country_only() -> None:
    assert HELSINKI.working_time(Preferences(country="DE", region="BY")).region == "BY"
    assert HELSINKI.working_time(Preferences(region="BY")).region == ""
    christmas = replace(PLAN, started_on=date(2026, 12, 25), asked_on=None)
    assert due(christmas, after=datetime(2026, 12, 20, tzinfo=UTC)) == Due(
        date(2026, 12, 25), datetime(2026, 12, 28, 8, tzinfo=UTC)
    )


def test_nobody_is_asked_without_a_rhythm_in_a_pause_without_an_end_or_of_what_was_stopped() -> None:
    assert due(replace(PLAN, rhythm="")) is None
    assert due(replace(PLAN, state=PlanState.PAUSED)) is None
    assert due(replace(PLAN, state=PlanState.STOPPED)) is None
    assert due(replace(PLAN, rhythm="100 days", asked_on=MONDAY + 100 * DAY)) is None


def test_a_pause_ends_on_its_day() -> None:
    paused = due(replace(PLAN, state=PlanState.PAUSED, paused_until=MONDAY + 30 * DAY))
    assert paused is not None
    assert paused.at == at(MONDAY + 30 * DAY, 10)


def test_what_was_put_off_comes_again_on_that_day() -> None:
    assert due(replace(PLAN, snoozed_until=MONDAY + DAY)) == Due(MONDAY, at(MONDAY + DAY, 10))
    late = due(replace(PLAN, snoozed_until=MONDAY + 8 * DAY))
    assert late == Due(MONDAY + 7 * DAY, at(MONDAY + 8 * DAY, 10))
    early = due(replace(PLAN, asked_on=None, started_on=MONDAY + 3 * DAY, snoozed_until=MONDAY + DAY))
    assert early == Due(MONDAY + DAY, at(MONDAY + DAY, 10))
    # Once it came, the next one is by the rhythm again.
    assert due(replace(PLAN, snoozed_until=MONDAY)) == due()
