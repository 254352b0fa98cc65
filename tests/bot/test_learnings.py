"""What somebody learned comes back in the answers to others: dated, attributed, and to nobody it was not told to."""

import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from adapters.slack import blocks
from adapters.teams import cards as teams_cards
from adapters.terminal import render as terminal
from bot.actions import ShareAnswer
from bot.app import Bot
from bot.events import Pressed, Said
from bot.messages import Buttons, Message, Reply, plain
from bot.people import Person
from bot.places import Place
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact, Pilot
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.base import NOW, sample_bot, sample_pilots
from tests.fakes import MemoryPilotStore

ANN, BOB, MODERATOR = Person("U1", "Ann"), Person("U2", "Bob"), Person("U3", "Mo")
ROOM = Place("test", "example", "room")
PRIVATE = replace(ROOM, is_private=True)
OUTSIDE = replace(ROOM, is_outside=True)
TOLD_AT = datetime(2026, 5, 3, 9, tzinfo=UTC)
FOR_US = Visibility(audience=Audience.COMMUNITY, community="example")
FOR_MODERATORS = Visibility(audience=Audience.RESTRICTED, community="example", people=frozenset({"U1", "U3"}))
QUESTION = "has anyone had a swan attack drones?"


def drones(**changes: object) -> Pilot:
    owner = Contact(name="Ranger Ann", person="U1")
    return replace(sample_pilots()[5], **({"owner": owner} | changes))  # type: ignore[arg-type]


def learning(name: str, text: str, visibility: Visibility = FOR_US, **changes: object) -> Learning:
    told = Learning(
        id=name,
        pilot_id=drones().id,
        text=text,
        kind=LearningKind.DID_NOT_WORK,
        origin=Origin.CHECK_IN,
        author="U1",
        told_at=TOLD_AT,
        visibility=visibility,
    )
    return replace(told, **changes)  # type: ignore[arg-type]


SWANS = learning("l", "It rained in June. A swan attacked two drones. We moved on.")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Bot, MemoryPilotStore]]:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.pilots.save([drones(visibility=Visibility(community=None))], Author("test"), NOW)
        yield bot, database.pilots


async def said(bot: Bot, text: str, person: Person = BOB, place: Place = ROOM) -> Message:
    reply = await bot.handle(Said(person=person, place=place, text=text))
    assert reply is not None
    assert isinstance(reply.content, Message)
    return reply.content


def in_slack(message: Message) -> str:
    return json.dumps(blocks.render(message), ensure_ascii=False)


def in_teams(message: Message) -> str:
    return json.dumps(teams_cards.render(message), ensure_ascii=False)


def in_terminal(message: Message) -> str:
    shown = io.StringIO()
    Console(file=shown, width=200).print(terminal.render(message))
    return shown.getvalue()


@pytest.mark.parametrize("shown_in", [plain, in_slack, in_teams, in_terminal])
async def test_an_answer_cites_the_sentence_that_was_learned_and_when(
    house: tuple[Bot, MemoryPilotStore], shown_in: Callable[[Message], str]
) -> None:
    bot, pilots = house
    assert "swan" not in shown_in(await said(bot, "drones over wetlands"))
    await pilots.keep_learning(replace(SWANS, author="U9"))
    shown = shown_in(await said(bot, QUESTION))
    assert "Yes: 1 pilot tried this." in shown
    assert "As told on 3 May 2026: A swan attacked two drones." in shown
    assert "rained" not in shown
    assert "U9" not in shown
    assert "by Ranger Ann" not in shown


async def test_who_told_is_named_where_the_pilot_names_them_as_its_contact(house: tuple[Bot, MemoryPilotStore]) -> None:
    bot, pilots = house
    await pilots.keep_learning(replace(SWANS, visibility=Visibility()))
    assert " by Ranger Ann: A swan attacked two drones." in plain(await said(bot, QUESTION))


@pytest.mark.parametrize(
    "told",
    [
        replace(SWANS, author="U2", visibility=Visibility()),
        # The same id in another community is another person.
        replace(SWANS, visibility=Visibility(community="another")),
    ],
)
async def test_nobody_else_is_named(house: tuple[Bot, MemoryPilotStore], told: Learning) -> None:
    bot, pilots = house
    await pilots.keep_learning(told)
    shown = plain(await said(bot, QUESTION))
    assert "A swan attacked two drones." in shown
    assert "by Ranger Ann" not in shown
    assert told.author not in shown


async def test_the_newest_of_what_answers_comes_first_and_nothing_that_does_not(
    house: tuple[Bot, MemoryPilotStore],
) -> None:
    bot, pilots = house
    for day, text in enumerate(("An old swan.", "A swan attacked.", "Two swans came.", "It snowed.")):
        await pilots.keep_learning(learning(str(day), text, told_at=TOLD_AT + timedelta(days=day)))
    shown = plain(await said(bot, "has anyone had swans attack?"))
    assert shown.index("Two swans came.") < shown.index("A swan attacked.")
    assert "An old swan." not in shown
    assert "snowed" not in shown


async def test_a_question_in_another_language_cites_what_answers_it(house: tuple[Bot, MemoryPilotStore]) -> None:
    bot, pilots = house
    await pilots.keep_learning(learning("l", "We put the contract out to tender again. Procurement took a year."))
    shown = plain(await said(bot, "Heeft iemand drones gebruikt met een aanbesteding?"))
    assert "2026: We put the contract out to tender again." in shown or "2026: Procurement took a year." in shown


async def test_what_only_some_may_read_is_neither_found_nor_shown_where_others_read_along(
    house: tuple[Bot, MemoryPilotStore],
) -> None:
    bot, pilots = house
    before = plain(await said(bot, QUESTION))
    await pilots.keep_learning(replace(SWANS, visibility=FOR_MODERATORS))
    for person, place in ((BOB, PRIVATE), (BOB, ROOM), (MODERATOR, ROOM), (MODERATOR, OUTSIDE)):
        assert plain(await said(bot, QUESTION, person, place)) == before
        assert "swan" not in plain(await said(bot, "show Drones over the wetlands", person, place))
    for person in (ANN, MODERATOR):
        assert "A swan attacked two drones." in plain(await said(bot, QUESTION, person, PRIVATE))
        assert "A swan attacked two drones." in plain(await said(bot, "show Drones over the wetlands", person, PRIVATE))


async def test_what_is_shared_to_a_room_leaves_out_what_the_room_may_not_read(
    house: tuple[Bot, MemoryPilotStore],
) -> None:
    bot, pilots = house
    await pilots.keep_learning(replace(SWANS, visibility=FOR_MODERATORS))
    mine = await said(bot, "drones and a swan", MODERATOR, replace(PRIVATE, is_shareable=True))
    assert "A swan attacked two drones." in plain(mine)
    (share,) = (
        button.action
        for block in mine.blocks
        if isinstance(block, Buttons)
        for button in block.buttons
        if isinstance(button.action, ShareAnswer)
    )
    reply = await bot.handle(Pressed(person=MODERATOR, place=replace(PRIVATE, is_shareable=True), action=share))
    assert isinstance(reply, Reply)
    assert isinstance(reply.content, Message)
    assert "Drones over the wetlands" in plain(reply.content)
    assert "attacked" not in plain(reply.content)


async def test_an_owner_tells_it_otherwise_and_the_next_answer_says_so(house: tuple[Bot, MemoryPilotStore]) -> None:
    bot, pilots = house
    await pilots.keep_learning(SWANS)
    assert "attacked two drones" in plain(await said(bot, QUESTION))
    await pilots.keep_learning(replace(SWANS, text="A swan greeted two drones."))
    assert "greeted two drones" in plain(await said(bot, QUESTION))
    await pilots.remove_learning(SWANS.id)
    assert "swan " not in plain(await said(bot, QUESTION)).partition("\n")[2]


async def test_show_lists_what_was_learned_newest_first_and_dated(house: tuple[Bot, MemoryPilotStore]) -> None:
    bot, pilots = house
    for day in range(7):
        await pilots.keep_learning(learning(str(day), f"Swan {day} came.", told_at=TOLD_AT + timedelta(days=day)))
    shown = plain(await said(bot, "show Drones over the wetlands"))
    assert [line for line in shown.splitlines() if "Swan" in line] == [
        f"Learned on {3 + day} May 2026: Swan {day} came." for day in (6, 5, 4, 3, 2)
    ]
