"""Writing a hello from the command line, to Slack and to Teams as they are set up."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.sql import open_database
from bot.members import Preferences
from bot.reaches import No, Reach
from deploy.cli import run
from deploy.prompting import say_hello
from deploy.settings import Settings
from knowledge.errors import PilotlightError
from tests.base import NOW
from tests.slack_api import TEAM, SlackApi, running_slack, settings_for
from tests.teams_connector import APP_ID, APP_PASSWORD, TENANT, StandIn, hangs_up, refused, running_stand_in

SLACK = Reach("example", "slack", "U01ALICE", {"team": TEAM, "user": "U01ALICE", "enterprise": ""})


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as running:
        yield running


@pytest.fixture
async def teams() -> AsyncIterator[StandIn]:
    async with running_stand_in(rsa.generate_private_key(public_exponent=65537, key_size=2048)) as stand_in:
        yield stand_in


@pytest.fixture
def settings(slack: SlackApi, teams: StandIn, tmp_path: Path) -> Settings:
    return settings_for(
        slack,
        tmp_path,
        teams_app_id=APP_ID,
        teams_app_password=APP_PASSWORD,
        teams_tenant_id=TENANT,
        teams_login_url=teams.service_url.removesuffix("/emea/"),
    )


def in_teams(teams: StandIn) -> Reach:
    address = {"tenant": TENANT, "service_url": teams.service_url, "conversation": "a:alice"}
    return Reach("example", "teams", "alice", {**address, "user": "29:alice", "bot": f"28:{APP_ID}"})


async def know(settings: Settings, *reaches: Reach, at: datetime = NOW) -> None:
    """All are accounts of U01ALICE, who speaks German."""
    async with open_database(settings.database) as database:
        for reach in reaches:
            await database.people.link("example", reach.account, "U01ALICE", NOW)
            await database.reaches.refresh(reach, at, is_personal=True)
        await database.members.keep_preferences("example", "U01ALICE", Preferences(language="de"))


async def closed(settings: Settings) -> list[tuple[str, No | None]]:
    async with open_database(settings.database) as database:
        return [(each.platform, each.closed_because) for each in await database.reaches.closed("example")]


async def test_it_arrives_in_slack_in_the_persons_language(settings: Settings, slack: SlackApi) -> None:
    await know(settings, SLACK)
    assert await say_hello(settings, "U01ALICE", "") == "U01ALICE was written to in Slack."
    (posted,) = slack.said
    assert posted.arguments["channel"] == "U01ALICE"
    assert "Guten Tag!" in posted.words


async def test_it_arrives_in_teams(settings: Settings, teams: StandIn) -> None:
    await know(settings, in_teams(teams))
    assert await say_hello(settings, "alice", "example") == "alice was written to in Teams."
    (heard,) = teams.heard
    assert heard.path.endswith("/a%3Aalice/activities")
    assert "Guten Tag!" in heard.body["summary"]


@pytest.mark.shows("opt_out", on="teams")
async def test_where_the_person_blocked_it_it_says_so_and_goes_elsewhere(
    settings: Settings, slack: SlackApi, teams: StandIn
) -> None:
    await know(settings, in_teams(teams))
    teams.answers = [refused(403, "MessageWritesBlocked")]
    with pytest.raises(PilotlightError, match=r"alice cannot be written to\.\n- Teams: they blocked Pilotlight"):
        await say_hello(settings, "alice", "")
    assert await closed(settings) == [("teams", No.BLOCKED)]
    await know(settings, SLACK, at=NOW - timedelta(days=1))
    told = await say_hello(settings, "alice", "")
    assert told.startswith("alice was written to in Slack.\n- Teams: they blocked Pilotlight")
    assert len(slack.said) == 1
    assert len(teams.heard) == 1


@pytest.mark.shows("opt_out", on="slack")
async def test_who_can_no_longer_be_written_to_in_slack_is_in_teams_and_slack_is_not_tried_again(
    settings: Settings, slack: SlackApi, teams: StandIn
) -> None:
    await know(settings, in_teams(teams), at=NOW - timedelta(days=1))
    await know(settings, SLACK)
    slack.refusals["chat.postMessage"].append(web.json_response({"ok": False, "error": "user_disabled"}))
    for _ in range(2):
        told = await say_hello(settings, "U01ALICE", "")
        assert told.startswith("U01ALICE was written to in Teams.\n- Slack: there is no such account")
        assert await closed(settings) == [("slack", No.GONE)]
    assert slack.said == []
    assert len(teams.heard) == 2


async def test_in_doubt_it_says_so(settings: Settings, teams: StandIn) -> None:
    await know(settings, in_teams(teams))
    teams.answers = [hangs_up]
    with pytest.raises(PilotlightError, match="Teams may have taken it, or not: ask alice"):
        await say_hello(settings, "alice", "")


async def test_what_is_wrong_with_the_bot_is_told_and_closes_nothing(settings: Settings, slack: SlackApi) -> None:
    await know(settings, SLACK)
    slack.refusals["chat.postMessage"].append(web.json_response({"ok": False, "error": "messages_tab_disabled"}))
    with pytest.raises(PilotlightError, match=r"nobody said no.*\n.*messages_tab_disabled"):
        await say_hello(settings, "U01ALICE", "")
    assert await closed(settings) == []


async def test_who_never_spoke_with_it_is_not_written_to(settings: Settings, slack: SlackApi) -> None:
    await know(settings, SLACK)
    with pytest.raises(PilotlightError, match="Nobody with the id U01ALICE has spoken with Pilotlight in another yet"):
        await say_hello(settings, "U01ALICE", "another")
    assert slack.said == []


def test_the_command_says_where_it_arrived(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["prompt", "U01ALICE"]) == 1
    assert "There is no platform to serve yet." in capsys.readouterr().err
    monkeypatch.setenv("PILOTLIGHT_SLACK_BOT_TOKEN", "xoxb-test")
    monkeypatch.setenv("PILOTLIGHT_SLACK_SIGNING_SECRET", "test-signing-secret")
    assert run(["prompt", "U01ALICE", "--community", "example"]) == 1
    assert "Nobody with the id U01ALICE has spoken with Pilotlight in example yet" in capsys.readouterr().err
