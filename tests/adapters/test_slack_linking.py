"""One community over platforms, as Slack sees it: its name, codes, and people's addresses."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.emails import Emails
from adapters.slack.encryption import new_key
from adapters.slack.outbox import Outbox, web_client
from adapters.sql import Database, open_database
from bot.members import Role
from bot.people import LinkCode
from deploy.server import _slack_house, slack_settings
from deploy.wiring import open_house
from knowledge.ports import Author
from knowledge.records import pilot_from_record
from tests.base import NOW
from tests.slack_api import (
    BOT_TOKEN,
    TEAM,
    Call,
    Json,
    Sender,
    SlackApi,
    fill,
    many_workspaces,
    mention,
    payload,
    running_server,
    running_slack,
    settings_for,
    settled,
    until,
)

# slack_sdk 3.47 with aiohttp 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

HERE = "city-innovators"
NAMED = {"communities": f"{TEAM}={HERE},T02OTHER={HERE}"}
ALICE, BOB = "U01ALICE", "U02BOB"
CONFIRMED = {"is_email_confirmed": True, "profile": {"email": "alice@example.org"}}


@dataclass
class Clock:
    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    """A server whose workspaces belong to one community, and its database."""

    slack: SlackApi
    sender: Sender
    database: Database
    moments: "count[int]" = field(default_factory=lambda: count(1))

    async def says(self, text: str, user: str = ALICE, **more: str) -> Call:
        """What a person is answered in their direct messages with the bot."""
        before = len(self.slack.said)
        ts = f"1795348800.{next(self.moments):06}"
        where = {"type": "message", "channel_type": "im", "channel": f"D{user}", "user": user}
        body = mention(text, ts, **{**where, **more})
        assert (await self.sender.event(body)).status == 200
        return (await until(lambda: self.slack.said[before:]))[0]

    async def presses(self, value: str, user: str = ALICE) -> Call:
        before = len(self.slack.said)
        body = payload("block_actions_in_message")
        body |= {"trigger_id": f"{next(self.moments)}.1", "response_url": f"{self.slack.url}/response/1"}
        body["user"] |= {"id": user}
        body["channel"]["id"] = body["container"]["channel_id"] = f"D{user}"
        body["actions"][0] |= {"value": value}
        assert (await self.sender.interaction(body)).status == 200
        return (await until(lambda: self.slack.said[before:]))[0]


@asynccontextmanager
async def running_world(folder: Path, **more: str) -> AsyncIterator[World]:
    url = f"sqlite:///{folder / 'pilotlight.sqlite'}"
    await fill(url)
    async with (
        running_slack() as slack,
        open_database(url) as database,
        running_server(slack, folder, **NAMED, **more) as sender,
    ):
        yield World(slack, sender, database)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running_world(tmp_path) as running:
        yield running


# The community


@pytest.mark.shows("one_community")
async def test_what_was_told_on_another_platform_in_the_community_is_found(world: World) -> None:
    told = pilot_from_record(
        {"source": "teams", "id": "1", "title": "Zeppelins for parcels", "summary": "Parcels fly by zeppelin.",
         "visibility": {"audience": "community", "community": HERE}}
    )  # fmt: skip
    await world.database.pilots.save([told], Author("T1", "told"), NOW)
    for _ in range(50):  # the index follows within a second
        if "Zeppelins" in (await world.says("has anyone tried zeppelins for parcels?")).words:
            return
    raise AssertionError("The pilot was not found.")


async def test_a_workspace_is_the_community_that_it_was_named_for(tmp_path: Path) -> None:
    async with running_slack() as slack:
        settings = settings_for(slack, tmp_path, **NAMED, **many_workspaces(new_key()))
        async with open_house(settings) as house:
            slack_house = _slack_house(house, settings)
            assert slack_house.community_names == {TEAM.lower(): HERE, "t02other": HERE}
            await slack_house.on_installed(HERE, ALICE)
            await slack_house.on_installed(HERE, BOB)
            assert [each.person for each in await house.database.members.moderators(HERE)] == [ALICE]
            assert slack_settings(settings).client_id


async def test_the_setting_of_one_workspace_yields_to_its_name(world: World) -> None:
    await world.database.members.appoint(HERE, ALICE, Role.MODERATOR)
    assert "Questions nobody could answer yet" in (await world.says("home")).words


@pytest.mark.parametrize(("team", "community"), [(TEAM, HERE), ("T09ELSE", "slack-T09ELSE")])
async def test_whoever_installs_looks_after_the_community_of_that_name(
    tmp_path: Path, team: str, community: str
) -> None:
    url = f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    more = many_workspaces(new_key()) | NAMED
    async with running_slack() as slack, running_server(slack, tmp_path, **more) as sender, open_database(url) as kept:
        await kept.people.link(HERE, ALICE, "T1", NOW)
        jar = sender.session
        async with jar.get(f"{sender.address}/slack/install", allow_redirects=False) as page:
            state = re.search(r"state=([\w-]+)", await page.text())
            cookies = {name: morsel.value for name, morsel in page.cookies.items()}
        assert state
        address = f"{sender.address}/slack/oauth_redirect?code=.{team}.{ALICE}&state={state[1]}"
        async with jar.get(address, cookies=cookies) as page:
            assert page.status == 200
        (first,) = await kept.members.moderators(community)
        # In the community of both, the installer is known by the account they linked this one to.
        assert (first.person, first.role) == ("T1" if community == HERE else ALICE, Role.ADMINISTRATOR)


# Codes


@pytest.mark.shows("linked")
async def test_an_account_is_linked_by_a_code_that_was_given_on_another_platform(world: World) -> None:
    offered = LinkCode(community=HERE, person="T1", platform="teams", name="Alice", at=datetime.now(UTC))
    digest = sha256(f"{HERE}\ncode\nBCDFGHJK".encode()).hexdigest()
    await world.database.people.offer(offered, digest)
    asked = await world.says("link BCDF-GHJK")
    assert "given to Alice in Teams" in asked.words
    assert '"value": "link BCDFGHJK"' in asked.words
    assert await world.database.people.person(HERE, ALICE) == ALICE
    assert "one person with Alice in Teams" in (await world.presses("link BCDFGHJK")).words
    assert await world.database.people.person(HERE, ALICE) == "T1"
    assert "Linked accounts" in (await world.says("home")).words


async def test_a_code_is_given_where_only_its_person_reads(world: World) -> None:
    assert re.search(r"link [A-Z]{4}-[A-Z]{4}", (await world.says("link")).words)
    refused = await world.says("link", type="app_mention", channel_type="channel", channel="C01GENERAL")
    assert refused.method == "chat.postEphemeral"
    assert "direct message" in refused.words


# Addresses


async def test_accounts_with_one_confirmed_address_are_linked(tmp_path: Path) -> None:
    async with running_world(tmp_path, link_by_email="1") as world:
        world.slack.users = {ALICE: CONFIRMED, BOB: {**CONFIRMED, "is_email_confirmed": False}}
        for user in (ALICE, "U03ALICE", BOB):
            await world.says("help", user)
        assert await world.database.people.accounts(HERE, ALICE) == [ALICE]
        world.slack.users["U04ALICE"] = CONFIRMED
        await world.says("help", "U04ALICE")
        assert await world.database.people.accounts(HERE, ALICE) == [ALICE, "U04ALICE"]


async def test_nobody_is_looked_up_unless_that_is_switched_on(world: World) -> None:
    await world.says("help")
    assert not world.slack.called("users.info")


async def test_who_is_only_overheard_is_not_looked_up(tmp_path: Path) -> None:
    async with running_world(tmp_path, link_by_email="1") as world:
        body = payload("message_in_channel")
        body["event"] |= {"text": "has anyone tried driverless shuttles?"}
        await world.sender.event(body)
        await settled(world.slack)
        assert not world.slack.called("users.info")


ODD: dict[str, object] = {
    "no object": "U01ALICE",
    "a list": [CONFIRMED],
    "nobody": None,
    "a profile that is a word": {**CONFIRMED, "profile": "alice@example.org"},
    "a profile that is a list": {**CONFIRMED, "profile": ["alice@example.org"]},
}


@pytest.mark.parametrize("odd", ODD)
async def test_whatever_slack_tells_of_a_person_they_are_answered(tmp_path: Path, odd: str) -> None:
    async with running_world(tmp_path, link_by_email="1") as world:
        world.slack.refusals["users.info"] = [web.json_response({"ok": True, "user": ODD[odd]})]
        assert "Just ask" in (await world.says("help")).words
        assert await world.database.people.accounts(HERE, ALICE) == [ALICE]


async def test_trouble_with_an_address_is_logged_without_a_word_and_they_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(Emails, "of", broken)
    async with running_world(tmp_path, link_by_email="1") as world:
        assert "driverless" in (await world.says("who tried driverless shuttles?")).words.casefold()
        await world.sender.event(payload("app_home_opened_home"))
        await until(lambda: world.slack.called("views.publish"))
    (line, *_) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert line.getMessage() == "The address of somebody was not looked up"
    assert "driverless" not in caplog.text


async def test_who_presses_stop_is_obeyed_while_an_address_is_looked_up(tmp_path: Path) -> None:
    async with running_world(tmp_path, link_by_email="1") as world:
        world.slack.delays["users.info"] = 1.5
        asked = mention("who tried driverless shuttles?")
        await world.sender.event(asked)
        await until(lambda: world.slack.under_way)
        stopped = payload("agent_session_stopped")
        stopped["event"] |= {"channel": asked["event"]["channel"], "thread_ts": asked["event"]["ts"]}
        await world.sender.event(stopped)
        (told,) = await until(lambda: world.slack.called("chat.postMessage"))
        await settled(world.slack)
        assert told.arguments["text"] == "Stopped."
        assert world.slack.said == [told]


@dataclass
class Asking:
    slack: SlackApi
    client: AsyncWebClient
    clock: Clock
    emails: Emails

    async def of(self, user: str = ALICE, team: str = TEAM) -> str:
        return await self.emails.of(self.client, team, user)


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    async with running_slack() as slack:
        clock = Clock()
        client = web_client(BOT_TOKEN, base_url=slack.api_url)
        yield Asking(slack, client, clock, Emails(Outbox(clock=clock), clock))


@pytest.mark.parametrize(
    ("user", "email"),
    [
        (CONFIRMED, "alice@example.org"),
        ({**CONFIRMED, "is_email_confirmed": False}, ""),
        ({"profile": {"email": "alice@example.org"}}, ""),
        ({**CONFIRMED, "is_bot": True}, ""),
        ({**CONFIRMED, "is_restricted": True}, ""),
        ({**CONFIRMED, "is_ultra_restricted": True}, ""),
        ({**CONFIRMED, "is_stranger": True}, ""),
        ({**CONFIRMED, "deleted": True}, ""),
        ({**CONFIRMED, "profile": None}, ""),
        ({**CONFIRMED, "profile": {"email": 7}}, ""),
    ],
)
async def test_an_address_counts_where_the_workspace_vouches_for_it(asking: Asking, user: Json, email: str) -> None:
    asking.slack.users = {ALICE: user}
    assert await asking.of() == email


async def test_slack_is_asked_about_a_person_once_an_hour(asking: Asking) -> None:
    asking.slack.users = {ALICE: CONFIRMED}
    for _ in range(3):
        assert await asking.of() == "alice@example.org"
    assert len(asking.slack.called("users.info")) == 1
    assert await asking.of(BOB) == await asking.of(team="T02OTHER", user="U09") == ""
    asking.slack.users = {}
    asking.clock.seconds += 3_599
    assert await asking.of() == "alice@example.org"
    asking.clock.seconds += 2
    assert await asking.of() == ""


async def test_while_slack_refuses_there_is_no_address(asking: Asking) -> None:
    asking.slack.users = {ALICE: CONFIRMED}
    asking.slack.refusals["users.info"] = [web.json_response({"ok": False, "error": "missing_scope"})]
    assert await asking.of() == ""
    asking.clock.seconds += 31
    assert await asking.of() == "alice@example.org"


async def test_nobody_waits_long_for_an_address(asking: Asking) -> None:
    asking.slack.delays["users.info"] = 5
    assert await asking.of() == ""
