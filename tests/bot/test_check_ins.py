from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import actions
from bot.actions import (
    Action,
    AnswerOffer,
    ChangeCheckIns,
    FollowUp,
    KeepWords,
    NothingNew,
    OpenCheckIn,
    PutOff,
    SetRhythm,
    SkipCheckIn,
    StopPilot,
    Unblock,
)
from bot.app import Bot
from bot.check_ins import (
    ASK,
    DECLINED,
    OFFER,
    POST,
    REMIND,
    CheckIn,
    CheckInPlan,
    CheckInState,
    PlanState,
)
from bot.deliveries import Delivery, State
from bot.events import Commanded, Event, Pressed, Said, Submitted, Visited
from bot.forms import Form
from bot.members import Preferences, Role
from bot.messages import Buttons, Message, Reply, Sources, plain
from bot.people import Person
from bot.places import Place
from bot.question_sets import QuestionSets, read_questions, shipped
from bot.reaches import Reach
from jobs.calendars import WorkingCalendar
from knowledge.dates import Period
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Barrier, BarrierKind, Contact, Direction, Pilot, Provenance, Stage, Unknown
from knowledge.ports import Author
from knowledge.search import Search, open_search
from knowledge.visibility import Audience, Viewer, Visibility
from tests.base import NOW, sample_pilots
from tests.fakes import MemoryDatabase, revisions_of

ANN, BO, DEE, MIA = Person("ann", "Ann"), Person("bo", "Bo"), Person("dee", "Dee"), Person("mia", "Mia")
HOME = Place("test", "example", "home ann", is_private=True)
ROOM = Place("test", "example", "room", "thread")
ELSEWHERE = replace(HOME, community="another")
DAY = timedelta(days=1)
TODAY = NOW.date()
TOOLS = Pilot(
    provenance=Provenance(source="test", source_id="tools"),
    title="Tool library",
    summary="Residents borrow drills and ladders with their library card.",
    stage=Stage.PILOT,
    owner=Contact(name="Ann", person="ann"),
    deputy=Contact(name="Dee", person="dee"),
    visibility=Visibility(audience=Audience.COMMUNITY, community="example"),
)


@dataclass
class House:
    """A bot that one can talk with at any time."""

    bot: Bot
    database: MemoryDatabase
    search: Search
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    async def hear(self, event: Event) -> Reply:
        reply = await self.bot.handle(event)
        assert reply is not None
        return reply

    async def say(self, words: str, person: Person = ANN, place: Place = HOME) -> str:
        return shown(await self.hear(Said(person=person, place=place, text=words)))

    async def command(self, command: str, rest: str = "", person: Person = ANN, place: Place = HOME) -> Reply:
        return await self.hear(Commanded(person=person, place=place, command=command, rest=rest))

    async def press(self, action: Action, person: Person = ANN, place: Place = HOME) -> Reply:
        return await self.hear(Pressed(person=person, place=place, action=actions.decode(actions.encode(action))))

    async def send(self, opened: Form, person: Person = ANN, place: Place = HOME, **values: str) -> Reply:
        """The form with these values, and all others as they stand there."""
        filled = {each.name: each.value for each in opened.fields} | values
        event = Submitted(person=person, place=place, form=opened.name, values=filled, context=opened.context)
        return await self.hear(event)

    async def answer(self, person: Person = ANN, **values: str) -> str:
        return shown(
            await self.send(form(await self.command("checkin", "tool library", person)), person, HOME, **values)
        )

    async def ask(self, on: date = TODAY, **fields: object) -> CheckIn:
        """As a sweep does."""
        check_in = CheckIn(pilot_id=TOOLS.id, community="example", person="ann", on=on, asked_at=self.clock[0])
        assert await self.database.check_ins.keep(replace(check_in, **fields))  # type: ignore[arg-type]
        return await self.latest()

    async def latest(self) -> CheckIn:
        found = await self.database.check_ins.latest(TOOLS.id)
        assert found is not None
        return found

    async def plan(self) -> CheckInPlan:
        found = await self.database.check_in_plans.plan(TOOLS.id)
        assert found is not None
        return found

    async def learned(self) -> dict[str, Learning]:
        return {each.id.partition("/")[2]: each for each in await self.database.pilots.learnings(TOOLS.id)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database, number, clock = MemoryDatabase(), count(1), [NOW]
    await database.pilots.save([*sample_pilots(), TOOLS], Author("test"), NOW)
    await database.members.appoint("example", MIA.id, Role.MODERATOR)
    async with open_search(tmp_path, database.pilots, None) as search:
        bot = Bot(
            database,
            search,
            now=lambda: clock[0],
            new_id=lambda: f"id-{next(number)}",
            calendar=WorkingCalendar(zone="Europe/Berlin"),
        )
        yield House(bot, database, search, clock)


def shown(reply: Reply) -> str:
    assert isinstance(reply.content, Message), reply.content
    return plain(reply.content)


def form(reply: Reply) -> Form:
    assert isinstance(reply.content, Form), plain(reply.content)
    return reply.content


def buttons(reply: Reply | None) -> dict[str, Action]:
    assert reply is not None
    assert isinstance(reply.content, Message)
    blocks = [block for block in reply.content.blocks if isinstance(block, Buttons)]
    return {button.label: button.action for block in blocks for button in block.buttons}


# Answering


async def test_an_owner_tells_early_what_is_new_and_it_is_found_by_others_at_once(house: House) -> None:
    opened = form(await house.command("checkin"))
    assert [each.name for each in opened.fields] == [
        "worked",
        "did_not_work",
        "changed",
        "next",
        "need",
        "blocker",
        "sharing",
        "shared_from",
    ]
    reply = await house.send(opened, worked="Lending flamethrowers; ask mail@example.org", need="A second van")
    assert "Thank you. What you told of “Tool library” is kept." in shown(reply)
    assert "The community can find it." in shown(reply)
    assert reply.is_private
    learned = await house.learned()
    assert set(learned) == {"worked", "need"}
    worked = learned["worked"]
    assert worked.id == f"{TOOLS.id}@{TODAY}/worked"
    assert (worked.text, worked.kind, worked.origin) == (
        "Lending flamethrowers; ask [e-mail removed]",
        LearningKind.WORKED,
        Origin.CHECK_IN,
    )
    assert (worked.author, worked.told_at, worked.question) == ("ann", NOW, "What worked?")
    assert worked.visibility == Visibility(audience=Audience.COMMUNITY, community="example")
    answer = await house.say("has anyone tried lending tools in a library?", BO)
    assert "Tool library" in answer
    assert "flamethrowers" in shown(await house.command("show", TOOLS.id, BO))


async def test_what_was_told_can_be_corrected_until_the_next_one_and_replaces_what_was_said(house: House) -> None:
    reply = await house.send(form(await house.command("checkin")), worked="Drils", need="A van")
    house.clock[0] += timedelta(hours=3)
    again = form(await house.press(buttons(reply)["Correct it"]))
    assert {each.name: each.value for each in again.fields}["worked"] == "Drils"
    await house.send(again, worked="Drills", need="", changed="The opening hours")
    learned = await house.learned()
    assert {name: each.text for name, each in learned.items()} == {"worked": "Drills", "changed": "The opening hours"}
    assert learned["worked"].told_at == NOW
    assert (await house.latest()).on == TODAY
    house.clock[0] += 9 * DAY
    await house.ask(TODAY + 9 * DAY)
    assert "is over" in shown(await house.press(buttons(reply)["Correct it"]))


async def test_the_next_form_begins_with_what_lasts_and_shows_the_rest_of_the_last_answers(house: House) -> None:
    await house.answer(worked="Drills", next="Saws", need="A van")
    house.clock[0] += 7 * DAY
    opened = form(await house.command("checkin"))
    fields = {each.name: each for each in opened.fields}
    assert (fields["worked"].value, fields["worked"].hint) == ("", "last time: Drills")
    assert (fields["next"].value, fields["need"].value) == ("Saws", "A van")
    assert "nothing new" in shown(await house.send(opened))
    assert (await house.latest()).state is CheckInState.NOTHING_NEW
    await house.send(form(await house.command("checkin")), next="Lawn mowers")
    assert {name: each.text for name, each in (await house.latest()).answers.items() if name} == {
        "next": "Lawn mowers"
    } | ({"need": "A van"} if "need" in (await house.latest()).answers else {})


async def test_a_form_without_anything_or_with_a_wrong_day_comes_back_with_what_was_typed(house: House) -> None:
    opened = form(await house.command("checkin"))
    back = form(await house.send(opened))
    assert back.errors == {"worked": "Please write at least one thing, or press “Nothing new”."}
    for wrong in ("", "tomorrow", "2026-13-01", str(TODAY)):
        back = form(await house.send(opened, worked="Drills", sharing="later", shared_from=wrong))
        assert back.errors == {"shared_from": "Please write a day to come, such as 2026-07-01."}
        assert {each.name: each.value for each in back.fields}["worked"] == "Drills"
    assert form(await house.send(opened, worked="Drills", sharing="everybody")).errors
    assert not await house.learned()
    assert await house.database.check_ins.latest(TOOLS.id) is None


@pytest.mark.parametrize(
    ("sharing", "sees_now", "sees_later"),
    [
        ("community", {"ann", "bo", "mia", None}, {"ann", "bo", "mia", None}),
        ("moderators", {"ann", "mia"}, {"ann", "mia"}),
        ("later", {"ann", "mia"}, {"ann", "bo", "mia", None}),
    ],
)
async def test_the_owner_chooses_who_may_read_it(
    house: House, sharing: str, sees_now: set[str | None], sees_later: set[str | None]
) -> None:
    day = str(TODAY + 30 * DAY) if sharing == "later" else ""
    await house.answer(worked="Drills", sharing=sharing, shared_from=day)
    visibility = (await house.learned())["worked"].visibility
    everybody = ("ann", "bo", "mia", None)

    def readers(on: date) -> set[str | None]:
        return {each for each in everybody if visibility.is_open_to(Viewer("example", each), on)}

    assert readers(TODAY) == sees_now
    assert readers(TODAY + 30 * DAY) == sees_later
    assert not any(visibility.is_open_to(Viewer("another", each), TODAY + 60 * DAY) for each in everybody)


async def test_a_learning_is_never_open_to_more_than_its_pilot_is(house: House) -> None:
    only = Visibility(audience=Audience.RESTRICTED, community="example", people={"ann", "bo"})
    await house.database.pilots.save([replace(TOOLS, visibility=only)], Author("test"), NOW)
    await house.answer(worked="Drills")
    visibility = (await house.learned())["worked"].visibility
    assert (visibility.audience, visibility.people) == (Audience.RESTRICTED, {"ann"})


async def test_the_channel_gets_a_post_only_where_the_owner_agrees(house: House) -> None:
    reply = await house.send(form(await house.command("checkin")), worked="Drills", sharing="channel")
    assert "The channel gets a short post." in shown(reply)
    key = f"{POST} {TOOLS.id}@{TODAY}"
    standing = await house.database.deliveries.standing(key)
    assert standing is not None
    post = await house.bot.first_words(standing.delivery, "ann")
    assert post is not None
    assert not post.is_private
    assert "News of “Tool library”\n\nWhat worked?: Drills" in shown(post)
    await house.send(form(await house.press(buttons(reply)["Correct it"])), sharing="moderators")
    standing = await house.database.deliveries.standing(key)
    assert standing is not None
    assert standing.state is State.DROPPED
    assert await house.bot.first_words(standing.delivery, "ann") is None
    await house.send(form(await house.press(buttons(reply)["Correct it"])), sharing="channel")
    standing = await house.database.deliveries.standing(key)
    assert standing is not None
    assert standing.state is State.WAITING


async def test_nothing_new_is_one_press_and_skipping_another(house: House) -> None:
    check_in = await house.ask()
    assert "nothing new of “Tool library” is good to know" in shown(await house.press(NothingNew(check_in.id)))
    assert (await house.latest()).state is CheckInState.NOTHING_NEW
    assert "nothing new" in shown(await house.press(NothingNew(check_in.id)))
    house.clock[0] += DAY
    check_in = await house.ask(TODAY + DAY)
    assert "I leave this one out" in shown(await house.press(SkipCheckIn(check_in.id)))
    assert (await house.latest()).state is CheckInState.SKIPPED
    await house.answer(worked="Drills after all")
    assert (await house.latest()).state is CheckInState.ANSWERED
    assert "is over" in shown(await house.press(SkipCheckIn(check_in.id)))
    assert (await house.latest()).state is CheckInState.ANSWERED


async def test_what_comes_while_the_next_is_asked_is_an_answer_to_that(house: House) -> None:
    opened = form(await house.command("checkin"))
    house.clock[0] += DAY
    await house.ask(TODAY + DAY)
    await house.send(opened, worked="Drills")
    assert (await house.latest()).answers["worked"].text == "Drills"
    assert (await house.latest()).on == TODAY + DAY


# What is said first


async def test_the_message_that_asks_is_short_and_names_the_pilot_and_what_was_told_and_the_time_left(
    house: House,
) -> None:
    await house.answer(next="Saws")
    await house.ask(TODAY + 7 * DAY, until=TODAY + 14 * DAY)
    sent = Delivery(key="1", kind=ASK, community="example", person="ann", about=TOOLS.id, due_at=NOW)
    reply = await house.bot.first_words(sent, "ann")
    assert reply is not None
    assert reply.is_private
    assert shown(reply) == (
        "How is “Tool library” going?\n\n"
        "On 22 November 2026 you told me: What is next? Saws\n\n"
        "Two minutes are enough. You may also just write to me here in your own words. "
        "There is time until 6 December 2026."
    )
    assert list(buttons(reply)) == [
        "Answer",
        "Nothing new",
        "Ask me tomorrow",
        "Ask me in a week",
        "Skip this one",
        "Another day, rhythm or person …",
        "We stopped it …",
    ]
    reminder = await house.bot.first_words(replace(sent, kind=REMIND), "dee")
    assert reminder is not None
    assert "A gentle reminder" in shown(reminder)
    assert await house.bot.first_words(sent, "bo") is None
    assert await house.bot.first_words(replace(sent, community="another"), "ann") is None
    assert await house.bot.first_words(replace(sent, kind="unknown"), "ann") is None
    await house.database.members.keep_preferences("example", "ann", Preferences(language="de"))
    german = await house.bot.first_words(sent, "ann")
    assert german is not None
    assert german.language == "de"
    assert "Tool library" in shown(german)
    assert "How is" not in shown(german)
    await house.press(buttons(reply)["Nothing new"])
    assert await house.bot.first_words(sent, "ann") is None


# In plain words


async def test_plain_words_are_offered_as_the_answer_and_kept_only_at_a_press(house: House) -> None:
    check_in = await house.ask()
    for words in ("Thirty people borrowed a drill", "we tried it with saws, too"):
        reply = await house.hear(Said(person=ANN, place=HOME, text=words))
        assert "Is that your answer on “Tool library”?" in shown(reply)
        assert "Nothing is kept unless you press." in shown(reply)
    assert not await house.learned()
    assert (await house.latest()).state is CheckInState.OPEN
    kept = await house.press(buttons(reply)["Keep it as my answer"])
    assert "Thank you" in shown(kept)
    learning = (await house.learned())["words"]
    assert (learning.id, learning.text, learning.kind) == (
        f"{check_in.id}/words",
        "we tried it with saws, too",
        LearningKind.NOTE,
    )
    assert "is over" in shown(await house.press(buttons(reply)["Keep it as my answer"]))
    assert "Is that your answer" not in await house.say("Thirty people borrowed a drill")


async def test_a_button_keeps_the_words_it_stood_under_and_no_others(house: House) -> None:
    await house.ask()
    first = await house.hear(Said(person=ANN, place=HOME, text="Thirty people borrowed a drill"))
    await house.hear(Said(person=ANN, place=HOME, text="My dog ate the ladder"))
    assert "is over" in shown(await house.press(buttons(first)["Keep it as my answer"]))
    assert not await house.learned()


async def test_questions_commands_and_small_talk_stay_what_they_are(house: House) -> None:
    await house.ask()
    for words in (
        "has anyone tried a four-day week?",
        "which pilots in Norway were stopped",
        "self-driving buses",
        "thank you very much",
        "that was not helpful",
        "help",
        "home",
        "",
    ):
        assert "Is that your answer" not in await house.say(words)
    statement = "Thirty people borrowed a drill"
    assert "Is that your answer" not in await house.say(statement, BO)
    assert "Is that your answer" not in await house.say(statement, place=ROOM)
    assert "Is that your answer" not in await house.say(
        statement, place=replace(ROOM, is_private=True, is_shareable=True)
    )
    assert "Is that your answer" not in await house.say(statement, place=ELSEWHERE)
    assert (await house.latest()).words == ""


async def test_where_several_are_open_one_says_which_is_meant(house: House) -> None:
    saws = replace(TOOLS, provenance=Provenance(source="test", source_id="saws"), title="Saw bank")
    await house.database.pilots.save([saws], Author("test"), NOW)
    await house.ask()
    other = CheckIn(pilot_id=saws.id, community="example", person="ann", on=TODAY, asked_at=NOW)
    await house.database.check_ins.keep(other)
    reply = await house.hear(Said(person=ANN, place=HOME, text="Thirty people borrowed a saw"))
    assert list(buttons(reply)) == ["Keep it for “Saw bank”", "Keep it for “Tool library”"] or list(buttons(reply)) == [
        "Keep it for “Tool library”",
        "Keep it for “Saw bank”",
    ]
    await house.press(buttons(reply)["Keep it for “Saw bank”"])
    assert not await house.learned()
    (learning,) = await house.database.pilots.learnings(saws.id)
    assert learning.text == "Thirty people borrowed a saw"


async def test_words_kept_are_read_by_whom_the_last_answer_was_read(house: House) -> None:
    await house.answer(worked="Drills", sharing="moderators")
    await house.ask(TODAY + 7 * DAY)
    reply = await house.hear(Said(person=ANN, place=HOME, text="Thirty people borrowed a drill"))
    assert "Only you and the moderators can read it." in shown(reply)
    await house.press(buttons(reply)["Keep it as my answer"])
    assert (await house.learned())["words"].visibility.audience is Audience.RESTRICTED


# What is in the way


async def test_what_is_in_the_way_is_matched_with_who_got_past_the_same(house: House) -> None:
    past = Barrier(description="The tender took a year", kind=BarrierKind.PROCUREMENT, solved_by="A framework contract")
    open_ = Barrier(description="No tender fits", kind=BarrierKind.PROCUREMENT)
    chatbot, shuttle, *_ = (each for each in sample_pilots() if each.title.startswith(("Chatbot", "Driverless")))
    hidden = replace(
        TOOLS,
        provenance=Provenance(source="test", source_id="hidden"),
        title="Hidden tender",
        owner=None,
        barriers=(past,),
        visibility=Visibility(audience=Audience.RESTRICTED, community="example", people={"zoe"}),
    )
    await house.database.pilots.save(
        [replace(chatbot, barriers=(past,)), replace(shuttle, barriers=(open_,)), hidden], Author("test"), NOW
    )
    reply = await house.send(
        form(await house.command("checkin")), blocker="The tender for the vans takes a year", worked="Drills"
    )
    text = shown(reply)
    assert "I took it for: procurement." in text
    assert "1 pilot got past the same:" in text
    assert chatbot.title in text
    assert "A framework contract" in text
    assert "Hidden" not in text
    assert "You named something in the way: who could remove it?" in text
    learning = (await house.learned())["blocker"]
    assert (learning.kind, learning.barrier) == (LearningKind.BLOCKER, BarrierKind.PROCUREMENT)
    more = form(await house.press(buttons(reply)["Say more"]))
    assert [each.name for each in more.fields] == ["barrier", "who_could_remove_it"]
    assert more.fields[0].value == BarrierKind.PROCUREMENT
    await house.send(more, barrier="legal", who_could_remove_it="The city's lawyer")
    learned = await house.learned()
    assert learned["blocker"].barrier is BarrierKind.LEGAL
    assert learned["who_could_remove_it"].text == "The city's lawyer"
    assert learned["who_could_remove_it"].question == "You named something in the way: who could remove it?"


async def test_moderators_see_what_is_in_the_way_until_it_is_resolved(house: House) -> None:
    await house.answer(blocker="Nobody pays for the van", sharing="moderators")

    async def page(person: Person, place: Place = HOME) -> Reply:
        return await house.hear(Visited(person=person, place=place))

    assert "What is in the way\n\nTool library: money: Nobody pays for the van" in shown(await page(MIA))
    assert "Nobody pays" not in shown(await page(BO))
    assert "Nobody pays" not in shown(await page(MIA, ELSEWHERE))
    action = buttons(await page(MIA))["“Tool library” got past it …"]
    assert "look after" in shown(await house.press(action, BO))
    opened = form(await house.press(action, MIA))
    assert "Nobody pays for the van" in opened.lead
    assert form(await house.send(opened, MIA)).errors == {"how": "Please fill this in."}
    assert "Good!" in shown(await house.send(opened, MIA, how="The library friends pay"))
    assert "What is in the way" not in shown(await page(MIA))
    # What only some may read does not become part of the pilot.
    pilot = await house.database.pilots.get(TOOLS.id)
    assert pilot is not None
    assert pilot.barriers == ()
    solved = (await house.learned())["blocker/solved"]
    assert solved.visibility.audience is Audience.RESTRICTED


async def test_what_got_a_pilot_past_its_barrier_helps_the_next_one(house: House) -> None:
    await house.answer(blocker="The tender takes a year")
    opened = form(await house.press(Unblock(f"{TOOLS.id}@{TODAY}/blocker")))
    await house.send(opened, how="We used a framework contract")
    pilot = await house.database.pilots.get(TOOLS.id)
    assert pilot is not None
    assert pilot.barriers == (
        Barrier(
            description="The tender takes a year",
            kind=BarrierKind.PROCUREMENT,
            solved_by="We used a framework contract",
        ),
    )
    bos = replace(
        TOOLS,
        provenance=Provenance(source="test", source_id="saws"),
        title="Saw bank",
        owner=Contact(name="Bo", person="bo"),
    )
    await house.database.pilots.save([bos], Author("test"), NOW)
    reply = await house.send(form(await house.command("checkin", "saw bank", BO)), BO, blocker="A tender blocks us")
    assert "Tool library" in shown(reply)
    assert "We used a framework contract" in shown(reply)


async def test_a_barrier_that_was_told_by_mistake_is_in_nobodys_way(house: House) -> None:
    reply = await house.send(form(await house.command("checkin")), blocker="The tender", worked="Drills")
    await house.send(form(await house.press(buttons(reply)["Correct it"])), blocker="")
    assert await house.database.blockers.unresolved("example") == []
    assert set(await house.learned()) == {"worked"}


# Rhythm, pause, colleagues


async def test_a_rhythm_holds_at_once(house: House) -> None:
    said = shown(await house.command("rhythm", "tool library fortnightly"))
    assert "Rhythm: every 2 weeks" in said
    plan = await house.plan()
    assert (plan.rhythm, plan.started_on, plan.person) == ("every 2 weeks", TODAY, "ann")
    assert plan.due_at is not None
    await house.command("rhythm", "tool library first tuesday of the month")
    plan = await house.plan()
    assert plan.due_at is not None
    assert (plan.rhythm, plan.due_at.date()) == ("first Tuesday", date(2026, 12, 1))
    assert "first Tuesday" in shown(await house.command("rhythm", "tool library", MIA))
    assert "every month" in shown(await house.command("rhythm"))
    assert "Rhythm: every month" in shown(await house.press(SetRhythm(TOOLS.id, "every month"), MIA))
    assert "Say the pilot and how often" in shown(await house.press(SetRhythm(TOOLS.id, "every full moon"), MIA))
    assert "Say the pilot and how often" in shown(await house.command("rhythm", "tool library every full moon"))
    assert (await house.plan()).rhythm == "every month"
    assert "look after" in shown(await house.command("rhythm", "tool library weekly", BO))
    assert "Rhythm: every week" in await house.say("rhythm tool library every week")


async def test_who_told_without_a_rhythm_is_asked_for_one(house: House) -> None:
    reply = await house.send(form(await house.command("checkin")), worked="Drills")
    assert "Shall I ask you again?" in shown(reply)
    assert (await house.plan()).due_at is None
    await house.press(buttons(reply)["Every month"])
    assert (await house.plan()).due_at is not None
    assert "Shall I ask you again?" not in await house.answer(worked="Drills and saws")


async def test_what_is_answered_early_is_not_asked_again(house: House) -> None:
    await house.command("rhythm", "tool library every week")
    due = (await house.plan()).due_at
    assert due is not None
    await house.answer(worked="Drills")
    latest, plan = await house.latest(), await house.plan()
    assert plan.asked_on == latest.on
    assert plan.due_at is not None
    assert plan.due_at > due
    assert latest.until == plan.due_at.date()
    house.clock[0] += DAY
    await house.answer(worked="Saws")
    ahead = await house.latest()
    assert ahead.on == TODAY + 7 * DAY
    # Who tells more before that day tells it in the same one: nobody is spared for weeks because they are eager.
    house.clock[0] += DAY
    assert {each.name: each.value for each in form(await house.command("checkin")).fields}["worked"] == "Saws"


async def test_what_is_put_off_comes_on_that_day_and_quiets_what_was_to_be_sent(house: House) -> None:
    await house.command("rhythm", "tool library every month")
    check_in = await house.ask()
    plan = await house.plan()
    await house.database.check_in_plans.keep(replace(plan, asked_on=TODAY, silences=2))
    reminder = Delivery(
        key="reminder", kind=REMIND, community="example", person="ann", about=TOOLS.id, due_at=NOW + DAY
    )
    await house.database.deliveries.plan([reminder])
    assert "on 29 November 2026" in shown(await house.press(PutOff(check_in.id, 7)))
    plan = await house.plan()
    assert (plan.snoozed_until, plan.silences) == (TODAY + 7 * DAY, 0)
    assert plan.due_at is not None
    assert plan.due_at.date() == TODAY + 8 * DAY  # the 29th is a Sunday
    standing = await house.database.deliveries.standing("reminder")
    assert standing is not None
    assert standing.state is State.DROPPED
    await house.press(NothingNew(check_in.id))
    assert (await house.plan()).snoozed_until is None
    assert "is over" in shown(await house.press(PutOff(check_in.id, 1)))


async def test_a_pause_ends_on_its_day_and_leaves_out_what_is_open(house: House) -> None:
    await house.command("rhythm", "tool library every week")
    await house.ask()
    opened = form(await house.press(ChangeCheckIns(TOOLS.id)))
    said = shown(await house.send(opened, asking="pause", until="2027-02-01"))
    assert "paused until 1 February 2027" in said
    plan = await house.plan()
    assert (plan.state, plan.paused_until) == (PlanState.PAUSED, date(2027, 2, 1))
    assert plan.due_at is not None
    assert plan.due_at.date() >= date(2027, 2, 1)
    assert (await house.latest()).state is CheckInState.SKIPPED
    await house.send(form(await house.press(ChangeCheckIns(TOOLS.id))), until="")
    assert (await house.plan()).due_at is None
    await house.send(form(await house.press(ChangeCheckIns(TOOLS.id))), asking="ask")
    assert (await house.plan()).due_at is not None


async def test_a_change_with_something_wrong_changes_nothing(house: House) -> None:
    opened = form(await house.press(ChangeCheckIns(TOOLS.id)))
    back = form(await house.send(opened, rhythm="at full moon", until="soon", colleague="Zoe"))
    assert back.errors is not None
    assert set(back.errors) == {"rhythm", "until", "colleague"}
    assert "every 2 weeks" in back.errors["rhythm"]
    assert {each.name: each.value for each in back.fields}["rhythm"] == "at full moon"
    for wrong in (str(TODAY), "9999-12-31"):
        assert form(await house.send(opened, until=wrong)).errors == {
            "until": "Please write a day within the next two years, such as 2026-07-01."
        }
    assert await house.database.check_in_plans.plan(TOOLS.id) is None


async def test_a_colleague_takes_over_by_saying_yes_and_nobody_else_can(house: House) -> None:
    await house.command("rhythm", "tool library every week")
    await house.ask()
    await house.database.reaches.refresh(Reach("example", "slack", "bo", {}), NOW, is_personal=True)
    opened = form(await house.press(ChangeCheckIns(TOOLS.id)))
    assert "I ask <@bo> whether" in shown(await house.send(opened, colleague="<@bo>"))
    plan = await house.plan()
    assert (plan.person, plan.offered_to) == ("ann", "bo")
    (standing,) = [
        each.standing for each in house.database.deliveries._kept.values() if each.standing.delivery.kind == OFFER
    ]
    offered = await house.bot.first_words(standing.delivery, "bo")
    assert offered is not None
    assert "Ann asks whether you take over the check-ins of “Tool library”." in shown(offered)
    assert await house.bot.first_words(standing.delivery, "zoe") is None
    yes = buttons(offered)["Yes, ask me"]
    for person, place in ((DEE, HOME), (MIA, HOME), (BO, ELSEWHERE), (BO, replace(HOME, is_outside=True))):
        assert "not offered to you" in shown(await house.press(yes, person, place))
    assert "look after" in shown(await house.command("checkin", "tool library", BO))
    assert "From now on I ask you about “Tool library”." in shown(await house.press(yes, BO))
    plan = await house.plan()
    assert (plan.person, plan.offered_to) == ("bo", "")
    assert (await house.latest()).person == "bo"
    assert "Thank you" in await house.answer(BO, worked="Drills")
    assert (await house.learned())["worked"].author == "bo"
    assert "not offered to you" in shown(await house.press(yes, BO))


async def test_a_colleague_may_say_no_which_whoever_asked_hears(house: House) -> None:
    opened = form(await house.press(ChangeCheckIns(TOOLS.id)))
    await house.send(opened, colleague="dee")  # by the name at the pilot
    assert (await house.plan()).offered_to == "dee"
    assert "thank you for answering" in shown(await house.press(AnswerOffer(TOOLS.id, False), DEE))
    plan = await house.plan()
    assert (plan.person, plan.offered_to) == ("ann", "")
    (standing,) = [
        each.standing for each in house.database.deliveries._kept.values() if each.standing.delivery.kind == DECLINED
    ]
    assert standing.delivery.person == "ann"
    told = await house.bot.first_words(standing.delivery, "ann")
    assert told is not None
    assert "cannot take over" in shown(told)


# Stopping


async def test_a_stopped_pilot_is_thanked_and_is_a_result_worth_having(house: House) -> None:
    pending = {"outcome.stopped_because": Unknown("nobody asked"), "funding.source": Unknown("nobody asked")}
    await house.database.pilots.save([replace(TOOLS, pending=pending)], Author("test"), NOW)
    await house.command("rhythm", "tool library every week")
    opened = form(await house.press(StopPilot(TOOLS.id)))
    assert form(await house.send(opened)).errors == {
        "because": "Please fill this in.",
        "learned": "Please fill this in.",
    }
    said = shown(
        await house.send(
            opened, because="The grant ended", learned="Ask who pays on day one", outcome="Loved", direction="positive"
        )
    )
    assert "Thank you for trying “Tool library”" in said
    assert "a result worth having" in said
    pilot = await house.database.pilots.get(TOOLS.id)
    assert pilot is not None
    assert (pilot.stage, pilot.outcome.stopped_because) == (Stage.STOPPED, "The grant ended")
    assert (pilot.outcome.summary, pilot.outcome.direction) == ("Loved", Direction.POSITIVE)
    assert str(pilot.dates.ended) == str(TODAY)
    assert set(pilot.pending) == {"funding.source"}
    latest = (await revisions_of(house.database.pilots, TOOLS.id))[-1]
    assert latest.by == Author("ann", "stopped")
    (learning,) = await house.database.pilots.learnings(TOOLS.id)
    assert (learning.id, learning.text) == (f"{TOOLS.id}@stopped/learned", "Ask who pays on day one")
    plan = await house.plan()
    assert (plan.state, plan.due_at) == (PlanState.STOPPED, None)
    assert "Stopped: The grant ended" in await house.say("has anyone tried a tool library?", BO)


# A challenge of 100 days


async def test_the_days_of_a_challenge_ask_for_its_end_and_the_gate_leads_to_stopping(house: House) -> None:
    await house.command("rhythm", "tool library 100 days")
    for day, names in ((60, {"sustainability"}), (90, {"sustainability"}), (100, {"gate", "similar_areas"})):
        house.clock[0] = NOW + day * DAY
        await house.ask(TODAY + day * DAY, day=day)
        opened = form(await house.command("checkin"))
        asked = {each.name for each in opened.fields}
        assert asked & {"sustainability", "gate", "similar_areas"} == names
        if day < 100:
            await house.send(opened, sustainability="The city, from May on")
    back = form(await house.send(opened, gate="sell it"))
    assert back.errors == {"gate": "Please choose one of these."}
    reply = await house.send(opened, gate="stop it", similar_areas="Laboratories")
    assert isinstance(buttons(reply)["We stopped it …"], StopPilot)
    learned = {each.id: each.text for each in await house.database.pilots.learnings(TOOLS.id)}
    assert learned[f"{TOOLS.id}@{TODAY + 100 * DAY}/similar_areas"] == "Laboratories"
    await house.database.members.keep_preferences("example", "ann", Preferences(language="de"))
    opened = form(await house.command("checkin"))
    await house.send(opened, gate="scale it")
    learned = {each.id: each.text for each in await house.database.pilots.learnings(TOOLS.id)}
    assert learned[f"{TOOLS.id}@{TODAY + 100 * DAY}/gate"] == "ausweiten"
    opened = form(await house.command("checkin"))
    assert {each.name: each.value for each in opened.fields}["gate"] == "scale it"


async def test_what_a_pilot_was_asked_at_another_stage_stays_told(house: House) -> None:
    await house.answer(worked="Drills", blocker="The tender")
    await house.database.pilots.save([replace(TOOLS, stage=Stage.COMPLETED)], Author("test"), NOW)
    opened = form(await house.command("checkin"))
    assert "blocker" not in {each.name for each in opened.fields}
    await house.send(opened, worked="Saws")
    assert {name: each.text for name, each in (await house.learned()).items()} == {
        "worked": "Saws",
        "blocker": "The tender",
    }


async def test_a_community_asks_its_own_questions(tmp_path: Path) -> None:
    database = MemoryDatabase()
    await database.pilots.save([TOOLS], Author("test"), NOW)
    own = read_questions('[[question]]\nkey = "held"\ntext = "Which bridge held?"\nkind = "worked"\n', "default.toml")
    async with open_search(tmp_path, database.pilots, None) as search:
        questions = QuestionSets((own, *shipped().sets))
        bot = Bot(database, search, now=lambda: NOW, new_id=lambda: "id", questions=questions)
        house = House(bot, database, search)
        opened = form(await house.command("checkin"))
        assert [each.label for each in opened.fields][:1] == ["Which bridge held?"]
        await house.send(opened, held="The old one")
        assert (await house.learned())["held"].question == "Which bridge held?"
        # Without a calendar nobody is asked in a rhythm, and it says so.
        assert "Nobody is asked in a rhythm here" in shown(await house.command("rhythm", "tool library weekly"))
        assert "Nobody is asked in a rhythm here" in shown(await house.press(SetRhythm(TOOLS.id, "every week")))


# Who may


@pytest.mark.parametrize("person", [ANN, DEE, MIA])
async def test_owners_deputies_and_moderators_speak_for_a_pilot(house: House, person: Person) -> None:
    assert "Thank you" in await house.answer(person, worked="Drills")


async def test_linked_accounts_are_one_owner(house: House) -> None:
    await house.database.people.link("example", "dee", "ann-at-home", NOW)
    assert "Thank you" in await house.answer(Person("dee"), worked="Drills")


async def everything(house: House) -> list[Action]:
    await house.answer(worked="Drills", blocker="The tender")
    name = (await house.latest()).id
    await house.ask(TODAY + 9 * DAY, words="Thirty people borrowed a drill")
    check_in = (await house.latest()).id
    return [
        OpenCheckIn(TOOLS.id),
        OpenCheckIn(check_in),
        NothingNew(check_in),
        SkipCheckIn(check_in),
        PutOff(check_in, 7),
        ChangeCheckIns(TOOLS.id),
        SetRhythm(TOOLS.id, "every week"),
        KeepWords(check_in, "0" * 12),
        FollowUp(check_in),
        StopPilot(TOOLS.id),
        Unblock(f"{name}/blocker"),
        AnswerOffer(TOOLS.id, True),
    ]


async def test_nobody_else_can_do_anything_nor_learns_anything_of_it(house: House) -> None:
    for action in await everything(house):
        before = (await house.latest(), await house.plan(), await house.database.pilots.get(TOOLS.id))
        for person, place in (
            (BO, HOME),
            (BO, ROOM),
            (ANN, ELSEWHERE),
            (MIA, ELSEWHERE),
            (ANN, replace(HOME, is_outside=True)),
            (MIA, replace(HOME, is_outside=True)),
        ):
            said = shown(await house.press(action, person, place))
            assert "look after" in said or "not offered to you" in said, action
            assert "Tool library" not in said
        assert (await house.latest(), await house.plan(), await house.database.pilots.get(TOOLS.id)) == before
    for name, context in (
        ("check-in", (await house.latest()).id),
        ("check-in more", (await house.latest()).id),
        ("check-ins", TOOLS.id),
        ("stop", TOOLS.id),
        ("unblock", f"{TOOLS.id}@{TODAY}/blocker"),
    ):
        values = {"worked": "x", "because": "x", "learned": "x", "how": "x", "rhythm": "every week"}
        for person, place in ((BO, HOME), (ANN, ELSEWHERE)):
            event = Submitted(person=person, place=place, form=name, values=values, context=context)
            assert "look after" in shown(await house.hear(event))
        outside = replace(event, person=ANN, place=replace(HOME, is_outside=True))
        assert "members of this community" in shown(await house.hear(outside))


async def test_a_moderator_does_not_speak_for_what_they_may_not_see(house: House) -> None:
    hidden = Visibility(audience=Audience.RESTRICTED, community="example", people={"ann"})
    await house.database.pilots.save([replace(TOOLS, visibility=hidden)], Author("test"), NOW)
    await house.answer(blocker="The tender")
    assert "look after" in shown(await house.command("checkin", TOOLS.id, MIA))
    assert "The tender" not in shown(await house.hear(Visited(person=MIA, place=HOME)))


async def test_a_pilot_of_everybody_is_nobodys_to_speak_for(house: House) -> None:
    sample = sample_pilots()[0]
    for person in (ANN, MIA):
        assert "look after" in shown(await house.press(OpenCheckIn(sample.id), person))
        assert "look after" in shown(await house.command("checkin", sample.title, person))


async def test_buttons_of_what_is_gone_say_so_and_break_nothing(house: House) -> None:
    await house.answer(worked="Drills")
    for action in (NothingNew(f"{TOOLS.id}@2020-01-01"), FollowUp(f"{TOOLS.id}@gone"), KeepWords(f"{TOOLS.id}@", "x")):
        assert "is over" in shown(await house.press(action))
    assert "look after" in shown(await house.press(NothingNew("gone")))
    assert "look after" in shown(await house.press(Unblock("gone")))


async def test_in_a_room_it_is_between_the_owner_and_the_bot(house: House) -> None:
    reply = await house.command("checkin", place=ROOM)
    assert reply.is_private
    assert (await house.send(form(reply), place=ROOM, worked="Drills")).is_private
    assert (await house.command("rhythm", "tool library weekly", place=ROOM)).is_private


async def test_several_pilots_are_a_choice(house: House) -> None:
    saws = replace(TOOLS, provenance=Provenance(source="test", source_id="saws"), title="Saw library")
    await house.database.pilots.save([saws], Author("test"), NOW)
    reply = await house.command("checkin")
    assert list(buttons(reply)) == ["Saw library", "Tool library"]
    assert form(await house.press(buttons(reply)["Saw library"])).context.startswith(saws.id)
    both = await house.command("rhythm", "library weekly")
    assert isinstance(both.content, Message)
    assert any(isinstance(block, Sources) for block in both.content.blocks)
    assert "look after" in shown(await house.command("checkin", "unheard of"))


# Where somebody works, and when they are away


async def test_where_somebody_works_and_when_they_are_away_moves_their_check_ins(house: House) -> None:
    opened = form(await house.command("settings"))
    reply = await house.send(
        opened,
        time_zone="europe/helsinki",
        country="Finland",
        region="01",
        away="2026-07-01 to 2026-07-21; 2026-12-24",
    )
    assert "Europe/Helsinki, Finland, 01" in shown(reply)
    assert "1 July 2026 to 21 July 2026; 24 December 2026" in shown(reply)
    preferences = (await house.database.members.member("example", "ann")).preferences
    assert preferences == Preferences(
        time_zone="Europe/Helsinki",
        country="FI",
        region="01",
        away=(Period(date(2026, 7, 1), date(2026, 7, 21)), Period(date(2026, 12, 24), date(2026, 12, 24))),
    )
    again = {each.name: each.value for each in form(await house.command("settings")).fields}
    assert again["away"] == "2026-07-01 to 2026-07-21; 2026-12-24"
    await house.command("rhythm", "tool library first tuesday")
    plan = await house.plan()
    assert plan.due_at is not None
    assert (plan.due_at.hour, plan.due_at.minute) == (8, 0)  # ten in Helsinki


@pytest.mark.parametrize(
    ("name", "typed", "hint"),
    [
        ("time_zone", "Mars", "Europe/Helsinki"),
        ("country", "Nowhereland", "two-letter code"),
        ("region", "BY", "country of that region"),
        ("away", "in July", "2026-07-01 to 2026-07-21"),
        ("away", "2026-07-21 to 2026-07-01", "2026-07-01 to 2026-07-21"),
        ("away", "2026-02-30", "2026-07-01 to 2026-07-21"),
        ("away", "; ".join(["2026-07-01"] * 21), "2026-07-01 to 2026-07-21"),
    ],
)
async def test_bad_settings_say_what_to_write(house: House, name: str, typed: str, hint: str) -> None:
    back = form(await house.send(form(await house.command("settings")), ANN, HOME, **{name: typed}))
    assert back.errors is not None
    assert hint in " ".join(back.errors.values())
    assert {each.name: each.value for each in back.fields}[name] == typed


# Whatever comes


_TEXTS = st.text(max_size=60)
_NAMED = st.sampled_from([TOOLS.id, f"{TOOLS.id}@{TODAY}", f"{TOOLS.id}@", f"{TOOLS.id}@{TODAY}/blocker", ""]) | _TEXTS
_FIELDS = (
    *("worked", "did_not_work", "changed", "next", "need", "blocker", "words", "sharing", "shared_from"),
    *("barrier", "who_could_remove_it", "rhythm", "asking", "until", "colleague"),
    *("because", "learned", "outcome", "direction", "how", "time_zone", "country", "region", "away"),
)
_GIVEN = st.sampled_from(["later", "channel", "pause", "legal", "9999-12-31", "0001-01-01", "every week", "-"]) | _TEXTS
_WHATEVER = st.one_of(
    st.builds(
        Submitted,
        person=st.sampled_from([ANN, BO, MIA]),
        place=st.just(HOME),
        form=st.sampled_from(["check-in", "check-in more", "check-ins", "stop", "unblock", "settings"]),
        values=st.dictionaries(st.sampled_from(_FIELDS), _GIVEN),
        context=_NAMED,
    ),
    st.builds(Said, person=st.just(ANN), place=st.just(HOME), text=_TEXTS | st.just("thirty people borrowed a drill")),
    st.builds(
        Commanded,
        person=st.sampled_from([ANN, BO, MIA]),
        place=st.just(HOME),
        command=st.sampled_from(["checkin", "rhythm"]),
        rest=st.builds("{} {}".format, _NAMED | st.just("tool library"), _GIVEN),
    ),
    st.builds(
        Pressed,
        person=st.sampled_from([ANN, BO, MIA]),
        place=st.just(HOME),
        action=st.one_of(
            st.builds(OpenCheckIn, _NAMED),
            st.builds(NothingNew, _NAMED),
            st.builds(SkipCheckIn, _NAMED),
            st.builds(PutOff, _NAMED, st.integers(1, 99)),
            st.builds(ChangeCheckIns, _NAMED),
            st.builds(SetRhythm, _NAMED, _GIVEN),
            st.builds(KeepWords, _NAMED, _TEXTS),
            st.builds(FollowUp, _NAMED),
            st.builds(AnswerOffer, _NAMED, st.booleans()),
            st.builds(StopPilot, _NAMED),
            st.builds(Unblock, _NAMED),
        ),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(events=st.lists(_WHATEVER, min_size=1, max_size=5))
async def test_whatever_happens_around_check_ins_there_is_an_answer_and_no_fault(
    events: list[Event], house: House
) -> None:
    for event in events:
        reply = await house.hear(event)
        assert isinstance(reply.content, Form) or "went wrong" not in plain(reply.content)
        assert isinstance(reply.content, Form) or "cannot get at" not in plain(reply.content)


async def test_a_change_of_settings_moves_what_is_due_at_once(house: House) -> None:
    await house.command("rhythm", "tool library every week")
    before = (await house.plan()).due_at
    settings = form(await house.command("settings"))
    away = f"{TODAY} to {TODAY + 6 * DAY}"
    await house.send(settings, away=away)
    after = (await house.plan()).due_at
    assert before is not None
    assert after is not None
    assert before.date() == TODAY + DAY
    assert after.date() > TODAY + 6 * DAY
    await house.send(form(await house.command("settings")), away="")
    assert (await house.plan()).due_at == before
