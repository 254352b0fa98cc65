"""Who is asked about which pilot, and what came of it: in memory, in SQLite and in PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot.check_ins import Blocker, CheckIn, CheckInAnswer, CheckInPlan, CheckInState, PlanState, Sharing
from bot.members import Preferences
from knowledge.dates import Period
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
TODAY, HOUR, DAY = NOON.date(), timedelta(hours=1), timedelta(days=1)
TOKYO = timezone(timedelta(hours=9))
WORDS = "Čo skúšali s drónmi? 🚁 '; DROP TABLE check_ins; -- \\ \" \u0130 \n שלום"
PLAN = CheckInPlan(pilot_id="p1", community="example", person="ann", started_on=TODAY)
FULL = replace(
    PLAN,
    rhythm="every 2 weeks",
    state=PlanState.PAUSED,
    paused_until=TODAY + 9 * DAY,
    question_set="bridges",
    asked_on=TODAY,
    due_at=NOON.astimezone(TOKYO),
    silences=2,
    offered_to="bo",
    snoozed_until=TODAY + DAY,
)
ANSWER = CheckInAnswer(
    question="blocker", asked=WORDS, kind=LearningKind.BLOCKER, text=WORDS, at=NOON, barrier=BarrierKind.LEGAL
)
CHECK_IN = CheckIn(pilot_id="p1", community="example", person="ann", on=TODAY, asked_at=NOON)
TOLD = replace(
    CHECK_IN,
    state=CheckInState.ANSWERED,
    question_set="bridges",
    day=60,
    until=TODAY + 30 * DAY,
    reminded_at=NOON + HOUR,
    answered_at=NOON.astimezone(TOKYO) + HOUR,
    answers={"blocker": ANSWER, "need": replace(ANSWER, question="need", barrier=None)},
    words=WORDS,
    sharing=Sharing.LATER,
    shared_from=TODAY + DAY,
    is_for_channel=True,
)
BLOCKER = Blocker(
    learning_id="p1@2026-05-17/blocker",
    pilot_id="p1",
    community="example",
    person="ann",
    text=WORDS,
    kind=BarrierKind.PROCUREMENT,
    raised_at=NOON,
)


@pytest.mark.parametrize("plan", [PLAN, FULL])
async def test_a_plan_is_kept_as_it_is(database: Opened, plan: CheckInPlan) -> None:
    assert await database.check_in_plans.plan("p1") is None
    assert await database.check_in_plans.keep(plan) is True
    assert await database.check_in_plans.plan("p1") == replace(plan, version=1)


async def test_a_plan_that_somebody_changed_meanwhile_is_not_kept(database: Opened) -> None:
    plans = database.check_in_plans
    assert await plans.keep(PLAN)
    assert await plans.keep(replace(PLAN, rhythm="every year")) is False
    read = await plans.plan("p1")
    assert read is not None
    assert await plans.keep(replace(read, rhythm="every month"))
    assert await plans.keep(replace(read, silences=1)) is False
    assert await plans.plan("p1") == replace(PLAN, rhythm="every month", version=2)
    assert await plans.keep(replace(PLAN, pilot_id="p2", version=1)) is False


async def test_of_many_who_change_a_plan_at_one_moment_one_does(database: Opened, replica: Opened) -> None:
    async def changes(plan: CheckInPlan) -> list[bool]:
        stores = (database, replica) * 4
        return await asyncio.gather(
            *(store.check_in_plans.keep(replace(plan, silences=number)) for number, store in enumerate(stores))
        )

    for number in range(5):
        plan = replace(PLAN, pilot_id=f"p{number}")
        assert sorted(await changes(plan)) == [False] * 7 + [True]
        assert sorted(await changes(replace(plan, version=1))) == [False] * 7 + [True]


async def test_plans_are_found_by_community_and_by_person(database: Opened) -> None:
    others = [
        replace(PLAN, pilot_id="p0", person="bo"),
        replace(PLAN, pilot_id="P2"),
        replace(PLAN, pilot_id="p3", community="another"),
    ]
    for plan in (PLAN, *others):
        await database.check_in_plans.keep(plan)
    plans = database.check_in_plans
    assert [each.pilot_id for each in await plans.plans("example")] == ["P2", "p0", "p1"]
    assert [each.pilot_id for each in await plans.plans("example", "ann")] == ["P2", "p1"]
    assert [each.pilot_id for each in await plans.plans("another")] == ["p3"]
    assert await plans.plans("example", "Ann") == []


async def test_what_is_due_comes_earliest_first_and_no_more_than_asked_for(database: Opened) -> None:
    plans = database.check_in_plans
    for name, due_at in (
        ("then", NOON.astimezone(TOKYO)),
        ("later", NOON + timedelta(microseconds=1)),
        ("before", NOON - HOUR),
        ("never", None),
    ):
        await plans.keep(replace(PLAN, pilot_id=name, due_at=due_at))
    assert [each.pilot_id for each in await plans.due(NOON, 10)] == ["before", "then"]
    assert [each.pilot_id for each in await plans.due(NOON + DAY, 2)] == ["before", "then"]
    assert [each.due_at for each in await plans.due(NOON, 10)] == [NOON - HOUR, NOON]


@pytest.mark.parametrize("check_in", [CHECK_IN, TOLD])
async def test_a_check_in_is_kept_as_it_is(database: Opened, check_in: CheckIn) -> None:
    assert await database.check_ins.latest("p1") is None
    assert await database.check_ins.keep(check_in) is True
    found = await database.check_ins.latest("p1")
    assert found == replace(check_in, version=1)
    assert found.answers == check_in.answers
    assert await database.check_ins.keep(check_in) is False


async def test_of_an_answer_and_a_sweep_at_one_moment_nothing_is_lost(database: Opened, replica: Opened) -> None:
    await database.check_ins.keep(CHECK_IN)
    answered, missed = replace(TOLD, version=1), replace(CHECK_IN, state=CheckInState.MISSED, version=1)
    kept = await asyncio.gather(database.check_ins.keep(answered), replica.check_ins.keep(missed))
    assert sorted(kept) == [False, True]
    found = await database.check_ins.latest("p1")
    assert found == replace(answered if kept[0] else missed, version=2)


async def test_the_latest_is_that_of_the_latest_day(database: Opened) -> None:
    for days in (0, 7, -300):
        await database.check_ins.keep(replace(CHECK_IN, on=TODAY + days * DAY))
    found = await database.check_ins.latest("p1")
    assert found is not None
    assert found.on == date(2026, 5, 24)
    assert await database.check_ins.latest("P1") is None


async def test_what_a_person_has_not_answered_is_the_latest_of_each_pilot(database: Opened) -> None:
    for check_in in (
        CHECK_IN,
        replace(CHECK_IN, on=TODAY + DAY, asked_at=NOON + DAY),
        replace(CHECK_IN, pilot_id="p2", asked_at=NOON + 2 * DAY),
        replace(CHECK_IN, pilot_id="p3"),
        replace(TOLD, pilot_id="p3", on=TODAY + DAY),
        replace(CHECK_IN, pilot_id="p4", person="bo"),
        replace(CHECK_IN, pilot_id="p5", community="another"),
    ):
        await database.check_ins.keep(check_in)
    assert [each.id for each in await database.check_ins.open("example", "ann")] == ["p2@2026-05-17", "p1@2026-05-18"]


async def test_the_next_starts_from_what_was_told_last(database: Opened) -> None:
    for check_in in (
        TOLD,
        replace(TOLD, on=TODAY + 7 * DAY),
        replace(CHECK_IN, on=TODAY + 14 * DAY, state=CheckInState.NOTHING_NEW),
        replace(TOLD, on=TODAY + 21 * DAY),
        replace(TOLD, pilot_id="p2", on=TODAY + 20 * DAY),
    ):
        await database.check_ins.keep(check_in)
    found = await database.check_ins.answered("p1", TODAY + 21 * DAY)
    assert found is not None
    assert found.on == TODAY + 7 * DAY
    assert await database.check_ins.answered("p1", TODAY) is None


async def test_who_is_to_be_reminded_has_not_answered_and_was_not_reminded(database: Opened) -> None:
    for check_in in (
        replace(CHECK_IN, pilot_id="late"),
        replace(CHECK_IN, pilot_id="later", asked_at=NOON + HOUR),
        replace(CHECK_IN, pilot_id="early", asked_at=NOON.astimezone(TOKYO) - HOUR, community="another"),
        replace(CHECK_IN, pilot_id="reminded", reminded_at=NOON),
        replace(CHECK_IN, pilot_id="skipped", state=CheckInState.SKIPPED),
        replace(TOLD, pilot_id="told", reminded_at=None),
    ):
        await database.check_ins.keep(check_in)
    assert [each.pilot_id for each in await database.check_ins.unanswered(NOON, 10)] == ["early", "late"]
    assert [each.pilot_id for each in await database.check_ins.unanswered(NOON + DAY, 1)] == ["early"]


async def test_all_that_a_community_was_asked_since_is_there(database: Opened) -> None:
    for check_in in (
        TOLD,
        replace(CHECK_IN, on=TODAY + DAY, asked_at=NOON + DAY),
        replace(CHECK_IN, on=TODAY - DAY, asked_at=NOON - timedelta(microseconds=1)),
        replace(CHECK_IN, pilot_id="p2", community="another"),
    ):
        await database.check_ins.keep(check_in)
    found = await database.check_ins.asked("example", NOON.astimezone(TOKYO))
    assert [each.id for each in found] == ["p1@2026-05-17", "p1@2026-05-18"]


async def test_what_is_in_the_way_stays_until_it_is_resolved(database: Opened) -> None:
    blockers = database.blockers
    later = replace(BLOCKER, learning_id="p2@2026-05-17/blocker", raised_at=NOON.astimezone(TOKYO) + HOUR)
    for blocker in (BLOCKER, later, replace(BLOCKER, learning_id="p3@2026-05-17/blocker", community="another")):
        await blockers.keep(blocker)
    assert await blockers.blocker(BLOCKER.learning_id) == BLOCKER
    assert await blockers.blocker("gone") is None
    assert list(await blockers.unresolved("example")) == [later, BLOCKER]
    await blockers.keep(replace(BLOCKER, kind=BarrierKind.LEGAL, resolved_at=NOON + DAY))
    assert list(await blockers.unresolved("example")) == [later]
    assert await blockers.blocker(BLOCKER.learning_id) == replace(
        BLOCKER, kind=BarrierKind.LEGAL, resolved_at=NOON + DAY
    )
    await blockers.withdraw(later.learning_id)
    await blockers.withdraw("gone")
    assert await blockers.unresolved("example") == []


async def test_where_and_when_somebody_works_is_kept(database: Opened) -> None:
    leave = (Period(TODAY, TODAY + 20 * DAY), Period(TODAY + 99 * DAY, TODAY + 99 * DAY))
    preferences = Preferences(time_zone="Europe/Berlin", country="DE", region="BY", away=leave)
    await database.members.keep_preferences("example", "ann", preferences)
    assert (await database.members.member("example", "ann")).preferences == preferences
