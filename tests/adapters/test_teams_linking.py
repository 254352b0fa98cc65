"""One community over platforms, as Teams sees it: the addresses of people, by which their accounts are linked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql import open_database
from deploy.server import serving
from tests.slack_api import fill, running_slack, until
from tests.slack_api import mention as slack_mention
from tests.slack_api import sending_to as slack_sending_to
from tests.slack_api import settings_for as slack_settings_for
from tests.teams_api import (
    Listener,
    TeamsApi,
    mention,
    open_door,
    payload,
    running_teams,
    sending_to,
    settings_for,
    settled,
    told,
)
from tests.teams_connector import Json

# slack_sdk 3.47 with aiohttp 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

IN_SLACK, IN_TEAMS = "U01CAROL", "a0000000-0000-4000-8000-000000000003"
CAROL: Json = {"email": "carol@example.org", "userPrincipalName": "c.costa@example.org"}
SPOKEN = (
    "mention_in_channel",
    "message_in_personal",
    "action_execute_in_channel",
    "dialog_fetch",
    "command_in_personal",
)


@pytest.fixture
async def teams() -> AsyncIterator[TeamsApi]:
    async with running_teams() as running:
        yield running


@pytest.fixture
def listener() -> Listener:
    return Listener(reply=told("Here it is."))


async def _email_of(name: str, teams: TeamsApi, listener: Listener, *, links_by_email: bool = True) -> str:
    """With which they came to the bot."""
    async with open_door(teams, listener, links_by_email=links_by_email) as door:
        await door.send(payload(name, teams) | {"from": payload("mention_in_channel")["from"]})
        (event, *_) = await until(lambda: listener.events)
        await settled(teams, 0.05)
    return event.person.email


@pytest.mark.parametrize("name", SPOKEN)
async def test_who_speaks_with_the_bot_comes_with_their_address(name: str, teams: TeamsApi, listener: Listener) -> None:
    teams.people["29:1carol"] = CAROL
    assert await _email_of(name, teams, listener) == "carol@example.org"


@pytest.mark.parametrize("name", SPOKEN)
async def test_where_that_is_not_switched_on_they_have_none(name: str, teams: TeamsApi, listener: Listener) -> None:
    teams.people["29:1carol"] = CAROL
    assert await _email_of(name, teams, listener, links_by_email=False) == ""


async def test_a_guest_has_none(teams: TeamsApi, listener: Listener) -> None:
    teams.people["29:1carol"] = {**CAROL, "userRole": "guest"}
    assert await _email_of("mention_in_channel", teams, listener) == ""


@pytest.mark.shows("linked", on=("slack", "teams"))
@pytest.mark.parametrize("first", ["slack", "teams"])
@pytest.mark.parametrize("is_the_same", [True, False])
async def test_accounts_with_one_address_on_both_are_one_person(
    first: str,
    is_the_same: bool,  # noqa: FBT001 - drawn
    teams: TeamsApi,
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    await fill(url)
    teams.people["29:1carol"] = CAROL
    address = "Carol@Example.org" if is_the_same else "bob@example.org"
    async with running_slack() as slack, open_database(url) as database:
        slack.users[IN_SLACK] = {"is_email_confirmed": True, "profile": {"email": address}}
        of_slack = slack_settings_for(slack, tmp_path)
        both = settings_for(
            teams,
            tmp_path,
            database_url=url,
            slack_bot_token=of_slack.slack_bot_token,
            slack_signing_secret=of_slack.slack_signing_secret,
            slack_api_url=of_slack.slack_api_url,
            link_by_email=True,
        )
        async with (
            serving(both, "127.0.0.1", 0) as served,
            sending_to(served, teams) as in_teams,
            slack_sending_to(served) as in_slack,
        ):
            for platform in (first, "teams" if first == "slack" else "slack"):
                if platform == "slack":
                    await in_slack.event(slack_mention(user=IN_SLACK))
                    await until(lambda: slack.said)
                else:
                    await in_teams.send(mention(teams))
                    await until(lambda: teams.said)
        accounts = [IN_SLACK, IN_TEAMS] if first == "slack" else [IN_TEAMS, IN_SLACK]
        assert await database.people.accounts("example", accounts[1]) == (accounts if is_the_same else accounts[1:])
