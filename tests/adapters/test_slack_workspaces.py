"""Several workspaces at one server: each its own community, with its own token and its own pilots."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.slack.encryption import new_key
from adapters.sql import Database, open_database
from bot.members import Role
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.base import NOW, sample_pilots
from tests.slack_api import (
    BOT_USER,
    Call,
    Json,
    Sender,
    SlackApi,
    eventually,
    fill,
    install,
    many_workspaces,
    mention,
    payload,
    running_server,
    running_slack,
    settled,
    until,
)

# slack_sdk 3.47 with aiohttp 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

ONE, OTHER = "T01ONE", "T02OTHER"
ALICE = "U01ALICE"
SECRET = "Moles that dig the cable trench"  # of ONE alone


@dataclass
class House:
    """A server, two workspaces and their tokens; `secret` is the id of the pilot that only the first may see."""

    slack: SlackApi
    sender: Sender
    database: Database
    key: str
    url: str
    tokens: dict[str, str]
    secret: str
    moments: int = 0

    def moment(self) -> str:
        self.moments += 1
        return f"1795348800.{self.moments:06}"

    async def says(self, team: str, text: str, **more: str) -> Call:
        """What a person is answered in their direct messages with the bot."""
        body = in_team(
            mention(text, self.moment(), type="message", channel_type="im", channel=f"D{team}", **more), team
        )
        return await self._answered(self.sender.event(body))

    async def commands(self, team: str, text: str, channel: str = "C01GENERAL") -> Call:
        form = {
            **payload("slash_command"),
            "team_id": team,
            "channel_id": channel,
            "text": text,
            "trigger_id": self.moment(),
            "response_url": f"{self.slack.url}/response/{team}",
        }
        return await self._answered(self.sender.command(form))

    async def presses(self, team: str, value: str, channel: str = "C01GENERAL") -> Call:
        body = in_team(payload("block_actions_in_ephemeral"), team)
        body |= {"trigger_id": self.moment(), "response_url": f"{self.slack.url}/response/{team}"}
        body["channel"]["id"] = body["container"]["channel_id"] = channel
        body["actions"][0] |= {"value": value}
        return await self._answered(self.sender.interaction(body))

    async def submits(self, team: str, metadata: str, values: dict[str, str]) -> str:
        body = in_team(payload("view_submission"), team)
        state = {
            f"field {name}": {"value": {"type": "plain_text_input", "value": text}} for name, text in values.items()
        }
        body["view"] |= {"private_metadata": metadata, "state": {"values": state}}
        answer = await self.sender.interaction(body)
        assert answer.status == 200
        return answer.text

    async def home(self, team: str, person: str) -> Call:
        body = in_team(payload("app_home_opened_home"), team)
        body["event"] |= {"user": person}
        return await self._answered(self.sender.event(body), "views.publish")

    async def _answered(self, sending: object, *methods: str) -> Call:
        before = len(self.slack.calls)
        answer = await sending  # type: ignore[misc]  # what a sender gives back
        assert answer.status == 200

        def look() -> list[Call]:
            wanted = methods or ("chat.postMessage", "chat.postEphemeral", "chat.update", "response_url")
            return [call for call in self.slack.calls[before:] if call.method in wanted]

        (call,) = await until(look)
        return call


def in_team(body: Json, team: str) -> Json:
    """The same of another workspace."""
    body = dict(body)
    if "authorizations" in body:
        body["authorizations"] = [{**body["authorizations"][0], "team_id": team}]
    if isinstance(body.get("team"), dict):
        body["team"] = {**body["team"], "id": team}
        body["user"] = {**body["user"], "team_id": team}
    else:
        body["team_id"] = team
    return body


@asynccontextmanager
async def running_house(slack: SlackApi, folder: Path, url: str) -> AsyncIterator[House]:
    key = new_key()
    await fill(url)
    slack.bots = {}
    tokens = {team: await install(slack, url, key, team) for team in (ONE, OTHER)}
    async with open_database(url) as database:
        secret = replace(
            sample_pilots()[0],
            provenance=replace(sample_pilots()[0].provenance, source_id="secret"),
            title=SECRET,
            summary="Moles dig the trench for the glass fibre cable of the town.",
            visibility=Visibility(audience=Audience.COMMUNITY, community=f"slack-{ONE}"),
        )
        await database.pilots.save([secret], Author("test"), NOW)
        more = many_workspaces(key) | {"database_url": url}
        async with running_server(slack, folder, **more) as sender:
            yield House(slack, sender, database, key, url, tokens, secret.id)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    async with running_slack() as slack, running_house(slack, tmp_path, database_url) as running:
        yield running


async def test_each_workspace_is_answered_with_its_own_token(house: House) -> None:
    said = await asyncio.gather(*(house.sender.event(in_team(mention(), team)) for team in (ONE, OTHER)))
    assert {answer.status for answer in said} == {200}
    calls = await until(lambda: house.slack.said if len(house.slack.said) == 2 else [])
    # The same moment in the same channel id, and yet two messages.
    assert {call.token for call in calls} == set(house.tokens.values())
    for team in (ONE, OTHER):
        assert (await house.says(team, "driverless shuttles?")).token == house.tokens[team]
        assert (await house.home(team, ALICE)).token == house.tokens[team]
    assert {call.token for call in house.slack.calls if call.method != "response_url"} == set(house.tokens.values())


@pytest.mark.shows("apart")
async def test_what_a_community_told_itself_no_other_finds(house: House) -> None:
    question = "who let moles dig a cable trench?"
    assert SECRET in (await house.says(ONE, question)).words
    assert SECRET not in (await house.says(OTHER, question)).words
    assert SECRET in (await house.commands(ONE, f"find {question}")).words
    assert SECRET not in (await house.commands(OTHER, f"find {question}")).words
    for named in (house.secret, SECRET):
        assert SECRET in (await house.commands(ONE, f"show {named}")).words
        other = await house.commands(OTHER, f"show {named}")
        assert "I know no pilot called" in other.words
        assert "glass fibre" not in other.words
    assert "glass fibre" in (await house.presses(ONE, f"show {house.secret}")).words
    assert "glass fibre" not in (await house.presses(OTHER, f"show {house.secret}")).words
    assert SECRET not in (await house.home(OTHER, ALICE)).words


async def test_an_answer_of_one_workspace_is_neither_shared_nor_rated_in_the_other(house: House) -> None:
    given = await house.commands(ONE, "find who let moles dig a cable trench?", channel="C07ONE")
    assert SECRET in given.words
    found = re.search(r'"share ([^"]+)"', given.words)
    assert found
    answer_id = found[1]
    refused = await house.presses(OTHER, f"share {answer_id}")
    assert "earlier version" in refused.words
    for word in ("good", "bad"):
        assert "earlier version" in (await house.presses(OTHER, f"{word} {answer_id}")).words
    metadata = f'{{"form": "feedback", "context": "{answer_id}", "channel": "C07ONE", "thread": ""}}'
    assert "earlier version" in await house.submits(OTHER, metadata, {"reason": "mine now"})
    assert await house.database.answers.ratings() == []
    await settled(house.slack)
    by_other = [call for call in house.slack.calls if call.token == house.tokens[OTHER]]
    assert not [call for call in by_other if SECRET in call.words or call.arguments.get("channel") == "C07ONE"]
    # At home it works.
    assert "earlier version" not in (await house.presses(ONE, f"good {answer_id}")).words
    assert len(await house.database.answers.ratings(f"slack-{ONE}")) == 1


async def test_a_form_that_names_the_others_channel_tells_its_own_community(house: House) -> None:
    metadata = '{"form": "tell", "context": "", "channel": "C07ONE", "thread": "1795348800.000001"}'
    values = {"title": "Sheep that mow the dike", "summary": "Sheep mow it.", "stage": "pilot", "is_own": "yes"}
    answer = await house.submits(OTHER, metadata, values)
    assert "Sheep that mow the dike" in answer
    await settled(house.slack)
    told = [pilot async for pilot in house.database.pilots.all() if pilot.title.startswith("Sheep")]
    assert [pilot.visibility.community for pilot in told] == [f"slack-{OTHER}"]
    assert not [call for call in house.slack.calls if call.token == house.tokens[ONE]]
    assert not [call for call in house.slack.calls if call.arguments.get("channel") == "C07ONE"]
    own = await house.home(OTHER, ALICE)
    assert "Sheep that mow the dike" in own.words
    assert "Sheep" not in (await house.home(ONE, ALICE)).words


async def test_the_same_person_id_in_two_workspaces_is_two_people(house: House) -> None:
    await house.database.members.appoint(f"slack-{ONE}", ALICE, Role.ADMINISTRATOR)
    assert "only moderators" not in (await house.commands(ONE, "channel open")).words.lower()
    member = await house.database.members.member(f"slack-{OTHER}", ALICE)
    assert member.role is not Role.ADMINISTRATOR
    question = "who bred dragons for the fire brigade of Atlantis?"
    await house.says(ONE, question)
    assert "Atlantis" in (await house.home(ONE, ALICE)).words
    assert "Atlantis" not in (await house.home(OTHER, ALICE)).words


@pytest.mark.shows("removed")
async def test_an_uninstallation_takes_its_own_token_and_a_new_installation_works(house: House) -> None:
    body = in_team(payload("app_uninstalled"), ONE) | {"event_time": 2}
    assert (await house.sender.event(body)).status == 200

    async def is_gone() -> bool:
        return "not installed in this workspace" in (await house.commands(ONE, "help")).words

    await eventually(is_gone)
    await settled(house.slack)
    before = len(house.slack.calls)
    assert (await house.sender.event(in_team(mention(ts=house.moment()), ONE))).status == 200
    await settled(house.slack)
    assert [call for call in house.slack.calls[before:] if call.token] == []
    assert (await house.says(OTHER, "driverless shuttles?")).token == house.tokens[OTHER]
    again = await install(house.slack, house.url, house.key, ONE)
    assert (await house.says(ONE, "who let moles dig a cable trench?")).token == again


async def test_who_installs_first_looks_after_their_own_community_only(house: House) -> None:
    for code, community, person, role in [
        (".T03NEW.U03FIRST", "slack-T03NEW", "U03FIRST", Role.ADMINISTRATOR),
        (".T03NEW.U03SECOND", "slack-T03NEW", "U03SECOND", Role.MEMBER),
        (".T04NEW.U03SECOND", "slack-T04NEW", "U03SECOND", Role.ADMINISTRATOR),
    ]:
        assert await install_by_pages(house, code) == 200
        assert (await house.database.members.member(community, person)).role is role
    for community, person in (("slack-T04NEW", "U03FIRST"), (f"slack-{ONE}", "U03FIRST")):
        assert (await house.database.members.member(community, person)).role is Role.MEMBER
    # The newest token is used, and the new workspace sees no more than the public.
    bought = [token for token, bot in house.slack.bots.items() if bot["team_id"] == "T03NEW"]
    answered = await house.says("T03NEW", "who let moles dig a cable trench?")
    assert answered.token == bought[-1]
    assert SECRET not in answered.words


async def test_a_page_of_an_installation_that_nobody_began_installs_nothing(house: House) -> None:
    url = f"{house.sender.address}/slack/oauth_redirect?code=.T05.U1&state=made-up"
    async with house.sender.session.get(url) as answer:
        assert answer.status == 400
    assert house.slack.called("oauth.v2.access") == []


async def test_two_workspaces_of_one_organisation_are_two_communities(house: House) -> None:
    token = await install(house.slack, house.url, house.key, "", enterprise="E01ORG")
    for team, person in (("T11ORG", "W1"), ("T12ORG", "W2")):
        body = in_team(payload("app_mention_org_install"), team)
        body["event"] |= {"ts": house.moment(), "user": person}
        before = len(house.slack.said)
        assert (await house.sender.event(body)).status == 200
        said = await until(lambda before=before: house.slack.said[before:])  # type: ignore[misc]  # mypy knows no such lambda
        assert said[0].token == token
        metadata = '{"form": "tell", "context": "", "channel": "", "thread": ""}'
        form = in_team(payload("view_submission"), team)
        form |= {"is_enterprise_install": True, "enterprise": {"id": "E01ORG"}}
        values = {"title": f"Geese of {team}", "summary": "Geese guard the prison.", "stage": "pilot"}
        state = {
            f"field {name}": {"value": {"type": "plain_text_input", "value": text}} for name, text in values.items()
        }
        form["view"] |= {"private_metadata": metadata, "state": {"values": state}}
        assert (await house.sender.interaction(form)).status == 200
    told = {pilot.title: pilot.visibility async for pilot in house.database.pilots.all() if "Geese" in pilot.title}
    assert {title: each.community for title, each in told.items()} == {
        "Geese of T11ORG": "slack-T11ORG",
        "Geese of T12ORG": "slack-T12ORG",
    }


async def test_a_stranger_in_a_shared_channel_sees_what_everybody_may(house: House) -> None:
    question = f"<@{BOT_USER}> who let moles dig a cable trench?"
    body = in_team(payload("app_mention_slack_connect"), ONE)
    body["event"] |= {"text": question, "ts": house.moment(), "blocks": []}
    assert (await house.sender.event(body)).status == 200
    (said,) = await until(lambda: house.slack.said)
    assert said.token == house.tokens[ONE]
    assert SECRET not in said.words
    # Nor does a member of the community there, since strangers read along.
    house.slack.channels["C09SHARED"] = {"is_ext_shared": True}
    member = in_team(mention(question, house.moment(), channel="C09SHARED"), ONE)
    assert (await house.sender.event(member)).status == 200
    await until(lambda: len(house.slack.said) == 2)
    assert SECRET not in house.slack.said[-1].words
    unshared = in_team(mention(question, house.moment(), channel="C10OWN"), ONE)
    assert (await house.sender.event(unshared)).status == 200
    await until(lambda: len(house.slack.said) == 3)
    assert SECRET in house.slack.said[-1].words


async def install_by_pages(house: House, code: str) -> int:
    """As a person does it in a browser; the status of the last page."""
    async with house.sender.session.get(f"{house.sender.address}/slack/install") as page:
        cookie = page.cookies["slack-app-oauth-state"].value
        text = (await page.text()).replace("&amp;", "&")
    link = re.search(r'href="([^"]+authorize[^"]+)"', text)
    assert link
    state = parse_qs(urlsplit(link[1]).query)["state"][0]
    back = f"{house.sender.address}/slack/oauth_redirect"
    # The cookie is for https only, so it is handed over by hand.
    headers = {"Cookie": f"slack-app-oauth-state={cookie}"}
    async with house.sender.session.get(back, params={"code": code, "state": state}, headers=headers) as page:
        return page.status
