"""Whoever is due is asked once, in their working time, and only the newest; over months that the tests let pass."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sql import open_database
from bot.check_ins import CheckInState, PlanState
from bot.deliveries import State
from bot.members import Preferences
from bot.reaches import No, UnreachableError
from jobs.deliveries import TOO_LATE
from knowledge.dates import Period
from knowledge.errors import UnavailableError
from knowledge.pilots import Stage
from knowledge.ports import Author
from tests.rounds import DAY, HOUR, MONDAY, WEEK, ZONE, Rounds, Sent, moment, pilot


class InDoubtError(UnavailableError):
    is_in_doubt = True


@pytest.fixture
async def rounds() -> Rounds:
    made = Rounds()
    await made.begin()
    return made


# Asking


async def test_who_is_due_is_asked_once_and_then_in_the_rhythm(rounds: Rounds) -> None:
    assert (await rounds.tick(moment(MONDAY, 8, 59)))["check-ins"] == {}
    done = await rounds.tick(moment(MONDAY))
    assert done["check-ins"] == {"asked": 1}
    assert done["deliveries"] == {State.SENT: 1}
    assert rounds.platform.to("ann") == [rounds.platform.sent[0].text]
    assert "How is “Tool library tools” going?" in rounds.platform.sent[0].text
    plan, check_in = await rounds.plan(), await rounds.latest()
    assert (plan.asked_on, plan.due_at) == (MONDAY, moment(MONDAY + WEEK))
    assert check_in is not None
    assert (check_in.on, check_in.until, check_in.state) == (MONDAY, MONDAY + WEEK, CheckInState.OPEN)
    assert (await rounds.tick(moment(MONDAY)))["check-ins"] == {}
    assert len(rounds.platform.sent) == 1


async def test_the_delivery_holds_ids_alone_and_is_settled_with_its_message(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    standing = await rounds.standing(MONDAY)
    assert standing is not None
    assert standing.delivery.payload == {"on": MONDAY.isoformat()}
    assert (standing.platform, standing.message) == ("slack", "message 1")


async def test_a_day_of_a_challenge_is_kept_with_what_is_asked_on_it() -> None:
    rounds = Rounds()
    await rounds.begin("100 days")
    await rounds.pass_time(moment(MONDAY + 31 * DAY), every=12 * HOUR)
    latest = await rounds.latest()
    assert latest is not None
    assert latest.day == 30


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_of_a_pilot_that_is_gone_or_stopped_nobody_is_asked(rounds: Rounds, *, is_stopped: bool) -> None:
    if is_stopped:
        await rounds.database.pilots.save([replace(pilot(), stage=Stage.STOPPED)], Author("test"), rounds.now())
    else:
        await rounds.database.pilots.remove(pilot().id, Author("test"), rounds.now())
    assert (await rounds.tick(moment(MONDAY)))["check-ins"] == {"over": 1}
    assert (await rounds.plan()).due_at is None
    assert rounds.platform.sent == []


async def test_what_was_paused_meanwhile_is_not_sent(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    rounds.platform.troubles.clear()
    await rounds.keep(replace(await rounds.plan(), state=PlanState.PAUSED))
    await rounds.tick(moment(MONDAY, 11))
    assert rounds.platform.sent == []
    standing = await rounds.standing(MONDAY)
    assert standing is not None
    assert standing.state is State.DROPPED


async def test_what_was_answered_early_is_not_sent(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    rounds.platform.troubles.clear()
    await rounds.answer()
    await rounds.tick(moment(MONDAY, 11))
    assert rounds.platform.sent == []


async def test_a_pause_until_a_day_ends_by_itself(rounds: Rounds) -> None:
    paused = replace(await rounds.plan(), state=PlanState.PAUSED, paused_until=MONDAY + 10 * DAY)
    await rounds.keep(paused)
    await rounds.pass_time(moment(MONDAY + 9 * DAY), every=6 * HOUR)
    assert rounds.platform.sent == []
    await rounds.pass_time(moment(MONDAY + 15 * DAY), every=6 * HOUR)
    assert len(rounds.platform.sent) >= 1
    assert (await rounds.plan()).state is PlanState.ACTIVE


async def test_what_was_put_off_is_asked_once_more_on_its_day(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.keep(replace(await rounds.plan(), snoozed_until=MONDAY + 2 * DAY))
    await rounds.pass_time(moment(MONDAY + 2 * DAY, 8))
    assert len(rounds.platform.sent) == 1
    await rounds.pass_time(moment(MONDAY + 3 * DAY))
    assert [each.at.date() for each in rounds.platform.sent] == [MONDAY, MONDAY + 2 * DAY]
    plan, latest = await rounds.plan(), await rounds.latest()
    assert (plan.snoozed_until, plan.due_at) == (None, moment(MONDAY + WEEK))
    assert latest is not None
    assert latest.on == MONDAY


async def test_what_was_put_off_past_the_next_day_is_the_next_one(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.keep(replace(await rounds.plan(), snoozed_until=MONDAY + 8 * DAY))
    await rounds.pass_time(moment(MONDAY + 9 * DAY))
    latest = await rounds.latest()
    assert latest is not None
    assert latest.on == MONDAY + WEEK
    assert [each.at.date() for each in rounds.platform.sent] == [MONDAY, MONDAY + 8 * DAY]


# Late


async def test_an_hour_asleep_it_is_asked_late_and_once(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY, 10, 30))
    assert len(rounds.platform.sent) == 1


async def test_after_a_day_off_it_is_asked_in_working_hours(rounds: Rounds) -> None:
    assert (await rounds.tick(moment(MONDAY + DAY, 2)))["check-ins"] == {"moved": 1}
    assert rounds.platform.sent == []
    await rounds.pass_time(moment(MONDAY + DAY, 12))
    assert [each.at for each in rounds.platform.sent] == [moment(MONDAY + DAY, 8)]


async def test_after_months_off_what_is_stale_is_dropped_with_a_note_and_there_is_no_burst(rounds: Rounds) -> None:
    friday = MONDAY + 13 * WEEK + 4 * DAY
    done = await rounds.tick(moment(friday))
    assert done["check-ins"] == {"too late": 1}
    assert done["deliveries"] == {State.DROPPED: 1}
    assert rounds.platform.sent == []
    standing = await rounds.standing(MONDAY + 13 * WEEK)
    assert standing is not None
    assert standing.note == TOO_LATE
    await rounds.pass_time(moment(friday + 4 * DAY))
    assert [each.at.date() for each in rounds.platform.sent] == [MONDAY + 14 * WEEK]
    assert (await rounds.plan()).silences == 0


async def test_of_several_that_wait_for_a_platform_the_newest_alone_is_sent(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY + WEEK))
    rounds.platform.troubles.clear()
    await rounds.tick(moment(MONDAY + WEEK, 12))
    assert [each.key[-10:] for each in rounds.platform.sent] == [(MONDAY + WEEK).isoformat()]


async def test_a_clock_that_goes_back_asks_nobody_twice(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY - DAY))
    await rounds.tick(moment(MONDAY))
    assert len(rounds.platform.sent) == 1


async def test_what_a_killed_sweep_left_half_done_is_done_by_the_next(rounds: Rounds) -> None:
    """It had noted in the plan that the day is asked for, and nothing else."""
    begun = replace(await rounds.plan(), asked_on=MONDAY)
    assert await rounds.database.check_in_plans.keep(begun)
    assert (await rounds.tick(moment(MONDAY, 9, 5)))["check-ins"] == {"asked": 1}
    assert len(rounds.platform.sent) == 1
    assert (await rounds.plan()).due_at == moment(MONDAY + WEEK)


async def test_what_was_left_half_done_for_too_long_is_let_go(rounds: Rounds) -> None:
    begun = replace(await rounds.plan(), asked_on=MONDAY)
    assert await rounds.database.check_in_plans.keep(begun)
    assert (await rounds.tick(moment(MONDAY + 4 * DAY)))["check-ins"] == {"too late": 1}
    assert rounds.platform.sent == []


async def test_a_plan_that_cannot_be_read_does_not_stop_the_others() -> None:
    rounds = Rounds()
    await rounds.begin("every week", pilot("a"), pilot("b"))
    broken = replace(await rounds.plan("a"), rhythm="every full moon")
    assert await rounds.database.check_in_plans.keep(broken)
    assert (await rounds.tick(moment(MONDAY)))["check-ins"] == {"failed": 1, "asked": 1}
    assert (await rounds.tick(moment(MONDAY)))["check-ins"] == {}


# Whose time it is


async def test_a_change_of_zone_takes_effect_at_once(rounds: Rounds) -> None:
    await rounds.prefer(time_zone="America/New_York")
    assert (await rounds.tick(moment(MONDAY)))["check-ins"] == {"moved": 1}
    await rounds.pass_time(moment(MONDAY, 20))
    assert [each.at for each in rounds.platform.sent] == [moment(MONDAY, 15)]


async def test_who_is_away_gets_it_after(rounds: Rounds) -> None:
    await rounds.prefer(away=(Period(MONDAY, MONDAY + 3 * DAY),))
    await rounds.pass_time(moment(MONDAY + 5 * DAY))
    assert [each.at for each in rounds.platform.sent] == [moment(MONDAY + 4 * DAY)]


async def test_what_waits_when_quiet_hours_begin_is_sent_after_them(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    rounds.platform.troubles.clear()
    await rounds.prefer(quiet_from=time(10), quiet_until=time(14))
    await rounds.pass_time(moment(MONDAY, 15))
    assert [each.at for each in rounds.platform.sent] == [moment(MONDAY, 13)]


# Reminders


async def test_who_has_not_answered_is_reminded_once_with_the_time_left(rounds: Rounds) -> None:
    await rounds.pass_time(moment(MONDAY + 6 * DAY), every=HOUR)
    assert [each.at.date() for each in rounds.platform.sent] == [MONDAY, MONDAY + 3 * DAY]
    assert "A gentle reminder" in rounds.platform.sent[1].text
    assert "There is time until 9 March 2026" in rounds.platform.sent[1].text


async def test_who_has_answered_is_not_reminded(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.answer()
    await rounds.pass_time(moment(MONDAY + 6 * DAY), every=HOUR)
    assert len(rounds.platform.sent) == 1


async def test_who_answers_before_a_planned_reminder_is_not_reminded(rounds: Rounds) -> None:
    await rounds.pass_time(moment(MONDAY + 3 * DAY, 8), every=HOUR)
    await rounds.prefer(quiet_from=time(9), quiet_until=time(12))
    await rounds.tick(moment(MONDAY + 3 * DAY, 9))
    await rounds.answer()
    await rounds.pass_time(moment(MONDAY + 6 * DAY), every=HOUR)
    assert len(rounds.platform.sent) == 1


async def test_nobody_is_reminded_of_what_was_never_sent(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    assert (await rounds.tick(moment(MONDAY + 3 * DAY)))["reminders"] == {"planned": 0}


async def test_nobody_is_reminded_where_the_next_one_comes_soon(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.prefer(away=(Period(MONDAY + DAY, MONDAY + 6 * DAY),))
    assert (await rounds.tick(moment(MONDAY + 3 * DAY)))["reminders"] == {"planned": 0}


# Silence, and handing over


async def test_what_was_not_answered_until_the_next_is_a_silence(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY + WEEK))
    plan, latest = await rounds.plan(), await rounds.latest()
    assert plan.silences == 1
    assert latest is not None
    assert (latest.on, latest.state) == (MONDAY + WEEK, CheckInState.OPEN)
    (missed, _) = await rounds.database.check_ins.asked("example", moment(MONDAY))
    assert missed.state is CheckInState.MISSED


async def test_after_three_silences_the_rhythm_halves_and_the_deputy_is_asked(rounds: Rounds) -> None:
    for week in range(4):
        await rounds.tick(moment(MONDAY + week * WEEK))
    plan = await rounds.plan()
    assert (plan.silences, plan.rhythm, plan.offered_to) == (3, "every 2 weeks", "dee")
    assert plan.due_at is not None
    assert plan.due_at.date() == MONDAY + 5 * WEEK + DAY  # for that is Easter Monday
    (offer,) = rounds.platform.to("dee")
    assert "Would you take over the check-ins" in offer
    assert rounds.platform.to("mia") == []


async def test_without_a_deputy_the_moderators_are_asked_who_takes_over() -> None:
    rounds = Rounds()
    await rounds.begin("every week", pilot(deputy=None))
    for week in range(5):
        await rounds.tick(moment(MONDAY + week * WEEK))
    (asked,) = rounds.platform.to("mia")
    assert "Who could take it over?" in asked


async def test_then_it_is_asked_whether_to_stop_and_at_last_nobody_is_asked() -> None:
    rounds = Rounds()
    await rounds.begin()
    await rounds.pass_time(moment(MONDAY + 26 * WEEK), every=6 * HOUR)
    asked = [text for text in rounds.platform.to("ann") if "reminder" not in text]
    assert ["Shall I stop asking?" in text for text in asked] == [False] * 6 + [True]
    assert len(rounds.platform.to("dee")) == 1
    assert len(rounds.platform.to("mia")) == 1
    plan = await rounds.plan()
    assert (plan.state, plan.paused_until, plan.due_at) == (PlanState.PAUSED, None, None)


async def test_any_answer_ends_the_silence(rounds: Rounds) -> None:
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY + WEEK))
    await rounds.answer(CheckInState.SKIPPED)
    await rounds.tick(moment(MONDAY + 2 * WEEK))
    assert (await rounds.plan()).silences == 0


async def test_nobody_is_silent_who_was_never_reached(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnavailableError("away")
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY + WEEK))
    assert (await rounds.plan()).silences == 0


async def test_who_has_left_is_asked_for_at_their_deputy_who_is_asked_to_take_over(rounds: Rounds) -> None:
    rounds.platform.troubles["ann"] = UnreachableError("Slack", No.GONE)
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY, 9, 1))
    assert ["How is" in text for text in rounds.platform.to("dee")] == [True, False]
    assert "Would you take over" in rounds.platform.to("dee")[1]
    assert (await rounds.plan()).offered_to == "dee"
    standing = await rounds.standing(MONDAY)
    assert standing is not None
    assert standing.state is State.SENT


async def test_where_the_deputy_has_left_too_the_moderators_see_it_and_are_asked(rounds: Rounds) -> None:
    rounds.platform.troubles = {each: UnreachableError("Slack", No.GONE) for each in ("ann", "dee")}
    await rounds.tick(moment(MONDAY))
    await rounds.tick(moment(MONDAY, 9, 1))
    (dead,) = await rounds.database.deliveries.dead_letters("example")
    assert "there is no such account" in dead.note
    assert len(rounds.platform.to("mia")) == 1
    rounds.platform.troubles.clear()


async def test_a_deputy_is_not_written_to_at_night(rounds: Rounds) -> None:
    await rounds.prefer("dee", time_zone="America/New_York")
    rounds.platform.troubles["ann"] = UnreachableError("Slack", No.GONE)
    await rounds.tick(moment(MONDAY))
    assert rounds.platform.sent == []
    await rounds.pass_time(moment(MONDAY, 16))
    assert rounds.platform.sent[0].at == moment(MONDAY, 14)


# In doubt


@pytest.mark.parametrize(("tells", "sent"), [(True, 1), (False, 0)])
async def test_what_is_in_doubt_is_looked_for_and_not_sent_blindly(rounds: Rounds, *, tells: bool, sent: int) -> None:
    rounds.platform.troubles["ann"] = InDoubtError("perhaps")
    rounds.platform.tells = tells
    await rounds.tick(moment(MONDAY))
    rounds.platform.troubles.clear()
    await rounds.pass_time(moment(MONDAY, 12), every=timedelta(minutes=5))
    assert len(rounds.platform.sent) == sent


# Replicas


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: object) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/pilotlight.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def test_three_replicas_at_once_ask_everybody_once_and_count_each_silence_once(
    url: str, stack: AsyncExitStack
) -> None:
    databases = [await stack.enter_async_context(open_database(url)) for _ in range(3)]
    rounds = Rounds(databases[0])
    pilots = [pilot(str(number)) for number in range(25)]
    await rounds.begin("every week", *pilots)
    replicas = [rounds.sweeps, *(rounds.replica(each) for each in databases[1:])]
    for week in range(3):
        rounds.clock[0] = moment(MONDAY + week * WEEK)
        for name in ("check-ins", "deliveries"):
            await asyncio.gather(*(replica.steps[name][0](rounds.now()) for replica in replicas))
    asked = Counter(each.key for each in rounds.platform.sent)
    assert len(asked) == 3 * len(pilots)
    assert set(asked.values()) == {1}
    plans = await rounds.database.check_in_plans.plans("example")
    assert {each.silences for each in plans} == {2}
    assert {each.asked_on for each in plans} == {MONDAY + 2 * WEEK}


# Whatever happens


ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "America/St_Johns")
DONE = st.tuples(
    st.sampled_from(
        ["wait", "wait", "wait", "sleep", "answer", "pause", "stop", "resume", "snooze", "zone", "away", "fail"]
    ),
    st.integers(0, 40),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(DONE, max_size=25), st.sampled_from(["every week", "every 2 weeks", "every month", "first Tuesday"]))
async def test_never_outside_working_time_never_twice_for_a_day_and_always_the_newest(
    done: list[tuple[str, int]], rhythm: str
) -> None:
    rounds = Rounds()
    await rounds.begin(rhythm)
    for what, number in done:
        before = len(rounds.platform.sent)
        await _do(rounds, what, number)
        preferences = (await rounds.database.members.member("example", "ann")).preferences
        for sent in rounds.platform.sent[before:]:
            _require_welcome(sent, preferences if sent.account == "ann" else Preferences())
    keys = Counter(each.key for each in rounds.platform.sent)
    assert set(keys.values()) <= {1}


def _require_welcome(sent: Sent, preferences: Preferences) -> None:
    at = sent.at.astimezone(ZoneInfo(preferences.time_zone or ZONE))
    assert time(9) <= at.time() < time(16)
    assert at.weekday() < 5
    assert not any(_covers(each, at.date()) for each in preferences.away)
    if sent.account == "ann":
        assert sent.plan is not None
        assert sent.latest is not None
        assert sent.plan.state is PlanState.ACTIVE
        assert sent.latest.state is CheckInState.OPEN
        assert f"@{sent.latest.on}" in sent.key


async def _do(rounds: Rounds, what: str, number: int) -> None:
    """Between any two of these some time passes, in which the sweeps run or do not."""
    rounds.platform.troubles.clear()
    plan = await rounds.plan()
    today = rounds.now().date()
    match what:
        case "wait":
            await rounds.pass_time(rounds.now() + timedelta(hours=7 * number), every=timedelta(hours=2, minutes=50))
        case "sleep":
            await rounds.tick(rounds.now() + timedelta(hours=31 * number))
        case "fail":
            rounds.platform.troubles["ann"] = InDoubtError("perhaps") if number % 2 else UnavailableError("away")
            await rounds.tick(rounds.now() + timedelta(hours=number))
        case "answer":
            latest = await rounds.latest()
            if latest and latest.state is CheckInState.OPEN:
                await rounds.answer()
        case "pause":
            until = today + number * DAY if number % 2 else None
            await rounds.keep(replace(plan, state=PlanState.PAUSED, paused_until=until))
        case "stop":
            await rounds.keep(replace(plan, state=PlanState.STOPPED))
        case "resume":
            await rounds.keep(replace(plan, state=PlanState.ACTIVE, paused_until=None))
        case "snooze" if plan.state is PlanState.ACTIVE:
            await rounds.keep(replace(plan, snoozed_until=today + (number % 9 + 1) * DAY))
        case "zone":
            await rounds.prefer(time_zone=ZONES[number % len(ZONES)])
        case "away":
            await rounds.prefer(away=(Period(today + number % 5 * DAY, today + number * DAY + 4 * DAY),))


def _covers(period: Period, day: date) -> bool:
    return (period.first or date.min) <= day <= (period.last or date.max)
