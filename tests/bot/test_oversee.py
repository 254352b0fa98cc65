"""What moderators see of the check-ins, and what they can do; and the room that is told what is new."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot import actions
from bot.actions import Action, AskNow, OverseePilots, PauseAsking, PlanAsking, ResumeAsking, TryAgain
from bot.app import Bot
from bot.check_ins import ASK, CheckIn, CheckInPlan, CheckInState, PlanState
from bot.deliveries import Delivery, State
from bot.digests import DIGEST, Board
from bot.events import Commanded, Event, Pressed, Submitted
from bot.forms import Form
from bot.members import Role
from bot.messages import Buttons, Message, Reply, plain
from bot.people import Person
from bot.places import Place
from bot.reaches import Reach
from jobs.calendars import WorkingCalendar
from jobs.deliveries import Dead
from knowledge.pilots import Contact, Pilot, Provenance, Stage
from knowledge.ports import Author
from knowledge.search import open_search
from knowledge.visibility import Audience, Visibility
from tests.base import NOW
from tests.fakes import MemoryDatabase

ANN, MIA = Person("ann", "Ann"), Person("mia", "Mia")
HOME = Place("test", "example", "home mia", is_private=True)
ASIDE = Place("test", "example", "room", is_private=True, is_shareable=True)
OURS = Visibility(audience=Audience.COMMUNITY, community="example")
DAY, TODAY = timedelta(days=1), NOW.date()


def pilot(name: str, *topics: str, stage: Stage = Stage.PILOT, visibility: Visibility = OURS) -> Pilot:
    return Pilot(
        provenance=Provenance(source="test", source_id=name.replace(" ", "-")),
        title=name,
        topics=topics,
        stage=stage,
        owner=Contact(name=f"Owner of {name}", person="ann"),
        visibility=visibility,
    )


TOOLS, TOYS, BUSES = pilot("Tool library", "sharing"), pilot("Toy library", "sharing"), pilot("Night buses", "mobility")
SECRET = pilot("Secret library", visibility=replace(OURS, audience=Audience.RESTRICTED, people=frozenset({"ann"})))


@dataclass
class House:
    bot: Bot
    database: MemoryDatabase
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    async def hear(self, event: Event) -> Reply:
        reply = await self.bot.handle(event)
        assert reply is not None
        return reply

    async def command(self, command: str, rest: str = "", person: Person = MIA, place: Place = HOME) -> Reply:
        return await self.hear(Commanded(person=person, place=place, command=command, rest=rest))

    async def press(self, action: Action, person: Person = MIA, place: Place = HOME) -> Reply:
        return await self.hear(Pressed(person=person, place=place, action=actions.decode(actions.encode(action))))

    async def fill(self, wanted: str, **values: str) -> Reply:
        opened = (await self.press(PlanAsking(wanted))).content
        assert isinstance(opened, Form)
        filled = {each.name: each.value for each in opened.fields} | values
        return await self.hear(
            Submitted(person=MIA, place=HOME, form=opened.name, values=filled, context=opened.context)
        )

    async def plan(self, of: Pilot, **fields: object) -> CheckInPlan:
        plan = CheckInPlan(
            pilot_id=of.id, community="example", person="ann", started_on=TODAY, rhythm="every month",
        )  # fmt: skip
        assert await self.database.check_in_plans.keep(replace(plan, **fields))  # type: ignore[arg-type]
        return await self.planned(of)

    async def planned(self, of: Pilot) -> CheckInPlan:
        found = await self.database.check_in_plans.plan(of.id)
        assert found is not None
        return found

    async def asked(self, of: Pilot, days_ago: int, **fields: object) -> None:
        at = NOW - days_ago * DAY
        check_in = CheckIn(pilot_id=of.id, community="example", person="ann", on=at.date(), asked_at=at)
        assert await self.database.check_ins.keep(replace(check_in, **fields))  # type: ignore[arg-type]

    async def to_send(self, of: Pilot) -> State | None:
        standing = await self.database.deliveries.standing(f"{ASK} {of.id}@{TODAY}")
        return standing.state if standing else None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database, number, clock = MemoryDatabase(), count(1), [NOW]
    await database.pilots.save([TOOLS, TOYS, BUSES, SECRET], Author("test"), NOW)
    await database.members.appoint("example", MIA.id, Role.MODERATOR)
    async with open_search(tmp_path, database.pilots, None) as search:
        bot = Bot(
            database,
            search,
            now=lambda: clock[0],
            new_id=lambda: f"id-{next(number)}",
            calendar=WorkingCalendar(zone="Europe/Berlin"),
        )
        yield House(bot, database, clock)


def shown(reply: Reply) -> str:
    assert isinstance(reply.content, Message)
    return plain(reply.content)


def labels(reply: Reply) -> list[str]:
    assert isinstance(reply.content, Message)
    rows = (block for block in reply.content.blocks if isinstance(block, Buttons))
    return [button.label for row in rows for button in row.buttons]


async def test_it_shows_who_is_late_due_paused_and_stopped_and_how_often_people_answer(house: House) -> None:
    await house.plan(TOOLS, due_at=NOW + 20 * DAY)
    await house.plan(TOYS, due_at=NOW + 3 * DAY)
    await house.plan(BUSES, state=PlanState.PAUSED)
    await house.asked(TOOLS, 60, state=CheckInState.NOTHING_NEW)
    await house.asked(TOOLS, 30, state=CheckInState.MISSED)
    await house.asked(TOOLS, 10)
    await house.asked(TOYS, 200, state=CheckInState.ANSWERED)
    reply = await house.command("checkins")
    told = shown(reply)
    for expected in ("Late: 1", "Due within a week: 1", "Paused: 1", "Answered in the last three months: 1 of 3"):
        assert expected in told
    assert told.index("Tool library") < told.index("Toy library") < told.index("Night buses")
    assert "Late: asked on 12 November 2026" in told
    assert "answered 1 of 3" in told
    assert reply.is_private
    assert labels(reply) == []


async def test_it_can_be_narrowed_by_words_or_to_one_pilot(house: House) -> None:
    await house.plan(TOOLS, due_at=NOW + DAY)
    await house.plan(BUSES, due_at=NOW + DAY)
    cohort = await house.command("checkins", "sharing")
    # Toy library is asked about by nobody yet, and could be.
    assert "Tool library" in shown(cohort)
    assert "Toy library" in shown(cohort)
    assert "Night buses" not in shown(cohort)
    assert labels(cohort) == ["Ask about all 2 now", "Pause", "Rhythm and questions …"]
    one = await house.press(OverseePilots(BUSES.id))
    assert "Night buses" in shown(one)
    assert labels(one) == ["Ask now", "Pause", "Rhythm and questions …"]


async def test_signs_are_no_words_for_all_there_is(house: House) -> None:
    await house.plan(TOOLS, due_at=NOW + DAY)
    assert "I know no pilot with an owner" in shown(await house.command("checkins", "***"))
    await house.press(AskNow("***"))
    assert await house.to_send(TOOLS) is None


async def test_what_not_even_moderators_may_see_is_not_shown_and_not_asked(house: House) -> None:
    await house.plan(SECRET, due_at=NOW + DAY)
    for reply in (await house.command("checkins"), await house.press(OverseePilots(SECRET.id))):
        assert "Secret library" not in shown(reply)
    await house.press(AskNow(SECRET.id))
    assert await house.to_send(SECRET) is None


@pytest.mark.parametrize(
    "action", [OverseePilots(), AskNow("library"), PauseAsking("library"), PlanAsking("library"), TryAgain("x")]
)
async def test_members_get_a_kind_no_and_nothing_is_done(house: House, action: Action) -> None:
    await house.plan(TOOLS)
    reply = await house.press(action, ANN)
    assert "Only moderators" in shown(reply)
    assert reply.is_private
    outside = await house.press(action, MIA, replace(ASIDE, is_outside=True))
    assert "for members of this community" in shown(outside)
    assert (await house.planned(TOOLS)).state is PlanState.ACTIVE
    assert await house.to_send(TOOLS) is None


async def test_a_form_of_a_moderator_is_nothing_for_a_member(house: House) -> None:
    await house.plan(TOOLS)
    event = Submitted(person=ANN, place=HOME, form="asking", values={"rhythm": "every week"}, context=TOOLS.id)
    assert "Only moderators" in shown(await house.hear(event))
    assert (await house.planned(TOOLS)).rhythm == "every month"


async def test_a_cohort_is_asked_at_once_and_once_a_day(house: House) -> None:
    await house.plan(TOOLS, due_at=NOW + DAY)
    await house.plan(TOYS, due_at=NOW + DAY, state=PlanState.PAUSED)
    await house.asked(TOOLS, 30)
    reply = await house.press(AskNow("sharing"))
    assert "I ask about 1 pilot now" in shown(reply)
    assert "I leave out 1" in shown(reply)
    assert await house.to_send(TOOLS) is State.WAITING
    assert await house.to_send(TOYS) is None
    latest = await house.database.check_ins.latest(TOOLS.id)
    assert latest is not None
    assert (latest.on, latest.state) == (TODAY, CheckInState.OPEN)
    states = [each.state for each in await house.database.check_ins.asked("example", NOW - 90 * DAY)]
    assert states == [CheckInState.MISSED, CheckInState.OPEN]
    again = await house.press(AskNow("sharing"))
    assert "nobody to ask about now" in shown(again)


async def test_who_never_had_a_rhythm_can_be_asked_and_then_waits_for_one(house: House) -> None:
    await house.press(AskNow(BUSES.id))
    standing = await house.database.deliveries.standing(f"{ASK} {BUSES.id}@{TODAY}")
    assert standing is not None
    assert (standing.delivery.person, standing.delivery.payload) == ("ann", {"on": TODAY.isoformat()})
    assert (await house.planned(BUSES)).due_at is None


async def test_pausing_calls_off_what_was_to_be_sent_and_can_be_taken_back(house: House) -> None:
    await house.plan(TOOLS, due_at=NOW + DAY)
    await house.press(AskNow(TOOLS.id))
    assert "not asked about until" in shown(await house.press(PauseAsking(TOOLS.id)))
    assert await house.to_send(TOOLS) is State.DROPPED
    plan = await house.planned(TOOLS)
    assert (plan.state, plan.due_at) == (PlanState.PAUSED, None)
    assert labels(await house.press(OverseePilots(TOOLS.id)))[1] == "Ask again"
    assert "asked about again" in shown(await house.press(ResumeAsking(TOOLS.id)))
    plan = await house.planned(TOOLS)
    assert plan.state is PlanState.ACTIVE
    assert plan.due_at is not None


async def test_the_rhythm_and_the_questions_of_a_cohort_are_set_in_one_form(house: House) -> None:
    await house.plan(TOOLS, question_set="default")
    reply = await house.fill("sharing", rhythm="first tuesday")
    assert "Kept for 2 pilots" in shown(reply)
    for each in (TOOLS, TOYS):
        plan = await house.planned(each)
        assert (plan.rhythm, plan.state) == ("first Tuesday", PlanState.ACTIVE)
        assert plan.due_at is not None
    assert (await house.planned(TOOLS)).question_set == "default"
    await house.fill(TOYS.id, questions="default", asking="pause")
    plan = await house.planned(TOYS)
    assert (plan.question_set, plan.state) == ("default", PlanState.PAUSED)


async def test_what_is_wrong_in_the_form_stands_at_its_field_and_nothing_is_changed(house: House) -> None:
    await house.plan(TOOLS)
    again = (await house.fill("sharing", rhythm="now and then", asking="x", questions="y")).content
    assert isinstance(again, Form)
    assert set(again.errors or {}) == {"rhythm", "asking", "questions"}
    assert next(each.value for each in again.fields if each.name == "rhythm") == "now and then"
    assert (await house.planned(TOOLS)).rhythm == "every month"


async def test_nobody_asks_about_what_was_stopped(house: House) -> None:
    await house.database.pilots.save([replace(TOOLS, stage=Stage.STOPPED)], Author("ann"), NOW)
    await house.plan(TOOLS, state=PlanState.STOPPED)
    assert "Stopped: 1" in shown(await house.command("checkins"))
    await house.fill(TOOLS.id, asking="ask")
    await house.press(AskNow(TOOLS.id))
    assert (await house.planned(TOOLS)).state is PlanState.STOPPED
    assert await house.to_send(TOOLS) is None


async def test_what_could_not_be_sent_is_shown_with_its_reason_and_tried_again_once(house: House) -> None:
    deliveries = house.database.deliveries
    long_key = f"{ASK} {'x' * 280}"
    dead = Delivery(key=long_key, kind=ASK, community="example", person="ann", about=TOOLS.id, due_at=NOW)
    await deliveries.plan([dead, replace(dead, key="of a secret", about=SECRET.id)])
    for claimed in await deliveries.claim(NOW, 9, DAY):
        await deliveries.settle(claimed, Dead("Slack: they blocked Pilotlight."), NOW)
    reply = await house.command("checkins")
    assert "check-in “Tool library”: Slack: they blocked Pilotlight." in shown(reply)
    assert "Secret library" not in shown(reply)
    assert "Slack: they blocked Pilotlight." in shown(await house.command("home"))
    assert "they blocked" not in shown(await house.command("home", person=ANN))
    assert isinstance(reply.content, Message)
    rows = [block for block in reply.content.blocks if isinstance(block, Buttons)]
    tried = rows[-1].buttons[0].action
    assert "I try that once more" in shown(await house.press(tried))
    assert "tried again already" in shown(await house.press(tried))
    states = {state.state for key in (long_key, "of a secret") if (state := await deliveries.standing(key))}
    assert states == {State.WAITING, State.DEAD}


async def reach(house: House) -> None:
    await house.database.reaches.refresh(Reach("example", "test", "mia", {"team": "T1"}), NOW, is_personal=False)


async def test_a_moderator_chooses_the_room_and_the_day_and_all_see_that(house: House) -> None:
    await reach(house)
    reply = await house.command("digest", "here wed", place=ASIDE)
    assert "Every Wednesday" in shown(reply)
    assert "Chosen by Mia." in shown(reply)
    assert not reply.is_private
    (board,) = await house.database.boards.boards("example")
    assert (board.room, board.weekday, board.address, board.told_until) == ("room", 2, {"team": "T1"}, NOW)
    house.clock[0] = NOW + DAY
    await house.command("digest", "here friday", place=ASIDE)
    (board,) = await house.database.boards.boards("example")
    assert (board.weekday, board.chosen_at, board.told_until) == (4, NOW, NOW)
    assert "every Friday" in shown(await house.command("digest", person=ANN, place=ASIDE))


async def test_a_room_that_wants_none_gets_none(house: House) -> None:
    await reach(house)
    await house.command("digest", "here", place=ASIDE)
    planned = Delivery(key="d", kind=DIGEST, community="example", person="mia", about="test room", due_at=NOW)
    await house.database.deliveries.plan([planned])
    assert "no digest any more" in shown(await house.command("digest", "off", place=ASIDE))
    standing = await house.database.deliveries.standing("d")
    assert standing is not None
    assert standing.state is State.DROPPED
    assert await house.database.boards.boards() == []
    assert "gets no digest" in shown(await house.command("digest", place=ASIDE))


@pytest.mark.parametrize(
    ("rest", "person", "place", "expected"),
    [
        ("here", ANN, ASIDE, "Only moderators"),
        ("off", ANN, ASIDE, "Only moderators"),
        ("here", MIA, HOME, "between the two of us"),
        ("here", MIA, replace(ASIDE, is_outside=True), "for members of this community"),
        ("here someday", MIA, ASIDE, "I know: digest here"),
        ("here m", MIA, ASIDE, "I know: digest here"),
    ],
)
async def test_what_does_not_work_is_said_and_changes_nothing(
    house: House, rest: str, person: Person, place: Place, expected: str
) -> None:
    assert expected in shown(await house.command("digest", rest, person, place))
    assert await house.database.boards.boards() == []


async def test_the_digest_is_in_the_language_of_rooms(house: House) -> None:
    board = Board(
        platform="test", community="example", room="room", weekday=0, chosen_by="mia", chosen_at=NOW - DAY,
        told_until=NOW - DAY,
    )  # fmt: skip
    reply = await house.bot.digest.of(board, NOW + DAY, has_strangers=False)
    assert reply is not None
    assert "3 new pilots" in shown(reply)
    assert "Secret library" not in shown(reply)
    assert await house.bot.digest.of(board, NOW + DAY, has_strangers=True) is None
