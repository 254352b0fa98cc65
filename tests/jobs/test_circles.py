"""A learning circle over time: invited, joined, asked on the same day, and told once what the others learned."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.check_ins import CheckInState
from bot.circles import INVITATION, SUMMARY
from bot.deliveries import Delivery, State
from bot.messages import plain
from bot.people import Person
from bot.places import Place
from bot.reaches import Reach
from jobs.check_ins import key_of_day
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.rounds import DAY, MONDAY, WEEK, Rounds, moment, pilot

TOOLS, TOYS = pilot("tools"), pilot("toys", owner=Contact(name="Bo", person="bo"), deputy=None)
OWNERS = {"ann": TOOLS, "bo": TOYS}
PLACE = Place("slack", "example", "D1", is_private=True)
AUTHOR = Author("test")
FIRST = MONDAY + WEEK  # the day of the first round
OURS = Visibility(audience=Audience.COMMUNITY, community="example")
CLOSED = Visibility(audience=Audience.RESTRICTED, community="example", people=frozenset({"bo", "mia"}))


@pytest.fixture
async def rounds() -> Rounds:
    """Two owners whom nobody asks yet, on a Monday at noon."""
    rounds = Rounds()
    await rounds.begin("", TOOLS, TOYS)
    assert await rounds.database.check_in_plans.keep(replace(await rounds.plan("toys"), person="bo"))
    await rounds.database.reaches.refresh(Reach("example", "slack", "bo", {}), rounds.now(), is_personal=True)
    rounds.clock[0] = moment(MONDAY, 11)
    return rounds


async def begin(rounds: Rounds, rhythm: str = "every 2 weeks") -> None:
    said = await rounds.gather(f"tool library, {rhythm}", Person("mia"), PLACE)
    assert "I invite the owners of 2 pilots" in plain(said)


async def answer(rounds: Rounds, person: str, *, is_yes: bool = True) -> str:
    pilot_id = OWNERS[person].id
    return plain(await rounds.gather.answer("circle-1", pilot_id, Person(person), PLACE, is_yes=is_yes))


async def gathered(rounds: Rounds, rhythm: str = "every 2 weeks") -> None:
    """Both are in, and asked for the first time."""
    await begin(rounds, rhythm)
    for person in OWNERS:
        await answer(rounds, person)
    await rounds.pass_time(moment(FIRST, 12))


async def tell(
    rounds: Rounds, person: str, text: str, visibility: Visibility = OURS, kind: LearningKind = LearningKind.WORKED
) -> None:
    """As the skill keeps it."""
    latest = await rounds.database.check_ins.latest(OWNERS[person].id)
    assert latest is not None
    assert await rounds.database.check_ins.keep(replace(latest, state=CheckInState.ANSWERED))
    learning = Learning(
        id=f"{latest.id}/{kind}", pilot_id=latest.pilot_id, text=text, kind=kind, origin=Origin.CHECK_IN, author=person,
        told_at=rounds.now(), visibility=visibility,
    )  # fmt: skip
    await rounds.database.pilots.keep_learning(learning)


def sent(rounds: Rounds, kind: str) -> list[tuple[str, datetime]]:
    return [(each.account, each.at) for each in rounds.platform.sent if each.key.startswith(kind)]


def summary(rounds: Rounds, person: str) -> str:
    (told,) = [each for each in rounds.platform.to(person) if "Learning circle" in each]
    return told


async def summary_for(rounds: Rounds, person: str) -> Delivery:
    standing = await rounds.database.deliveries.standing(f"{SUMMARY} circle-1 {FIRST} {person}")
    assert standing is not None
    return standing.delivery


async def members(rounds: Rounds) -> int:
    """As moderators see it."""
    return plain(await rounds.gather("", Person("mia"), PLACE)).count("Tool library")


async def test_the_owners_are_invited_once_in_their_working_hours(rounds: Rounds) -> None:
    await begin(rounds)
    await rounds.tick(moment(MONDAY, 22))
    assert rounds.platform.sent == []
    await rounds.pass_time(moment(MONDAY + DAY, 12))
    assert sorted(sent(rounds, INVITATION)) == [
        ("ann", moment(MONDAY + DAY, 8)), ("bo", moment(MONDAY + DAY, 8)),
    ]  # fmt: skip
    assert "Would you join it with “Tool library tools”?" in rounds.platform.to("ann")[0]


async def test_who_joined_is_asked_on_the_same_day_and_told_once_what_the_others_learned(rounds: Rounds) -> None:
    await begin(rounds)
    await answer(rounds, "ann")
    # Bo joins days later, and is asked with Ann all the same.
    await rounds.pass_time(moment(MONDAY + 3 * DAY, 15))
    await answer(rounds, "bo")
    await rounds.pass_time(moment(FIRST, 12))
    for person, name in (("ann", "tools"), ("bo", "toys")):
        standing = await rounds.standing(FIRST, name)
        assert standing is not None, key_of_day(OWNERS[person].id, FIRST)
        assert standing.state is State.SENT
    await tell(rounds, "ann", "A rota of three volunteers.")
    await rounds.pass_time(moment(FIRST + 6 * DAY, 12))
    assert sent(rounds, SUMMARY) == []
    await rounds.pass_time(moment(FIRST + 13 * DAY, 12), timedelta(hours=1))
    # Ann alone told something, and knows it.
    ((to, at),) = sent(rounds, SUMMARY)
    assert (to, at.date()) == ("bo", FIRST + 7 * DAY)
    assert "worked: A rota of three volunteers." in summary(rounds, "bo")
    assert "Tool library tools" in summary(rounds, "bo")


async def test_once_all_have_answered_nobody_waits(rounds: Rounds) -> None:
    await gathered(rounds)
    await tell(rounds, "ann", "A rota.")
    await tell(rounds, "bo", "The deposit.", kind=LearningKind.DID_NOT_WORK)
    await rounds.tick(moment(FIRST, 13))
    assert sorted(sent(rounds, SUMMARY)) == [("ann", moment(FIRST, 13)), ("bo", moment(FIRST, 13))]
    assert "did not work: The deposit." in summary(rounds, "ann")
    await rounds.pass_time(moment(FIRST + 13 * DAY, 12), timedelta(hours=2))
    assert len(sent(rounds, SUMMARY)) == 2


async def test_who_may_not_see_a_learning_does_not(rounds: Rounds) -> None:
    await gathered(rounds)
    await tell(rounds, "ann", "A rota.")
    await tell(rounds, "bo", "We lost a drill.", CLOSED)
    await rounds.tick(moment(FIRST, 13))
    # Of what Ann may see, nothing is from others.
    assert [to for to, _ in sent(rounds, SUMMARY)] == ["bo"]
    (lost,) = await rounds.database.pilots.learnings(TOYS.id)
    found = replace(lost, id=f"{TOYS.id}@{FIRST}/x", text="A key.", visibility=OURS)
    await rounds.database.pilots.keep_learning(found)
    reply = await rounds.gather.words(await summary_for(rounds, "ann"), "ann")
    assert reply is not None
    said = plain(reply.content)  # type: ignore[arg-type]
    assert "A key." in said
    assert "We lost a drill." not in said


async def test_what_was_told_of_a_pilot_that_others_may_not_see_stays_there(rounds: Rounds) -> None:
    await gathered(rounds)
    await rounds.database.pilots.save([replace(TOYS, visibility=CLOSED)], AUTHOR, rounds.now())
    await tell(rounds, "bo", "We lost a drill.")
    await tell(rounds, "ann", "A rota.")
    await rounds.tick(moment(FIRST, 13))
    assert [to for to, _ in sent(rounds, SUMMARY)] == ["bo"]


async def test_a_silent_round_is_not_spoken_of(rounds: Rounds) -> None:
    await gathered(rounds)
    await rounds.pass_time(moment(FIRST + 10 * DAY, 12), timedelta(hours=1))
    assert sent(rounds, SUMMARY) == []
    standing = await rounds.database.deliveries.standing(f"{SUMMARY} circle-1 {FIRST} ann")
    assert standing is not None
    assert standing.state is State.DROPPED


async def test_each_week_has_its_own_summary(rounds: Rounds) -> None:
    await gathered(rounds, "every week")
    await tell(rounds, "ann", "First week.")
    await rounds.pass_time(moment(FIRST + WEEK, 12))
    await tell(rounds, "ann", "Second week.")
    await rounds.pass_time(moment(FIRST + 2 * WEEK, 12))
    told = [each for each in rounds.platform.to("bo") if "Learning circle" in each]
    assert ["First week." in each for each in told] == [True, False]
    assert "Second week." in told[1]


async def test_who_chose_another_rhythm_or_said_no_reads_nothing(rounds: Rounds) -> None:
    await gathered(rounds)
    await tell(rounds, "ann", "A rota.")
    plan = await rounds.plan("toys")
    await rounds.keep(replace(plan, rhythm="every month", started_on=MONDAY + 8 * DAY))
    await rounds.pass_time(moment(FIRST + 10 * DAY, 12), timedelta(hours=1))
    assert sent(rounds, SUMMARY) == []
    await rounds.keep(replace(await rounds.plan("toys"), rhythm=plan.rhythm, started_on=plan.started_on))
    assert await members(rounds) == 2
    await answer(rounds, "bo", is_yes=False)
    assert await members(rounds) == 1


async def test_of_a_circle_that_has_ended_nothing_is_sent_and_the_rhythm_stays(rounds: Rounds) -> None:
    await gathered(rounds)
    await tell(rounds, "ann", "A rota.")
    ended = await rounds.gather("Tool Library off", Person("mia"), PLACE)
    assert "has ended" in plain(ended)
    await rounds.pass_time(moment(FIRST + 10 * DAY, 12), timedelta(hours=1))
    assert sent(rounds, SUMMARY) == []
    assert (await rounds.plan("toys")).rhythm == "every 2 weeks"
    assert "has ended" in await answer(rounds, "bo")
