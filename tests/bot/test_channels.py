"""What the bot does in a room: overhearing, threads, muting, modes, sharing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions import MuteThread, NotNow, SetMode, ShareAnswer
from bot.app import Bot
from bot.events import Commanded, Pressed, Said
from bot.members import Preferences, Role
from bot.messages import Button, Buttons, Message, Reply, plain
from bot.people import Person
from bot.places import Place
from bot.rooms import Mode
from knowledge.errors import UnavailableError
from knowledge.ports import Author
from knowledge.records import pilot_from_record
from tests.base import NOW, sample_bot
from tests.fakes import MemoryDatabase

ANN, BEN, MIA = Person("ann", "Ann"), Person("ben", "Ben"), Person("mia", "Mia")
THREAD = Place("test", "example", "room", "thread 1")
ASIDE = replace(THREAD, is_private=True, is_shareable=True)
QUESTION = "Has anyone here tried self-driving shuttle buses?"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Bot, MemoryDatabase]]:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.members.appoint("example", MIA.id, Role.MODERATOR)
        yield bot, database


def overheard(text: str = QUESTION, person: Person = ANN, place: Place = THREAD, key: str = "") -> Said:
    return Said(person=person, place=place, text=text, is_addressed=False, key=key)


def text(reply: Reply | None) -> str:
    assert reply is not None
    assert isinstance(reply.content, Message)
    return plain(reply.content)


def buttons(reply: Reply | None) -> dict[str, Button]:
    assert reply is not None
    assert isinstance(reply.content, Message)
    rows = (block for block in reply.content.blocks if isinstance(block, Buttons))
    return {button.label: button for row in rows for button in row.buttons}


async def listen(database: MemoryDatabase, mode: Mode = Mode.OVERHEAR) -> None:
    await database.rooms.set_mode(THREAD, mode)


async def test_nothing_is_said_unasked_where_nobody_switched_that_on(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    assert await bot.handle(overheard()) is None
    await listen(database, Mode.OFF)
    assert await bot.handle(overheard()) is None


async def test_an_overheard_question_is_answered_once_in_its_thread_with_a_way_out(
    house: tuple[Bot, MemoryDatabase],
) -> None:
    bot, database = house
    await listen(database)
    reply = await bot.handle(overheard())
    assert text(reply).startswith("I overheard this")
    assert "Self-driving bus" in text(reply)
    assert reply is not None
    assert not reply.is_private
    assert {"Not now", "Mute this thread"} <= buttons(reply).keys()
    first = await bot.handle(overheard("Has anyone tried participatory budgeting in their city?", place=elsewhere()))
    assert "Participatory budget" in text(first)


def elsewhere() -> Place:
    return replace(THREAD, thread="thread 2")


@pytest.mark.parametrize(
    "said",
    [
        "Has anyone trained ferrets to lay fibre cables in a municipality?",
        "How do I book the shuttle bus?",
        "We tried self-driving shuttle buses last year.",
        "Lunch?",
        "",
    ],
)
async def test_what_is_no_such_question_or_has_no_answer_gets_silence(
    said: str, house: tuple[Bot, MemoryDatabase]
) -> None:
    bot, database = house
    await listen(database)
    assert await bot.handle(overheard(said)) is None
    assert not await database.demands.demands("example")


async def test_two_who_ask_at_once_in_one_thread_get_one_answer(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await listen(database)
    assert await database.seen.claim("overheard test/example/room/thread 1", NOW)
    assert await bot.handle(overheard()) is None


async def test_trouble_with_what_nobody_asked_the_bot_stays_its_own(
    house: tuple[Bot, MemoryDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, database = house
    await listen(database)

    async def away(place: Place) -> Mode:
        raise UnavailableError("The database is away.")

    monkeypatch.setattr(database.rooms, "mode", away)
    assert await bot.handle(overheard()) is None


async def test_a_thread_goes_on_without_a_mention_and_keeps_its_topic(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    await bot.handle(Said(person=ANN, place=THREAD, text=QUESTION))
    assert "Self-driving bus in the old town" in text(await bot.handle(overheard("what about in Norway?", BEN)))
    for chatter in ("Thanks Ben!", "I will ask Mia about that", "what about you, Mia?"):
        assert await bot.handle(overheard(chatter)) is None
    assert await bot.handle(overheard("what about in Norway?", place=elsewhere())) is None


async def test_not_now_takes_the_answer_away_for_all_and_a_mention_still_gets_one(
    house: tuple[Bot, MemoryDatabase],
) -> None:
    bot, database = house
    await listen(database)
    await bot.handle(overheard())
    reply = await bot.handle(Pressed(person=BEN, place=ASIDE, action=NotNow()))
    assert reply is not None
    assert (reply.replaces, reply.is_private) == (True, False)
    assert "Ben" in text(reply)
    assert await bot.handle(overheard("what about in Norway?")) is None
    assert await bot.handle(overheard()) is None
    assert "Yes: 2 pilots" in text(await bot.handle(Said(person=ANN, place=THREAD, text=QUESTION)))


async def test_a_muted_thread_stays_silent_until_somebody_mentions_the_bot(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    await bot.handle(Said(person=ANN, place=THREAD, text=QUESTION))
    reply = await bot.handle(Pressed(person=BEN, place=ASIDE, action=MuteThread()))
    assert reply is not None
    assert not reply.is_private
    assert "Muted by Ben" in text(reply)
    assert await bot.handle(overheard("what about in Norway?")) is None
    assert "1 pilot" in text(await bot.handle(Said(person=ANN, place=THREAD, text="what about in Norway?")))
    assert await bot.handle(overheard("and in Finland?")) is None


async def test_only_moderators_choose_when_the_bot_speaks(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    refused = await bot.handle(Commanded(person=BEN, place=ASIDE, command="channel", rest="overhear"))
    assert "Only moderators of this community" in text(refused)
    assert await database.rooms.mode(THREAD) is Mode.MENTION
    chosen = await bot.handle(Commanded(person=MIA, place=ASIDE, command="channel", rest=" Overhear "))
    assert "From now on" in text(chosen)
    assert await database.rooms.mode(THREAD) is Mode.OVERHEAR
    assert "three ways" in text(await bot.handle(Commanded(person=MIA, place=ASIDE, command="channel", rest="loud")))
    await bot.handle(Pressed(person=BEN, place=ASIDE, action=SetMode(Mode.OFF)))
    assert await database.rooms.mode(THREAD) is Mode.OVERHEAR


async def test_where_nobody_moderates_yet_it_is_said_how_somebody_can(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    place = replace(ASIDE, community="new")
    said = text(await bot.handle(Commanded(person=BEN, place=place, command="channel", rest="off")))
    assert "ask whoever runs me" in said


async def test_the_choice_is_offered_to_those_who_may_make_it(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    mine = await bot.handle(Commanded(person=MIA, place=ASIDE, command="channel"))
    theirs = await bot.handle(Commanded(person=BEN, place=ASIDE, command="channel"))
    assert len(buttons(mine)) == 2
    assert not buttons(theirs)


async def test_a_channel_that_is_off_gives_the_reason_to_the_one_who_asks(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await listen(database, Mode.OFF)
    reply = await bot.handle(Said(person=ANN, place=THREAD, text=QUESTION))
    assert reply is not None
    assert reply.is_private
    assert "switched off" in text(reply)
    aside = await bot.handle(Commanded(person=ANN, place=ASIDE, command="ask", rest=QUESTION))
    assert "Yes: 2 pilots" in text(aside)
    share = buttons(aside)["Share to channel"].action
    assert "switched off" in text(await bot.handle(Pressed(person=ANN, place=ASIDE, action=share)))


async def test_a_private_answer_is_shared_as_the_room_may_see_it(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    secret = pilot_from_record(
        {
            "source": "test",
            "id": "s",
            "title": "Zeppelin bus without a driver",
            "summary": "A self-driving shuttle bus that flies.",
            "visibility": {"community": "example", "audience": "restricted", "people": ["ann"]},
        }
    )
    await database.pilots.save([secret], Author("test"), NOW)
    aside = await bot.handle(Commanded(person=ANN, place=ASIDE, command="ask", rest=QUESTION))
    assert "Zeppelin" in text(aside)
    assert aside is not None
    assert aside.is_private
    action = buttons(aside)["Share to channel"].action
    shared = await bot.handle(Pressed(person=ANN, place=ASIDE, action=action))
    assert shared is not None
    assert not shared.is_private
    assert "Ann asked me" in text(shared)
    assert "Zeppelin" not in text(shared)
    assert "Self-driving bus" in text(shared)
    for stranger in (
        Pressed(person=BEN, place=ASIDE, action=action),
        Pressed(person=ANN, place=replace(ASIDE, community="another"), action=action),
        Pressed(person=ANN, place=ASIDE, action=ShareAnswer("none")),
    ):
        assert "earlier version" in text(await bot.handle(stranger))


async def test_what_one_is_told_aside_does_not_become_the_rooms_topic(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await bot.handle(Commanded(person=ANN, place=replace(ASIDE, thread=""), command="ask", rest=QUESTION))
    assert await database.threads.thread(replace(THREAD, thread="")) is None


async def test_where_strangers_read_along_only_what_is_public_is_said(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    ours = {
        "source": "test",
        "id": "o",
        "title": "Zeppelins for parcels",
        "summary": "Parcels were flown by zeppelin.",
        "visibility": {"community": "example", "audience": "community", "people": ["ann"]},
    }
    await database.pilots.save([pilot_from_record(ours)], Author("test"), NOW)
    asked = Said(person=ANN, place=THREAD, text="has anyone tried zeppelins for parcels?")
    assert "Zeppelins" in text(await bot.handle(asked))
    for place in (replace(THREAD, is_outside=True), replace(ASIDE, is_outside=True)):
        assert "Zeppelins" not in text(await bot.handle(replace(asked, place=place)))
    for command in ("tell", "settings"):
        outside = Commanded(person=ANN, place=replace(ASIDE, is_outside=True), command=command)
        assert "members of this community" in text(await bot.handle(outside))


async def test_what_is_delivered_again_is_not_answered_again(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    asked = Said(person=ANN, place=THREAD, text=QUESTION, key="T1 C1 12.3")
    assert "Yes" in text(await bot.handle(asked))
    assert await bot.handle(asked) is None
    assert await bot.handle(replace(asked, text="and again?")) is None
    assert "Yes" in text(await bot.handle(replace(asked, key="T1 C1 12.4")))


async def test_what_the_whole_room_reads_is_in_the_rooms_language(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    for person in (BEN, MIA):
        await database.members.keep_preferences("example", person.id, Preferences(language="de"))
    assert "From now on" in text(
        await bot.handle(Commanded(person=MIA, place=ASIDE, command="channel", rest="overhear"))
    )
    assert "Muted by Ben" in text(await bot.handle(Pressed(person=BEN, place=ASIDE, action=MuteThread())))
    assert "Fragen Sie einfach" in text(await bot.handle(Commanded(person=BEN, place=ASIDE, command="help")))


async def test_what_could_not_be_shared_may_be_shared_again_and_what_was_is_shared_once(
    house: tuple[Bot, MemoryDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, database = house
    aside = await bot.handle(Commanded(person=ANN, place=ASIDE, command="ask", rest=QUESTION))
    press = Pressed(person=ANN, place=ASIDE, action=buttons(aside)["Share to channel"].action)

    async def away(after: int, limit: int = 1000) -> None:
        raise UnavailableError("The database is away.")

    with monkeypatch.context() as trouble:
        trouble.setattr(database.pilots, "pilots", away)
        assert "cannot get at what I know" in text(await bot.handle(press))
    assert "Ann asked me" in text(await bot.handle(press))
    assert "shared here already" in text(await bot.handle(press))
