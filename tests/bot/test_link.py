"""One person with accounts in Slack and in Teams, in one community."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.actions import LinkAccount
from bot.app import Bot
from bot.commands import said_command, typed_command
from bot.events import Commanded, Pressed, Said, Submitted, Visited
from bot.members import Preferences, Role
from bot.messages import Buttons, Message, Reply, plain
from bot.people import Person
from bot.places import Place
from bot.rooms import Mode
from bot.skills.link import LETTERS
from knowledge.errors import UnavailableError
from knowledge.pilots import Contact
from knowledge.records import pilot_from_record
from knowledge.search import open_search
from tests.base import NOW
from tests.fakes import MemoryDatabase, revisions_of

HERE = "city-innovators"
ANN, ANN_IN_TEAMS, BOB = Person("U1", "Ann"), Person("T1", "Ann Example"), Person("U2", "Bob")
SLACK = Place("slack", HERE, "D1 U1", is_private=True)
TEAMS = Place("teams", HERE, "a chat", is_private=True)
CHANNEL = Place("teams", HERE, "channel", "thread")
NIGHT = Preferences(quiet_from=time(18), quiet_until=time(8))


@dataclass
class House:
    bot: Bot
    database: MemoryDatabase
    now: datetime = NOW

    async def say(self, text: str, person: Person = ANN, place: Place = SLACK) -> Reply:
        reply = await self.bot.handle(Said(person=person, place=place, text=text))
        assert reply is not None
        return reply

    async def heard(self, text: str, person: Person = ANN, place: Place = SLACK) -> str:
        return words(await self.say(text, person, place))

    async def code(self, person: Person = ANN, place: Place = SLACK) -> str:
        given = re.search(rf"link ([{LETTERS}]{{4}}-[{LETTERS}]{{4}})", await self.heard("link", person, place))
        assert given
        return given[1]

    async def press(self, action: LinkAccount, person: Person = ANN_IN_TEAMS, place: Place = TEAMS) -> str:
        return words(await self.bot.handle(Pressed(person=person, place=place, action=action)))

    async def link(self, giver: Person = ANN, bringer: Person = ANN_IN_TEAMS) -> None:
        asked = await self.say(f"link {await self.code(giver)}", bringer, TEAMS)
        assert "Done." in await self.press(button(asked), bringer)

    async def tell(self, title: str, person: Person, place: Place) -> None:
        values = {"title": title, "summary": "Residents borrow drills.", "is_own": "yes"}
        await self.bot.handle(Submitted(person=person, place=place, form="tell", values=values))

    async def page(self, person: Person, place: Place) -> str:
        return words(await self.bot.handle(Visited(person=person, place=place)))

    async def accounts(self, person: Person = ANN) -> list[str]:
        return list(await self.database.people.accounts(HERE, person.id))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database, ids = MemoryDatabase(), count(1)
    async with open_search(tmp_path, database.pilots, None) as search:
        bot = Bot(database, search, now=lambda: opened.now, new_id=lambda: f"id-{next(ids)}")
        opened = House(bot, database)
        yield opened


def words(reply: Reply | None) -> str:
    assert reply is not None
    assert isinstance(reply.content, Message)
    return plain(reply.content)


def button(reply: Reply) -> LinkAccount:
    assert isinstance(reply.content, Message)
    (action,) = (each.action for block in reply.content.blocks if isinstance(block, Buttons) for each in block.buttons)
    assert isinstance(action, LinkAccount)
    return action


# By a code


async def test_what_was_told_in_slack_is_theirs_in_teams(house: House) -> None:
    await house.tell("Tool library", ANN, SLACK)
    assert "Tool library" not in await house.page(ANN_IN_TEAMS, TEAMS)
    await house.link()
    for person, place in ((ANN, SLACK), (ANN_IN_TEAMS, TEAMS)):
        page = await house.page(person, place)
        assert "Tool library" in page
        assert "Linked accounts: 2" in page
    await house.tell("Repair café", ANN_IN_TEAMS, TEAMS)
    assert "Repair café" in await house.page(ANN, SLACK)
    assert "Linked" not in await house.page(BOB, SLACK)


async def test_what_the_other_account_had_becomes_theirs_and_nothing_of_it_is_lost(house: House) -> None:
    pilots = house.database.pilots
    await house.tell("Tool library", ANN_IN_TEAMS, TEAMS)
    await house.tell("Bob's own", BOB, SLACK)
    (before,) = await pilots.owned_by(HERE, "T1")
    elsewhere = pilot_from_record(
        {"source": "x", "id": "x", "title": "In another community", "owner": {"name": "Ann", "person": "T1"},
         "visibility": {"audience": "community", "community": "another"}}
    )  # fmt: skip
    for_her_only = pilot_from_record(
        {"source": "x", "id": "y", "title": "Not for all", "owner": {"name": "Ann", "person": "T1"},
         "visibility": {"audience": "restricted", "community": HERE, "people": ["T1", "U2"]}}
    )  # fmt: skip
    await pilots.save([elsewhere, for_her_only], by=(await revisions_of(pilots, before.id))[0].by, at=NOW)
    await house.link()
    assert not await pilots.owned_by(HERE, "T1")
    after = {pilot.title: pilot for pilot in await pilots.owned_by(HERE, "U1")}
    assert after["Tool library"] == replace(before, owner=Contact(name="Ann Example", person="U1"))
    assert after["Not for all"].visibility.people == {"T1", "U1", "U2"}
    _, moved = await revisions_of(pilots, before.id)
    assert (moved.by.name, moved.by.reason) == ("U1", "linked accounts")
    assert await pilots.owned_by("another", "T1") == [elsewhere]
    assert len(await pilots.owned_by(HERE, "U2")) == 1


@pytest.mark.parametrize(
    ("hers", "other", "both"),
    [
        (Role.MEMBER, Role.MODERATOR, Role.MODERATOR),
        (Role.ADMINISTRATOR, Role.MODERATOR, Role.ADMINISTRATOR),
        (Role.MODERATOR, Role.MEMBER, Role.MODERATOR),
    ],
)
async def test_of_two_roles_the_higher_is_theirs_everywhere(house: House, hers: Role, other: Role, both: Role) -> None:
    members = house.database.members
    await members.appoint(HERE, "U1", hers)
    await members.appoint(HERE, "T1", other)
    await house.link()
    assert [(each.person, each.role) for each in await members.moderators(HERE)] == [("U1", both)]
    await house.say("channel off", ANN_IN_TEAMS, CHANNEL)
    assert await house.database.rooms.mode(CHANNEL) is Mode.OFF


async def test_a_role_that_was_taken_does_not_come_back_with_a_parting(house: House) -> None:
    members = house.database.members
    await members.appoint(HERE, "T1", Role.MODERATOR)
    await house.link()
    await members.appoint(HERE, "U1", Role.MEMBER)
    await house.say("link off", ANN_IN_TEAMS, TEAMS)
    assert not await members.moderators(HERE)


@pytest.mark.parametrize(
    ("hers", "other", "both"),
    [
        (Preferences(), NIGHT, NIGHT),
        (Preferences(language="de"), NIGHT, Preferences(language="de")),
        (NIGHT, Preferences(), NIGHT),
    ],
)
async def test_their_settings_are_those_that_they_chose(
    house: House, hers: Preferences, other: Preferences, both: Preferences
) -> None:
    code = await house.code()
    await house.database.members.keep_preferences(HERE, "U1", hers)
    await house.database.members.keep_preferences(HERE, "T1", other)
    await house.press(LinkAccount(code.replace("-", "")))
    assert (await house.database.members.member(HERE, "U1")).preferences == both


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{bare}", "{spaced}", "{dash}"])
async def test_a_code_may_be_typed_in_many_ways(house: House, typed: str) -> None:
    code = await house.code()
    ways = {"lower": code.lower(), "bare": code.replace("-", ""), "spaced": code.replace("-", " ")}
    written = typed.format(code, **ways, dash=code.replace("-", "\N{EN DASH}"))
    reply = await house.bot.handle(Commanded(person=ANN_IN_TEAMS, place=TEAMS, command="link", rest=written))
    assert "given to Ann in Slack" in words(reply)
    assert "given to Ann in Slack" in await house.heard(f"link {written}", ANN_IN_TEAMS, TEAMS)


async def test_nothing_is_linked_before_they_say_that_it_is_them(house: House) -> None:
    asked = await house.say(f"link {await house.code()}", ANN_IN_TEAMS, TEAMS)
    assert asked.is_private
    assert "given to Ann in Slack" in words(asked)
    assert "do not press" in words(asked)
    assert await house.accounts() == ["U1"]
    done = await house.bot.handle(Pressed(person=ANN_IN_TEAMS, place=TEAMS, action=button(asked)))
    assert done
    assert (done.is_private, done.replaces, done.changes_home) == (True, True, True)
    assert await house.accounts() == ["U1", "T1"]


async def test_who_has_no_name_is_told_by_their_id(house: House) -> None:
    asked = await house.heard(f"link {await house.code(Person('U1'))}", ANN_IN_TEAMS, TEAMS)
    assert "given to U1 in Slack" in asked


async def test_a_code_is_shown_to_its_person_alone(house: House) -> None:
    beside = replace(SLACK, room="C1", is_shareable=True)
    reply = await house.bot.handle(Commanded(person=ANN, place=beside, command="link"))
    assert reply
    assert reply.is_private
    refused = await house.say("link", ANN, CHANNEL)
    assert refused.is_private
    assert "direct message" in words(refused)
    assert not re.search(rf"[{LETTERS}]{{4}}-", words(refused))


async def test_a_code_that_a_room_could_read_is_no_longer_good(house: House) -> None:
    code = await house.code()
    assert "no longer good" in await house.heard(f"link {code}", ANN_IN_TEAMS, CHANNEL)
    assert "no such code" in await house.heard(f"link {code}", BOB, TEAMS)
    assert "no such code" in await house.press(LinkAccount(code.replace("-", "")))
    assert await house.accounts() == ["U1"]


async def test_a_code_is_good_once(house: House) -> None:
    asked = await house.say(f"link {await house.code()}", ANN_IN_TEAMS, TEAMS)
    also = await house.say(f"link {button(asked).code}", BOB, TEAMS)
    await house.press(button(asked))
    assert "no such code" in await house.press(button(also), BOB)
    assert "no such code" in await house.press(button(asked))
    assert await house.accounts() == ["U1", "T1"]


async def test_two_who_bring_a_code_at_one_moment_are_not_both_taken_for_its_person(house: House) -> None:
    action = LinkAccount((await house.code()).replace("-", ""))
    await asyncio.gather(house.press(action), house.press(action, BOB))
    assert len(await house.accounts()) == 2


async def test_a_code_is_good_for_ten_minutes_until_it_is_confirmed(house: House) -> None:
    asked = await house.say(f"link {await house.code()}", ANN_IN_TEAMS, TEAMS)
    house.now += timedelta(minutes=10)
    assert "older than ten minutes" in await house.press(button(asked))
    assert "no such code" in await house.heard(f"link {button(asked).code}", ANN_IN_TEAMS, TEAMS)
    assert await house.accounts() == ["U1"]


async def test_a_code_of_another_community_is_none(house: House) -> None:
    code, elsewhere = await house.code(), replace(TEAMS, community="another")
    assert "no such code" in await house.heard(f"link {code}", ANN_IN_TEAMS, elsewhere)
    assert "no such code" in await house.press(LinkAccount(code.replace("-", "")), place=elsewhere)
    assert await house.database.people.accounts("another", "T1") == ["T1"]


async def test_after_five_wrong_codes_the_right_one_must_wait(house: House) -> None:
    code = await house.code()
    for _ in range(5):
        assert "no such code" in await house.heard("link BBBB-BBBB", ANN_IN_TEAMS, TEAMS)
    assert "in an hour" in await house.heard(f"link {code}", ANN_IN_TEAMS, TEAMS)
    assert "in an hour" in await house.press(LinkAccount(code.replace("-", "")))
    assert await house.accounts() == ["U1"]
    house.now += timedelta(hours=1)
    await house.link()


async def test_what_can_be_no_code_is_not_counted(house: House) -> None:
    code = await house.code()
    for typed in ("AAAA-BBBB", "link AAAA-1111", "ЖЖЖЖ-ЖЖЖЖ") * 3:
        assert "no such code" in words(
            await house.bot.handle(Commanded(person=ANN_IN_TEAMS, place=TEAMS, command="link", rest=typed))
        )
    assert "given to Ann" in await house.heard(f"link {code}", ANN_IN_TEAMS, TEAMS)


async def test_ones_own_code_links_nothing(house: House) -> None:
    assert "you already" in await house.heard(f"link {await house.code()}")
    await house.link()
    assert "you already" in await house.heard(f"link {await house.code()}", ANN_IN_TEAMS, TEAMS)
    assert await house.accounts() == ["U1", "T1"]


async def test_people_who_are_linked_already_are_linked_with_all_they_have(house: House) -> None:
    await house.link()
    await house.link(BOB, ANN_IN_TEAMS)
    assert await house.accounts(BOB) == ["U2", "T1", "U1"]
    await house.tell("Tool library", ANN, SLACK)
    assert len(await house.database.pilots.owned_by(HERE, "U2")) == 1


async def test_two_codes_crosswise_make_one_person(house: House) -> None:
    codes = await house.code(), await house.code(ANN_IN_TEAMS, TEAMS)
    actions = [LinkAccount(code.replace("-", "")) for code in codes]
    await asyncio.gather(house.press(actions[0]), house.press(actions[1], ANN, SLACK))
    assert len(await house.accounts()) == 2


async def test_people_from_outside_get_no_code_and_bring_none(house: House) -> None:
    outside = replace(TEAMS, is_outside=True)
    code = await house.code()
    assert "members of this community" in await house.heard("link", ANN_IN_TEAMS, outside)
    assert "members of this community" in await house.heard(f"link {code}", ANN_IN_TEAMS, outside)
    assert "members of this community" in await house.press(LinkAccount(code.replace("-", "")), place=outside)
    assert await house.accounts() == ["U1"]


async def test_neither_the_code_nor_the_address_is_kept_as_it_is(house: House) -> None:
    code = await house.code()
    await house.say("home", replace(ANN, email="ann@example.org"))
    kept = str(vars(house.database.people))
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert "ann@" not in kept


# Apart again


async def test_accounts_part_and_the_pilots_stay_with_the_person(house: House) -> None:
    alone = await house.say("link off")
    assert "No other account" in words(alone)
    assert not alone.replaces
    await house.tell("Tool library", ANN_IN_TEAMS, TEAMS)
    await house.link()
    assert "separate again" in await house.heard("link off", ANN_IN_TEAMS, TEAMS)
    assert await house.accounts() == ["U1"]
    assert "Tool library" in await house.page(ANN, SLACK)
    assert "Tool library" not in await house.page(ANN_IN_TEAMS, TEAMS)


# By address


async def test_accounts_with_the_same_verified_address_are_linked_silently_and_once(house: House) -> None:
    await house.tell("Tool library", replace(ANN_IN_TEAMS, email="Ann@Example.org "), TEAMS)
    assert "linked" not in (await house.heard("hello", replace(ANN, email="ann@example.org"))).casefold()
    assert await house.accounts(ANN_IN_TEAMS) == ["T1", "U1"]
    assert "Tool library" in await house.page(ANN, SLACK)
    await house.say("link off")
    for person in (ANN, ANN_IN_TEAMS):
        await house.say("home", replace(person, email="ann@example.org"))
    assert await house.accounts() == ["U1"]


async def test_another_address_none_or_another_community_links_nothing(house: House) -> None:
    await house.say("home", replace(ANN, email="ann@example.org"))
    for email in ("", "  ", "nobody", "bob@example.org"):
        await house.say("home", replace(BOB, email=email))
    await house.say("home", replace(ANN_IN_TEAMS, email="ann@example.org"), replace(TEAMS, community="another"))
    await house.say("home", replace(ANN_IN_TEAMS, email="ann@example.org"), replace(TEAMS, is_outside=True))
    assert await house.accounts() == ["U1"]


async def test_who_is_only_overheard_is_linked_by_no_address(house: House) -> None:
    overheard = Said(
        person=replace(ANN_IN_TEAMS, email="ann@example.org"),
        place=CHANNEL,
        text="has anyone tried a four-day week?",
        is_addressed=False,
    )
    await house.bot.handle(overheard)
    # The address was not even kept, by which whoever comes with it next would be linked.
    await house.say("home", replace(ANN, email="ann@example.org"))
    await house.bot.handle(overheard)
    assert await house.accounts() == ["U1"]
    await house.say("home", overheard.person, TEAMS)
    assert await house.accounts() == ["U1", "T1"]


async def test_who_was_linked_by_hand_is_left_there(house: House) -> None:
    await house.link(BOB)
    await house.say("home", replace(ANN, email="ann@example.org"))
    await house.say("home", replace(ANN_IN_TEAMS, email="ann@example.org"), TEAMS)
    assert await house.accounts(BOB) == ["U2", "T1"]


# The database goes away in the middle


@dataclass
class Away:
    """In the place of one method of a store: away once, before it is done or after, and then as ever."""

    method: Callable[..., Awaitable[Any]]
    is_done: bool
    times: int = 0

    async def __call__(self, *given: Any, **named: Any) -> Any:
        self.times += 1
        if self.times > 1:
            return await self.method(*given, **named)
        if self.is_done:
            await self.method(*given, **named)
        raise UnavailableError("The database does not answer.")


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize(
    ("store", "method"),
    [
        ("members", "keep_preferences"),
        ("pilots", "owned_by"),
        ("pilots", "save"),
        ("members", "appoint"),
        ("people", "link"),
    ],
)
@pytest.mark.parametrize("way", ["code", "address"])
async def test_who_tries_again_where_the_database_went_away_has_all_they_had(
    house: House, monkeypatch: pytest.MonkeyPatch, *, way: str, store: str, method: str, is_done: bool
) -> None:
    members, pilots = house.database.members, house.database.pilots
    await house.tell("Repair café", ANN, SLACK)
    for title in ("Tool library", "Seed library"):
        await house.tell(title, ANN_IN_TEAMS, TEAMS)
    await members.keep_preferences(HERE, "T1", NIGHT)
    await members.appoint(HERE, "T1", Role.MODERATOR)
    mailed, mailed_in_teams = (replace(each, email="ann@example.org") for each in (ANN, ANN_IN_TEAMS))
    code = LinkAccount((await house.code()).replace("-", ""))
    if way == "address":
        await house.say("help", mailed)
    away = Away(getattr(getattr(house.database, store), method), is_done)
    monkeypatch.setattr(getattr(house.database, store), method, away)
    tried = await (house.press(code) if way == "code" else house.heard("help", mailed_in_teams, TEAMS))
    assert "try again" in tried
    assert away.times == 1
    kept = [pilot.title for each in ("U1", "T1") for pilot in await pilots.owned_by(HERE, each)]
    assert sorted(kept) == ["Repair café", "Seed library", "Tool library"]
    if way == "address":
        await house.say("help", mailed_in_teams, TEAMS)
    elif await house.accounts() == ["U1"]:
        await house.link()
    assert await house.accounts() == ["U1", "T1"]
    assert len(await pilots.owned_by(HERE, "U1")) == 3
    assert (await members.member(HERE, "U1")).preferences == NIGHT
    assert [(each.person, each.role) for each in await members.moderators(HERE)] == [("U1", Role.MODERATOR)]


async def test_a_role_that_moved_already_is_not_theirs_twice_after_another_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = house.database.members
    await members.appoint(HERE, "T1", Role.MODERATOR)
    appoint, taken = members.appoint, list[Role]()

    async def away_the_second_time(community: str, person: str, role: Role, *, if_first: bool = False) -> bool:
        taken.append(role)
        if len(taken) == 2:
            raise UnavailableError("The database does not answer.")
        return await appoint(community, person, role, if_first=if_first)

    monkeypatch.setattr(members, "appoint", away_the_second_time)
    assert "try again" in await house.press(LinkAccount((await house.code()).replace("-", "")))
    await house.link()
    assert taken == [Role.MODERATOR, Role.MEMBER, Role.MEMBER]
    assert [each.person for each in await members.moderators(HERE)] == ["U1"]


# Who it is


async def test_a_name_stays_whatever_the_account_is_linked_to(house: House) -> None:
    await house.database.members.appoint(HERE, "U1", Role.MODERATOR)
    await house.link()
    assert "Chosen by Ann Example." in await house.heard("channel overhear", ANN_IN_TEAMS, CHANNEL)


async def test_while_the_database_is_away_they_are_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(community: str, account: str) -> str:
        raise UnavailableError("The database does not answer.")

    monkeypatch.setattr(house.database.people, "person", away)
    assert "cannot get at what I know" in await house.heard("home")
    overheard = Said(person=ANN, place=CHANNEL, text="has anyone tried a four-day week?", is_addressed=False)
    assert await house.bot.handle(overheard) is None


# What is said


@pytest.mark.parametrize("text", ["link", "/link", "link off", "link BCDF-GHJK", "Link bcdfghjk", "link ABCD-EFGH"])
def test_a_link_may_be_said_without_a_mark(text: str) -> None:
    command = said_command(text)
    assert command
    assert command[0] == "link"


@pytest.mark.parametrize("text", ["link between obesity and cycling lanes", "link bike lanes", "link me", "links"])
def test_a_question_may_begin_with_link(text: str) -> None:
    assert said_command(text) is None


def test_a_question_may_begin_with_link_after_the_platforms_own_command_too() -> None:
    question = "link between obesity and cycling lanes"
    assert typed_command(question) == ("ask", question)
    assert typed_command("link BCDF GHJK") == ("link", "BCDF GHJK")
