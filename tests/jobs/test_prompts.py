"""What is said first goes to the person's next platform, then to their deputy, and never twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.messages import Message, Reply, Text
from bot.reaches import No, Posted, Reach, UnreachableError
from jobs.prompts import Delivered, Outcome, Prompt, Prompted
from knowledge.errors import PilotlightError, UnavailableError
from tests.base import NOW
from tests.fakes import MemoryDatabase, MemoryReaches

ANN = Prompted(community="example", person="ann", deputy="dan")
DAY = timedelta(days=1)


class InDoubtError(UnavailableError):
    is_in_doubt = True


@dataclass
class ScriptedPrompter:
    """Sends to everybody, but raises what stands for an account in `troubles`."""

    troubles: Mapping[str, Exception] = field(default_factory=dict)
    sent: list[tuple[str, str, Reply]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    knows: Mapping[str, bool] = field(default_factory=dict)  # the accounts where it can tell what was sent
    begun: str = ""

    async def prompt(self, reach: Reach, reply: Reply, key: str = "") -> Posted:
        if reach.account in self.troubles:
            raise self.troubles[reach.account]
        self.sent.append((reach.platform, reach.account, reply))
        self.keys.append(key)
        return Posted(reach.at({"conversation": self.begun}), f"message {len(self.sent)}")

    async def was_sent(self, reach: Reach, key: str, since: datetime) -> bool | None:
        if reach.account in self.troubles:
            raise self.troubles[reach.account]
        return self.knows.get(reach.account)


@dataclass
class House:
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    prompter: ScriptedPrompter = field(default_factory=ScriptedPrompter)
    asked_for: list[str] = field(default_factory=list)
    says_nothing_to: str = ""
    platforms: Sequence[str] = ("slack", "teams")

    async def add(self, person: str, *accounts: tuple[str, str]) -> None:
        """The first was used latest."""
        for days, (platform, account) in enumerate(accounts):
            await self.database.people.link("example", account, person, NOW)
            reach = Reach("example", platform, account, {"conversation": account})
            await self.database.reaches.refresh(reach, NOW - days * DAY, is_personal=True)

    async def prompt(self, prompted: Prompted = ANN) -> Delivered:
        return await self.prompts(prompted, self.reply_for, "key")

    @property
    def prompts(self) -> Prompt:
        prompters = dict.fromkeys(self.platforms, self.prompter)
        return Prompt(
            people=self.database.people, reaches=self.database.reaches, prompters=prompters, now=lambda: NOW + DAY
        )

    async def reply_for(self, person: str) -> Reply | None:
        self.asked_for.append(person)
        if person == self.says_nothing_to:
            return None
        return Reply(content=Message((Text(f"Hello {person}"),)))

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(platform, account) for platform, account, _ in self.prompter.sent]

    async def closed(self) -> list[tuple[str, No | None]]:
        return [(each.account, each.closed_because) for each in await self.database.reaches.closed("example")]


@pytest.fixture
async def house() -> House:
    """Ann was last seen in Teams, before that in Slack; Dan is her deputy, in Teams."""
    made = House()
    await made.add("ann", ("teams", "ann-t"), ("slack", "ann-s"))
    await made.add("dan", ("teams", "dan-t"))
    return made


def no(because: No, platform: str = "Teams") -> UnreachableError:
    return UnreachableError(platform, because)


async def test_it_goes_to_where_the_person_was_latest_and_nowhere_else(house: House) -> None:
    assert await house.prompt() == Delivered(
        outcome=Outcome.REACHED, person="ann", platform="teams", message="message 1"
    )
    assert house.sent == [("teams", "ann-t")]
    assert house.asked_for == ["ann"]
    assert await house.closed() == []


@pytest.mark.parametrize("because", No)
async def test_a_no_is_kept_and_the_next_platform_is_tried(house: House, because: No) -> None:
    house.prompter.troubles = {"ann-t": no(because)}
    delivered = await house.prompt()
    assert (delivered.outcome, delivered.person, delivered.platform) == (Outcome.REACHED, "ann", "slack")
    assert delivered.troubles == (str(no(because)),)
    assert house.sent == [("slack", "ann-s")]
    assert house.asked_for == ["ann"]
    assert await house.closed() == [("ann-t", because)]


@pytest.mark.shows("opt_out", on=("slack", "teams"))
async def test_a_no_is_not_asked_again(house: House) -> None:
    house.prompter.troubles = {"ann-t": no(No.BLOCKED)}
    await house.prompt()
    house.prompter.troubles = {}
    await house.prompt()
    assert house.sent == [("slack", "ann-s")] * 2


@pytest.mark.shows("opt_out", on=("slack", "teams"))
async def test_where_a_person_can_be_written_to_nowhere_their_deputy_is(house: House) -> None:
    house.prompter.troubles = {"ann-t": no(No.BLOCKED), "ann-s": no(No.GONE, "Slack")}
    delivered = await house.prompt()
    assert (delivered.outcome, delivered.person, delivered.platform) == (Outcome.REACHED, "dan", "teams")
    assert house.asked_for == ["ann", "dan"]
    ((_, _, reply),) = house.prompter.sent
    assert reply.content == Message((Text("Hello dan"),))


async def test_where_the_deputy_cannot_be_written_to_either_nobody_is(house: House) -> None:
    house.prompter.troubles = {"ann-t": no(No.BLOCKED), "ann-s": no(No.GONE), "dan-t": no(No.ABSENT)}
    delivered = await house.prompt()
    assert delivered.outcome is Outcome.NOBODY
    assert (delivered.person, delivered.platform) == ("", "")
    assert len(delivered.troubles) == 3
    assert house.sent == []
    assert {account for account, _ in await house.closed()} == {"ann-t", "ann-s", "dan-t"}
    assert (await house.prompt()).outcome is Outcome.NOBODY


async def test_who_was_never_there_is_not_written_to() -> None:
    house = House()
    assert await house.prompt() == Delivered(outcome=Outcome.NOBODY)
    assert house.asked_for == []


@pytest.mark.parametrize("deputy", ["", "ann", "ann-s"])
async def test_who_is_their_own_deputy_or_has_none_is_asked_once(house: House, deputy: str) -> None:
    house.prompter.troubles = {"ann-t": no(No.BLOCKED), "ann-s": no(No.GONE)}
    delivered = await house.prompt(replace(ANN, deputy=deputy))
    assert delivered.outcome is Outcome.NOBODY
    assert len(delivered.troubles) == 2
    assert house.sent == []


async def test_in_doubt_nothing_more_is_sent(house: House) -> None:
    house.prompter.troubles = {"ann-t": InDoubtError("Perhaps.")}
    assert await house.prompt() == Delivered(
        outcome=Outcome.IN_DOUBT, person="ann", platform="teams", troubles=("Perhaps.",)
    )
    assert house.sent == []
    assert await house.closed() == []


@pytest.mark.parametrize("trouble", [UnavailableError("Away."), PilotlightError("Refused.")])
async def test_what_a_platform_does_not_take_goes_to_the_persons_next_one(house: House, trouble: Exception) -> None:
    house.prompter.troubles = {"ann-t": trouble}
    delivered = await house.prompt()
    assert (delivered.outcome, delivered.platform, delivered.troubles) == (Outcome.REACHED, "slack", (str(trouble),))
    assert await house.closed() == []


async def test_no_deputy_is_troubled_because_a_platform_is_away(house: House) -> None:
    house.prompter.troubles = {"ann-t": UnavailableError("Away."), "ann-s": no(No.GONE)}
    delivered = await house.prompt()
    assert (delivered.outcome, delivered.person) == (Outcome.LATER, "")
    assert house.sent == []
    assert await house.closed() == [("ann-s", No.GONE)]


async def test_a_platform_that_is_not_set_up_is_passed_over(house: House) -> None:
    house.platforms = ("slack",)
    delivered = await house.prompt()
    assert delivered.platform == "slack"
    assert "Teams: Pilotlight is not set up to write there." in delivered.troubles[0]


async def test_a_conversation_just_begun_is_remembered(house: House) -> None:
    house.prompter.begun = "a:new"
    await house.prompt()
    known = await house.database.reaches.reaches("example", ["ann-t", "ann-s"])
    assert [(each.account, each.address) for each in known] == [
        ("ann-t", {"conversation": "a:new"}),
        ("ann-s", {"conversation": "ann-s"}),
    ]


class AwayReaches(MemoryReaches):
    """Still tells, and takes nothing more."""

    async def note_address(self, reach: Reach) -> None:
        raise UnavailableError("Away.")

    async def close(self, *_: object) -> None:
        raise UnavailableError("Away.")


async def test_what_cannot_be_noted_has_nothing_sent_twice() -> None:
    house = House(database=MemoryDatabase(reaches=AwayReaches()))
    await house.add("ann", ("teams", "ann-t"), ("slack", "ann-s"))
    house.prompter.begun = "a:new"
    house.prompter.troubles = {"ann-t": no(No.BLOCKED)}
    assert (await house.prompt()).outcome is Outcome.REACHED
    assert house.sent == [("slack", "ann-s")]


async def test_what_is_sent_carries_its_key_and_comes_back_with_its_name(house: House) -> None:
    assert (await house.prompt()).message == "message 1"
    assert house.prompter.keys == ["key"]


async def test_who_is_not_to_be_told_any_more_is_not_and_neither_is_the_deputy(house: House) -> None:
    house.says_nothing_to = "ann"
    assert await house.prompt() == Delivered(outcome=Outcome.UNWANTED, person="ann")
    assert house.sent == []


@pytest.mark.parametrize(
    ("knows", "is_sent"),
    [
        ({"ann-t": False, "ann-s": False, "dan-t": False}, False),
        ({"ann-t": False, "ann-s": True}, True),
        ({"dan-t": True}, True),
        ({"ann-t": False, "dan-t": False}, None),
        ({}, None),
    ],
)
async def test_it_was_sent_where_any_platform_has_it_and_not_where_all_say_no(
    house: House, knows: Mapping[str, bool], *, is_sent: bool | None
) -> None:
    house.prompter.knows = knows
    assert await house.prompts.was_sent(ANN, "key", NOW) is is_sent


async def test_whether_it_was_sent_waits_for_a_platform_that_is_away(house: House) -> None:
    house.prompter.troubles = {"ann-s": UnavailableError("away")}
    with pytest.raises(UnavailableError):
        await house.prompts.was_sent(ANN, "key", NOW)
