"""Learning circles as moderators begin and end them, and as owners join."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from bot import actions
from bot.actions import AnswerInvitation
from bot.app import Bot
from bot.check_ins import CheckInPlan, PlanState
from bot.circles import INVITATION
from bot.commands import said_command, typed_command
from bot.deliveries import Delivery
from bot.events import Commanded, Event, Pressed
from bot.members import Preferences, Role
from bot.messages import Buttons, Message, plain
from bot.people import Person
from bot.places import Place
from jobs.calendars import WorkingCalendar
from knowledge.pilots import Contact, Pilot, Provenance, Stage
from knowledge.ports import Author
from knowledge.search import open_search
from knowledge.visibility import Audience, Visibility
from tests.base import NOW
from tests.fakes import MemoryDatabase

ANN, BO, MIA = Person("ann", "Ann"), Person("bo", "Bo"), Person("mia", "Mia")
HOME = Place("test", "example", "home", is_private=True)
OURS = Visibility(audience=Audience.COMMUNITY, community="example")
TODAY = NOW.date()
NEXT_WEEK = TODAY + timedelta(days=7)


def pilot(title: str, person: str, **fields: object) -> Pilot:
    made = Pilot(
        provenance=Provenance(source="test", source_id=title.replace(" ", "-")),
        title=title,
        stage=Stage.PILOT,
        owner=Contact(name=person, person=person),
        visibility=OURS,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


TOOLS, TOYS = pilot("Tool library", "ann"), pilot("Toy library", "bo")
OVER = pilot("Old library", "ann", stage=Stage.STOPPED)
SECRET = pilot(
    "Secret library", "ann", visibility=replace(OURS, audience=Audience.RESTRICTED, people=frozenset({"ann"}))
)


@dataclass
class House:
    bot: Bot
    database: MemoryDatabase

    async def hear(self, event: Event) -> str:
        reply = await self.bot.handle(event)
        assert reply is not None
        assert reply.is_private
        assert isinstance(reply.content, Message)
        return plain(reply.content)

    async def circle(self, rest: str = "", person: Person = MIA, place: Place = HOME) -> str:
        return await self.hear(Commanded(person=person, place=place, command="circle", rest=rest))

    async def answer(self, person: Person, of: Pilot, *, is_yes: bool = True, circle: str = "id-1") -> str:
        action = actions.decode(actions.encode(AnswerInvitation(circle, of.id, is_yes)))
        return await self.hear(Pressed(person=person, place=HOME, action=action))

    async def planned(self, of: Pilot) -> CheckInPlan | None:
        return await self.database.check_in_plans.plan(of.id)

    async def invited(self, of: Pilot) -> Delivery | None:
        standing = await self.database.deliveries.standing(f"{INVITATION} id-1 {of.id}")
        return standing.delivery if standing else None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database, number = MemoryDatabase(), count(1)
    await database.pilots.save([TOOLS, TOYS, OVER, SECRET], Author("test"), NOW)
    await database.members.appoint("example", MIA.id, Role.MODERATOR)
    calendar = WorkingCalendar(zone="Europe/Berlin")
    async with open_search(tmp_path, database.pilots, None) as search:
        bot = Bot(database, search, now=lambda: NOW, new_id=lambda: f"id-{next(number)}", calendar=calendar)
        yield House(bot, database)


async def test_a_moderator_begins_one_and_the_owners_of_live_pilots_are_invited(house: House) -> None:
    said = await house.circle("library, monthly")
    assert "I invite the owners of 2 pilots to the learning circle “library”." in said
    assert "every month" in said
    (circle,) = await house.database.circles.circles("example")
    assert (circle.topic, circle.rhythm, circle.started_on) == ("library", "every month", NEXT_WEEK)
    invited = {
        each.title: delivery.person for each in (TOOLS, TOYS, OVER, SECRET) if (delivery := await house.invited(each))
    }
    assert invited == {"Tool library": "ann", "Toy library": "bo"}
    assert "There is a learning circle “library” already." in await house.circle("Library, every week")


async def test_an_invitation_is_in_the_owners_language_and_has_two_buttons(house: House) -> None:
    await house.circle("library, every month")
    await house.database.members.keep_preferences("example", "bo", Preferences(language="de"))
    delivery = await house.invited(TOYS)
    assert delivery is not None
    reply = await house.bot.gather.words(delivery, "bo")
    assert reply is not None
    assert isinstance(reply.content, Message)
    assert "Möchten Sie mit „Toy library“ dabei sein?" in plain(reply.content)
    (row,) = [each for each in reply.content.blocks if isinstance(each, Buttons)]
    assert [each.action for each in row.buttons] == [
        AnswerInvitation("id-1", TOYS.id, True), AnswerInvitation("id-1", TOYS.id, False),
    ]  # fmt: skip
    assert await house.bot.gather.words(delivery, "eve") is None
    await house.answer(BO, TOYS)
    assert await house.bot.gather.words(delivery, "bo") is None


async def test_who_joins_takes_the_days_of_the_circle(house: House) -> None:
    await house.circle("library, every month")
    assert "“Tool library” is in the learning circle “library”: every month." in await house.answer(ANN, TOOLS)
    plan = await house.planned(TOOLS)
    assert plan is not None
    assert (plan.person, plan.rhythm, plan.started_on) == ("ann", "every month", NEXT_WEEK)
    assert plan.due_at is not None
    assert plan.due_at.date() >= NEXT_WEEK
    again = await house.answer(ANN, TOOLS)
    assert "is in the learning circle" in again
    shown = await house.circle()
    assert "library, every month: Tool library" in shown
    assert "Toy library" not in shown


async def test_only_who_may_speak_for_a_pilot_joins_with_it(house: House) -> None:
    await house.circle("library, every month")
    assert "I know no such pilot that you look after" in await house.answer(BO, TOOLS)
    assert await house.planned(TOOLS) is None
    assert await house.database.circles.joined("id-1") == []
    assert "is in the learning circle" in await house.answer(MIA, TOYS)
    plan = await house.planned(TOYS)
    assert plan is not None
    assert plan.person == "bo"


async def test_who_rather_does_not_is_asked_as_before(house: House) -> None:
    await house.circle("library, every month")
    assert "Nothing changes" in await house.answer(BO, TOYS, is_yes=False)
    assert await house.planned(TOYS) is None
    assert "nobody yet" in await house.circle()


async def test_who_chooses_another_rhythm_is_no_member_any_more(house: House) -> None:
    await house.circle("library, every month")
    await house.answer(ANN, TOOLS)
    await house.hear(Commanded(person=ANN, place=HOME, command="rhythm", rest="tool library every week"))
    assert "nobody yet" in await house.circle()
    await house.hear(Commanded(person=ANN, place=HOME, command="rhythm", rest="tool library every month"))
    # The same rhythm, but on days of their own.
    assert "nobody yet" in await house.circle()


async def test_a_paused_plan_goes_on_and_a_stopped_one_stays_stopped(house: House) -> None:
    await house.circle("library, every month")
    for each, state in ((TOOLS, PlanState.PAUSED), (TOYS, PlanState.STOPPED)):
        assert each.owner is not None
        plan = CheckInPlan(
            pilot_id=each.id, community="example", person=str(each.owner.person), started_on=TODAY, state=state
        )
        await house.database.check_in_plans.keep(plan)
    await house.answer(ANN, TOOLS)
    assert "or the pilot has" in await house.answer(BO, TOYS)
    states = [found.state for each in (TOOLS, TOYS) if (found := await house.planned(each))]
    assert states == [PlanState.ACTIVE, PlanState.STOPPED]


async def test_one_that_ends_leaves_its_members_their_rhythm(house: House) -> None:
    await house.circle("library, every month")
    await house.answer(ANN, TOOLS)
    assert "Its members keep their rhythm." in await house.circle("LIBRARY off")
    assert "There is none yet." in await house.circle()
    plan = await house.planned(TOOLS)
    assert plan is not None
    assert plan.rhythm == "every month"
    assert "has ended" in await house.answer(BO, TOYS)
    assert "I know no learning circle" in await house.circle("library off")


@pytest.mark.parametrize("rest", ["", "library, every month", "library off"])
async def test_members_get_a_kind_no(house: House, rest: str) -> None:
    assert "Only moderators" in await house.circle(rest, ANN)
    assert "for members of this community" in await house.circle(rest, MIA, replace(HOME, is_outside=True))
    assert await house.database.circles.circles() == []


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("library", "Say a topic, a comma"),
        (", every month", "Say a topic, a comma"),
        ("library,", "Say a topic, a comma"),
        ("library, now and then", "rhythm"),
        ("ferrets, every month", "I know no pilot with an owner"),
        ("***, every month", "I know no pilot with an owner"),
    ],
)
async def test_what_does_not_work_is_said_and_begins_nothing(house: House, rest: str, expected: str) -> None:
    assert expected in await house.circle(rest)
    assert await house.database.circles.circles() == []


async def test_other_communities_have_circles_of_their_own(house: House) -> None:
    await house.circle("library, every month")
    other = replace(HOME, community="other")
    await house.database.members.appoint("other", MIA.id, Role.MODERATOR)
    assert "There is none yet." in await house.circle("", MIA, other)
    assert "I know no learning circle" in await house.circle("library off", MIA, other)


def test_a_question_that_begins_with_its_name_stays_one() -> None:
    assert said_command("circle chatbots, every month") == ("circle", "chatbots, every month")
    assert said_command("circle chatbots off") == ("circle", "chatbots off")
    assert said_command("circle economy pilots in Ghent?") is None
    assert said_command("circle economy, has anyone tried it?") is None
    assert typed_command("circle economy pilots in Ghent") == ("ask", "circle economy pilots in Ghent")
