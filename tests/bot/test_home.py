from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path

import pytest

from bot.actions import OpenSettings, RateAnswer
from bot.app import Bot
from bot.events import Commanded, Pressed, Said, Submitted, Visited
from bot.forms import Form
from bot.members import Preferences, Role
from bot.messages import Feedback, Message, Reply, plain
from bot.people import Person
from bot.places import Place
from bot.reaches import No, Reach
from knowledge.pilots import Contact
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.base import NOW, sample_bot, sample_pilots
from tests.fakes import MemoryDatabase

ANN, MIA = Person("ann", "Ann"), Person("mia", "Mia")
HOME = Place("test", "example", "home ann", is_private=True)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Bot, MemoryDatabase]]:
    async with sample_bot(tmp_path) as (bot, database, _):
        await database.members.appoint("example", MIA.id, Role.ADMINISTRATOR)
        yield bot, database


def text(reply: Reply | None) -> str:
    assert reply is not None
    assert isinstance(reply.content, Message)
    return plain(reply.content)


def form(reply: Reply | None) -> Form:
    assert reply is not None
    assert isinstance(reply.content, Form)
    return reply.content


async def tell(bot: Bot, person: Person, **values: str) -> None:
    given = {"title": "Tool library", "summary": "Residents borrow drills with a library card.", **values}
    assert "Thank you" in text(await bot.handle(Submitted(person=person, place=HOME, form="tell", values=given)))


async def test_a_page_shows_the_persons_own_pilots_and_how_far_they_are(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    assert "None yet." in text(await bot.handle(Visited(person=ANN, place=HOME)))
    await tell(bot, ANN, is_own="yes")
    await tell(bot, MIA, title="Another one", is_own="yes")
    await tell(bot, ANN, title="Known to her only")
    page = text(await bot.handle(Visited(person=ANN, place=HOME)))
    assert "Tool library" in page
    assert "Anchoring: 1 of 1" in page
    assert "Another one" not in page
    assert "Known to her only" not in page
    assert "Tool library" not in text(await bot.handle(Visited(person=ANN, place=replace(HOME, community="another"))))


async def test_who_looks_after_the_community_sees_what_nobody_could_answer(
    house: tuple[Bot, MemoryDatabase],
) -> None:
    bot, _ = house
    await bot.handle(Said(person=ANN, place=HOME, text="has anyone trained ferrets to lay cables?"))
    assert "ferrets" in text(await bot.handle(Visited(person=MIA, place=HOME)))
    assert "ferrets" not in text(await bot.handle(Visited(person=ANN, place=HOME)))
    assert "ferrets" not in text(await bot.handle(Visited(person=MIA, place=replace(HOME, is_outside=True))))


async def no(database: MemoryDatabase, account: str, platform: str = "teams", because: No = No.BLOCKED) -> None:
    await database.reaches.close("example", platform, account, because, NOW)


async def test_who_looks_after_the_community_sees_who_cannot_be_written_to(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    assert "cannot write" not in text(await bot.handle(Visited(person=MIA, place=HOME)))
    await tell(bot, ANN, is_own="yes")
    await no(database, "bo", because=No.REMOVED)
    await no(database, "ann", "slack", No.GONE)
    page = text(await bot.handle(Visited(person=MIA, place=HOME)))
    assert (
        "People I cannot write to\n\nAnn: is not there any more (Slack) · Tool library\nbo: removed me (Teams)" in page
    )
    assert "cannot write" not in text(await bot.handle(Visited(person=ANN, place=HOME)))
    assert "cannot write" not in text(await bot.handle(Visited(person=MIA, place=replace(HOME, is_outside=True))))
    assert "cannot write" not in text(await bot.handle(Visited(person=MIA, place=replace(HOME, community="another"))))


async def test_where_somebody_is_written_to_instead_is_told(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await no(database, "ann")
    await database.people.link("example", "ann", "ann-in-slack", NOW)
    await database.reaches.refresh(Reach("example", "slack", "ann-in-slack", {}), NOW, is_personal=True)
    page = text(await bot.handle(Visited(person=MIA, place=HOME)))
    assert "ann: blocked me (Teams) · I write in Slack" in page


async def test_a_pilot_that_is_not_for_everybody_is_not_told_of_with_its_owner(
    house: tuple[Bot, MemoryDatabase],
) -> None:
    bot, database = house
    hidden = Visibility(audience=Audience.RESTRICTED, community="example", people={"ann"})
    owned = replace(sample_pilots()[0], owner=Contact(name="Ann", person="ann"), visibility=hidden)
    await database.pilots.save([owned], Author("test"), NOW)
    await no(database, "ann")
    page = text(await bot.handle(Visited(person=MIA, place=HOME)))
    assert "ann: blocked me (Teams)" in page
    assert owned.title not in page


async def test_of_many_who_cannot_be_written_to_owners_come_first(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await tell(bot, ANN, is_own="yes")
    for account in ("ann", *(f"other {number:02}" for number in range(30))):
        await no(database, account)
    page = text(await bot.handle(Visited(person=MIA, place=HOME)))
    assert "People I cannot write to\n\nAnn: blocked me (Teams) · Tool library\nother 00" in page
    assert "other 06" in page
    assert "other 07" not in page
    assert "And 23 more." in page


async def test_settings_are_kept_and_shown_where_one_left_them(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    sent = {"quiet_from": "18:00", "quiet_until": "08:00", "pause": "month"}
    kept = text(await bot.handle(Submitted(person=ANN, place=HOME, form="settings", values=sent)))
    assert "18:00 to 08:00" in kept
    assert "22 December 2026" in kept
    member = await database.members.member("example", "ann")
    assert member.preferences == Preferences(quiet_from=time(18), quiet_until=time(8), paused_until=date(2026, 12, 22))
    again = form(await bot.handle(Pressed(person=ANN, place=HOME, action=OpenSettings())))
    assert {field.name: field.value for field in again.fields} == {
        "language": "",
        "quiet_from": "18:00",
        "quiet_until": "08:00",
        "pause": "keep",
        **dict.fromkeys(("time_zone", "country", "region", "away"), ""),
    }
    unchanged = {field.name: field.value for field in again.fields}
    await bot.handle(Submitted(person=ANN, place=HOME, form="settings", values=unchanged))
    assert await database.members.member("example", "ann") == member


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"quiet_from": "18:00"}, "quiet_until"),
        ({"quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": "25:00", "quiet_until": "08:00"}, "quiet_from"),
        ({"pause": "forever"}, "pause"),
    ],
)
async def test_settings_that_make_no_sense_come_back_with_what_was_typed(
    values: dict[str, str], field: str, house: tuple[Bot, MemoryDatabase]
) -> None:
    bot, database = house
    back = form(await bot.handle(Submitted(person=ANN, place=HOME, form="settings", values=values)))
    assert back.errors is not None
    assert field in back.errors
    assert {each.name: each.value for each in back.fields}.items() >= values.items()
    assert (await database.members.member("example", "ann")).preferences == Preferences()


async def test_a_pause_that_is_over_is_no_pause(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await database.members.keep_preferences("example", "ann", Preferences(paused_until=NOW.date()))
    assert "until" not in text(await bot.handle(Visited(person=ANN, place=HOME)))


async def test_an_opinion_is_kept_at_once_and_its_reason_when_it_comes(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    reply = await bot.handle(Said(person=ANN, place=HOME, text="has anyone tried a four-day week?"))
    assert reply is not None
    assert isinstance(reply.content, Message)
    (asked,) = (block for block in reply.content.blocks if isinstance(block, Feedback))
    opened = form(await bot.handle(Pressed(person=ANN, place=HOME, action=asked.bad.action)))
    ((answer, rating),) = await database.answers.ratings("example")
    assert (answer.asked, rating.is_good, rating.reason) == (("has anyone tried a four-day week?",), False, "")
    why = {"reason": "Too old; ask mail@example.org"}
    sent = Submitted(person=ANN, place=HOME, form=opened.name, values=why, context=opened.context)
    assert "Thank you" in text(await bot.handle(sent))
    ((_, rating),) = await database.answers.ratings("example")
    assert rating.reason == "Too old; ask [e-mail removed]"
    await bot.handle(Pressed(person=ANN, place=HOME, action=asked.good.action))
    ((_, rating),) = await database.answers.ratings("example")
    assert rating.is_good


async def test_nobody_rates_the_answers_of_another_community(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, database = house
    await bot.handle(Said(person=ANN, place=HOME, text="has anyone tried a four-day week?"))
    answer_id = next(iter(database.answers._answers))
    elsewhere = replace(HOME, community="another")
    press = Pressed(person=ANN, place=elsewhere, action=RateAnswer(answer_id, True))
    assert "earlier version" in text(await bot.handle(press))
    sent = Submitted(person=ANN, place=elsewhere, form="feedback", values={"reason": "x"}, context=answer_id)
    assert "earlier version" in text(await bot.handle(sent))
    assert not await database.answers.ratings()


async def test_a_command_may_be_said_like_any_other_word(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    assert "Your pilots" in text(await bot.handle(Said(person=ANN, place=HOME, text="home")))
    assert (
        form(await bot.handle(Said(person=ANN, place=HOME, text="tell Tool library"))).fields[0].value == "Tool library"
    )
    assert "Just ask" in text(await bot.handle(Said(person=ANN, place=HOME, text="/help")))
    assert "Yes: 1 pilot" in text(await bot.handle(Said(person=ANN, place=HOME, text="ask a four-day week")))
    assert "Which pilot" not in text(await bot.handle(Said(person=ANN, place=HOME, text="show me four-day weeks")))
    assert "home" in text(await bot.handle(Commanded(person=ANN, place=HOME, command="help")))


async def test_a_page_asked_for_in_a_room_is_for_the_asker_alone(house: tuple[Bot, MemoryDatabase]) -> None:
    bot, _ = house
    room = Place("test", "example", "room", "thread")
    reply = await bot.handle(Said(person=ANN, place=room, text="home"))
    assert reply is not None
    assert reply.is_private
