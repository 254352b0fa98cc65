"""Installing in several workspaces, against a small server that plays Slack and on both databases."""

import asyncio
import base64
import itertools
import json
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from adapters.slack.encryption import Cipher, new_key
from adapters.slack.inbound import team_of
from adapters.slack.install_pages import install_flow
from adapters.slack.installations import Installations, OAuthStates
from adapters.slack.outbox import web_client
from adapters.slack.tokens import OneWorkspace, Workspaces
from adapters.sql import Database, open_database
from knowledge.errors import PilotlightError, UnavailableError

# slack_sdk 3.47 with aiohttp 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

HUSH = "hush"  # in everything that must not be seen
CLIENT_SECRET = f"{HUSH}-client"
SIGNING_SECRET = f"{HUSH}-signing"
TWELVE_HOURS = 12 * 60 * 60


class Clock:
    """It can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Slack:
    """oauth.v2.access and auth.test. A code is `<enterprise>.<team>.<user>`, with "" for what there is not."""

    url: str = ""
    rotates: bool = False
    lifetime: int = TWELVE_HOURS
    is_away: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    refreshing: dict[str, str] = field(default_factory=dict)  # refresh token -> what it was given for
    bots: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    delay: float = 0

    async def access(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.calls["refresh" if "refresh_token" in form else "access"] += 1
        await asyncio.sleep(self.delay)
        if self.is_away:
            return web.Response(status=503, text="<html>away</html>")
        credentials = base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
        if credentials != f"client:{CLIENT_SECRET}".encode():
            return web.json_response({"ok": False, "error": "bad_client_secret"})
        if "refresh_token" in form:
            whose = self.refreshing.pop(str(form["refresh_token"]), None)
            if whose is None:
                return web.json_response({"ok": False, "error": "invalid_refresh_token"})
            return web.json_response({"ok": True, "token_type": "bot", **self.token(whose)})
        code = str(form["code"])
        if code.count(".") != 2:
            return web.json_response({"ok": False, "error": "invalid_code"})
        enterprise, team, user = code.split(".")
        return web.json_response(
            {
                "ok": True,
                "app_id": "A1",
                "token_type": "bot",
                "scope": "chat:write,commands",
                "bot_user_id": f"UBOT{team or enterprise}",
                "team": {"id": team, "name": f"<b>{team}</b>"} if team else None,
                "enterprise": {"id": enterprise, "name": enterprise} if enterprise else None,
                "is_enterprise_install": not team,
                "authed_user": {"id": user},
                **self.token(f"{enterprise}.{team}"),
            }
        )

    def token(self, whose: str) -> dict[str, Any]:
        number = next(self.numbers)
        enterprise, team = whose.split(".")
        token = f"xoxb-{HUSH}-{team or enterprise}-{number}"
        self.bots[token] = {"team_id": team, "enterprise_id": enterprise, "user_id": f"UBOT{team or enterprise}"}
        if not self.rotates:
            return {"access_token": token}
        refresh = f"xoxe-{HUSH}-{number}"
        self.refreshing[refresh] = whose
        return {"access_token": token, "refresh_token": refresh, "expires_in": self.lifetime}

    async def auth_test(self, request: web.Request) -> web.Response:
        self.calls["auth.test"] += 1
        if self.is_away:
            return web.Response(status=503, text="away")
        bot = self.bots.get(request.headers["Authorization"].removeprefix("Bearer "))
        if bot is None:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response({"ok": True, "bot_id": "B1", "url": "https://acme.slack.com/", "team": "Acme", **bot})


@dataclass
class Switch:
    """A database that can go away, or answer late."""

    engine: Any
    is_away: bool = False
    is_closed_to_writing: bool = False
    delay: float = 0
    reads: int = 0

    def begin(self) -> AbstractAsyncContextManager[Any]:
        return self._reach(self.engine.begin, is_away=self.is_away or self.is_closed_to_writing)

    def connect(self) -> AbstractAsyncContextManager[Any]:
        self.reads += 1
        return self._reach(self.engine.connect, is_away=self.is_away)

    @asynccontextmanager
    async def _reach(
        self, open_it: Callable[[], AbstractAsyncContextManager[Any]], *, is_away: bool
    ) -> AsyncIterator[Any]:
        await asyncio.sleep(self.delay)
        if is_away:
            raise UnavailableError("The database does not answer.")
        async with open_it() as connection:
            yield connection


@dataclass
class World:
    """One replica with all it needs."""

    database: Database
    switch: Switch
    slack: Slack
    clock: Clock
    keys: list[str]
    store: Installations
    states: OAuthStates
    workspaces: Workspaces
    installed: list[tuple[str, str]] = field(default_factory=list)
    heard: list[tuple[str | None, str | None]] = field(default_factory=list)

    @property
    def client(self) -> AsyncWebClient:
        return web_client(None, base_url=self.slack.url)

    def replica(self) -> Workspaces:
        return Workspaces(
            installations=self.store,
            client=self.client,
            client_id="client",
            client_secret=CLIENT_SECRET,
            now=self.clock,
        )

    async def on_installed(self, team: str, user_id: str) -> None:
        self.installed.append((team, user_id))

    def flow(self, **changes: Any) -> AsyncOAuthFlow:
        arguments: dict[str, Any] = {
            "api_url": self.slack.url,
            "client_id": "client",
            "client_secret": CLIENT_SECRET,
            "scopes": ["chat:write", "commands"],
            "installations": self.store,
            "states": self.states,
            "on_installed": self.on_installed,
            "new_id": lambda: "0123456789abcdef",
            "authorize_url": f"{self.slack.url}authorize",
        }
        return install_flow(**{**arguments, **changes})

    def app(self, authorize: AsyncAuthorize | None = None, flow: AsyncOAuthFlow | None = None) -> AsyncApp:
        app = AsyncApp(
            name="test",
            signing_secret=SIGNING_SECRET,
            client=self.client,
            authorize=authorize or self.workspaces,  # type: ignore[arg-type]  # bolt takes its own class too
            oauth_flow=flow,
            process_before_response=True,
        )

        async def hear(context: AsyncBoltContext, client: AsyncWebClient) -> None:
            self.heard.append((context.team_id, client.token))

        app.event("app_mention")(hear)
        self.workspaces.listen(app, self.on_installed)
        return app

    async def install(self, team: str | None, enterprise: str | None = None, user: str = "UINSTALLER") -> str:
        """As the flow does, without its pages. The bot's token."""
        token = self.slack.token(f"{enterprise or ''}.{team or ''}")
        await self.store.async_save(
            Installation(
                app_id="A1",
                enterprise_id=enterprise,
                team_id=team,
                user_id=user,
                bot_token=token["access_token"],
                bot_id="B1",
                bot_user_id=f"UBOT{team or enterprise}",
                bot_scopes=["chat:write"],
                bot_refresh_token=token.get("refresh_token"),
                bot_token_expires_in=token.get("expires_in"),
                is_enterprise_install=team is None,
            )
        )
        return str(token["access_token"])

    async def token(self, team: str | None, enterprise: str | None = None, **which: Any) -> str | None:
        bot = await self.workspaces.find(enterprise_id=enterprise, team_id=team, **which)
        return bot.bot_token if bot else None

    async def rows(self) -> str:
        async with self.database.connections.reading() as connection:
            tables = [await connection.execute(text(f"SELECT * FROM {name}")) for name in TABLES]
            return "\n".join(str(row) for table in tables for row in table)


TABLES = ("slack_bots", "slack_installations")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/pilotlight.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    slack = Slack()
    server = web.Application()
    server.router.add_post("/api/oauth.v2.access", slack.access)
    server.router.add_post("/api/auth.test", slack.auth_test)
    async with TestServer(server, host="127.0.0.1") as running:
        slack.url = str(running.make_url("/api/"))
        yield slack


@pytest.fixture
async def world(url: str, slack: Slack) -> AsyncIterator[World]:
    async with open_database(url) as database:
        clock, keys = Clock(), [new_key()]
        switch = Switch(database.connections.turn_taking_engine)
        store = Installations(client_id="client", transactions=switch, keys=keys)
        workspaces = Workspaces(
            installations=store,
            client=web_client(None, base_url=slack.url),
            client_id="client",
            client_secret=CLIENT_SECRET,
            now=clock,
        )
        states = OAuthStates(transactions=switch, now=clock)
        yield World(database, switch, slack, clock, keys, store, states, workspaces)
        await workspaces.finish()


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    told = [caplog.handler.format(record) for phase in ("setup", "call") for record in caplog.get_records(phase)]
    assert HUSH not in "\n".join(told)


@asynccontextmanager
async def browsing(app: AsyncApp) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(TestServer(app.web_app(), host="127.0.0.1")) as client:
        yield client


@dataclass
class Begun:
    state: str
    cookie: str
    address: str


async def begin(browser: TestClient[web.Request, web.Application], path: str = "/slack/install") -> Begun:
    async with browser.get(path) as response:
        page = await response.text()
        assert response.status == 200
        found = re.search(r'href="([^"]+)"', page)
        assert found
        address = found[1].replace("&amp;", "&")
        state = parse_qs(urlsplit(address).query)["state"][0]
        return Begun(state, response.headers["Set-Cookie"].partition(";")[0], address)


async def finish(
    browser: TestClient[web.Request, web.Application], cookie: str = "", **query: str
) -> tuple[int, str, Any]:
    async with browser.get(
        f"/slack/oauth_redirect?{urlencode(query)}", headers={"Cookie": cookie} if cookie else {}
    ) as response:
        return response.status, await response.text(), response.headers


async def tell(browser: TestClient[web.Request, web.Application], body: dict[str, Any]) -> int:
    content = json.dumps({"type": "event_callback", "event_time": int(time.time()), "api_app_id": "A1"} | body)
    moment = str(int(time.time()))
    signature = SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=moment, body=content)
    headers = {
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": str(signature),
        "Content-Type": "application/json",
    }
    async with browser.post("/slack/events", data=content, headers=headers) as response:
        return response.status


def mention(team: str, enterprise: str | None = None, *, is_org_wide: bool = False) -> dict[str, Any]:
    authorization = {
        "enterprise_id": enterprise,
        "team_id": None if is_org_wide else team,
        "user_id": "UBOT",
        "is_bot": True,
        "is_enterprise_install": is_org_wide,
    }
    event = {"type": "app_mention", "user": "U1", "text": "hello", "channel": "C1", "ts": "1.1"}
    return {
        "team_id": team,
        "enterprise_id": enterprise,
        "context_team_id": team,
        "authorizations": [authorization],
        "event": event,
    }


# Installing


async def test_a_workspace_installs_and_its_events_are_answered_with_its_token(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        begun = await begin(browser)
        assert begun.address.startswith(f"{world.slack.url}authorize?")
        status, page, headers = await finish(browser, begun.cookie, code=".T1.U7", state=begun.state)
        assert (status, world.installed) == (200, [("T1", "U7")])
        assert "Pilotlight is installed" in page
        assert "&lt;b&gt;T1&lt;/b&gt;" in page
        assert "<b>" not in page
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "slack-app-oauth-state=deleted" in headers["Set-Cookie"]
        world.slack.calls.clear()
        assert await tell(browser, mention("T1")) == 200
        assert await tell(browser, mention("T1")) == 200
    assert world.heard == [("T1", f"xoxb-{HUSH}-T1-1")] * 2
    assert not world.slack.calls


async def test_the_button_asks_for_our_scopes_whatever_a_link_adds(world: World) -> None:
    flow = world.flow(redirect_uri="https://pilotlight.example/slack/oauth_redirect?a=b")
    async with browsing(world.app(flow=flow)) as browser:
        begun = await begin(browser, "/slack/install?team=T1%26scope%3Dadmin")
    query = parse_qs(urlsplit(begun.address).query)
    assert query["scope"] == ["chat:write,commands"]
    assert query["team"] == ["T1&scope=admin"]
    assert query["redirect_uri"] == ["https://pilotlight.example/slack/oauth_redirect?a=b"]


async def test_without_an_address_of_its_own_the_button_leads_to_slack(world: World) -> None:
    async with browsing(world.app(flow=world.flow(authorize_url=None))) as browser:
        assert (await begin(browser)).address.startswith("https://slack.com/oauth/v2/authorize?")


async def test_a_state_works_once_and_in_the_browser_where_it_was_given(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        begun = await begin(browser)
        forged = "slack-app-oauth-state=forged"
        for cookie, state in [("", begun.state), (forged, begun.state), (forged, "forged")]:
            status, page, _ = await finish(browser, cookie, code=".T1.U7", state=state)
            assert status == 400
            assert "no longer valid" in page
        assert (await finish(browser, begun.cookie, code=".T1.U7", state=begun.state))[0] == 200
        assert (await finish(browser, begun.cookie, code=".T1.U7", state=begun.state))[0] == 400
    assert world.slack.calls["access"] == 1
    assert len(world.installed) == 1


async def test_an_expired_state_is_refused_and_swept_away(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        begun = await begin(browser)
        world.clock.ahead = timedelta(minutes=11)
        assert (await finish(browser, begun.cookie, code=".T1.U7", state=begun.state))[0] == 400
        await world.states.async_issue()
    async with world.database.connections.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM slack_oauth_states")) == 1
    assert not world.installed


async def test_of_two_requests_with_one_state_at_one_moment_one_counts(world: World) -> None:
    for _ in range(5):
        state = await world.states.async_issue()
        assert sorted(await asyncio.gather(*(world.states.async_consume(state) for _ in range(4)))) == [
            False,
            False,
            False,
            True,
        ]


async def test_who_cancels_is_told_that_nothing_happened(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        status, page, _ = await finish(browser, error="access_denied", state="any")
    assert status == 200
    assert "Nothing was installed" in page
    assert not world.slack.calls


async def test_what_a_link_says_went_wrong_is_neither_shown_nor_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        status, page, _ = await finish(browser, error="<script>call 555</script>")
        assert (status, "555" in page) == (400, False)
        await finish(browser, error="invalid_team_for_non_distributed_app")
    told = [each.getMessage() for each in caplog.records if each.name == "adapters.slack.install_pages"]
    assert "no reason given" in told[0]
    assert "invalid_team_for_non_distributed_app. Reference 01234567" in told[1]
    assert "555" not in "".join(told)


@pytest.mark.parametrize(
    ("change", "code", "logged"),
    [
        ({}, "nonsense", "Slack refused oauth.v2.access with invalid_code"),
        ({"client_secret": "other"}, ".T1.U7", "Slack refused oauth.v2.access with bad_client_secret"),
    ],
)
async def test_where_slack_refuses_the_page_has_a_reference_and_the_log_the_reason(
    world: World, caplog: pytest.LogCaptureFixture, change: dict[str, Any], code: str, logged: str
) -> None:
    async with browsing(world.app(flow=world.flow(**change))) as browser:
        begun = await begin(browser)
        status, page, _ = await finish(browser, begun.cookie, code=code, state=begun.state)
    assert status == 503
    assert "reference: 01234567" in page
    told = [each.getMessage() for each in caplog.records if each.name == "adapters.slack.install_pages"]
    assert logged in told[0]
    assert told[0].endswith("Reference 01234567")


async def test_where_the_database_is_away_there_is_a_page_too(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        begun = await begin(browser)
        world.switch.is_away = True
        async with browser.get("/slack/install") as response:
            assert (response.status, "did not finish" in await response.text()) == (503, True)
        status, page, _ = await finish(browser, begun.cookie, code=".T1.U7", state=begun.state)
        assert (status, "did not finish" in page) == (503, True)


async def test_a_fault_of_ours_after_installing_is_a_page_and_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(community: str, user_id: str) -> None:
        raise RuntimeError("a fault")

    async with browsing(world.app(flow=world.flow(on_installed=fail))) as browser:
        begun = await begin(browser)
        status, _, _ = await finish(browser, begun.cookie, code=".T1.U7", state=begun.state)
    assert status == 503
    assert "RuntimeError: a fault" in caplog.text


# At rest


def bytes_of(folder: Path) -> bytes:
    """Of an SQLite database with its log; nothing where it is PostgreSQL."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_no_token_can_be_read_in_the_database(world: World, tmp_path: Path) -> None:
    world.slack.rotates = True
    await world.install("T1")
    whole = Installation(
        app_id="A1",
        team_id="T2",
        user_id="U2",
        bot_token=f"xoxb-{HUSH}",
        bot_id="B1",
        bot_user_id="UB",
        user_token=f"xoxp-{HUSH}" + "x" * 400,  # longer than slack_sdk's columns
        user_refresh_token=f"xoxe-{HUSH}",
        user_token_expires_in=60,
        incoming_webhook_url=f"https://hooks.slack.com/{HUSH}",
        is_enterprise_install=False,
    )
    await world.store.async_save(whole)
    assert HUSH not in await world.rows()
    assert HUSH.encode() not in bytes_of(tmp_path)
    found = await world.store.async_find_installation(enterprise_id=None, team_id="T2")
    assert found
    assert found.to_dict() == whole.to_dict()
    await world.store.async_save_bot(whole.to_bot())
    bot = await world.store.async_find_bot(enterprise_id=None, team_id="T2")
    assert bot
    assert bot.to_dict() == whole.to_bot().to_dict()


async def test_installing_again_replaces_what_was_there_even_under_a_lost_key(world: World) -> None:
    lost = Installations(client_id="client", transactions=world.switch, keys=[new_key()])
    good, world.store = world.store, lost
    await world.install("T1", user="U1")
    other = await world.install("T2", user="U1")
    world.store = good
    newest = await world.install("T1", user="U2")
    assert await world.token("T1") == newest
    found = await world.store.async_find_installation(enterprise_id=None, team_id="T1")
    assert found
    assert (found.user_id, found.bot_token) == ("U2", newest)
    assert await world.store.async_find_installation(enterprise_id=None, team_id="T1", user_id="U1") is None
    bot = await lost.find_bot_of_team("T2")
    assert bot
    assert bot.bot_token == other


async def test_an_event_whose_token_no_key_opens_is_told_in_the_log_and_to_be_sent_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.install("T1")
    strange = Installations(client_id="client", transactions=world.switch, keys=[new_key()])
    workspaces = Workspaces(
        installations=strange, client=world.client, client_id="client", client_secret=CLIENT_SECRET, now=world.clock
    )
    async with browsing(world.app(workspaces)) as browser:
        assert await tell(browser, mention("T1")) == 500
    assert "key that is not in PILOTLIGHT_ENCRYPTION_KEYS" in caplog.text


async def test_two_workspaces_never_get_each_others_token(world: World) -> None:
    first, second = await world.install("T1"), await world.install("T2")
    async with browsing(world.app()) as browser:
        await asyncio.gather(*(tell(browser, mention(team)) for team in ("T1", "T2", "T3") * 5))
    assert set(world.heard) == {("T1", first), ("T2", second)}
    assert await world.token("T3") is None


async def test_an_installation_for_an_organisation_answers_in_all_its_workspaces(world: World) -> None:
    async with browsing(world.app(flow=world.flow())) as browser:
        begun = await begin(browser)
        status, page, _ = await finish(browser, begun.cookie, code="E1..U7", state=begun.state)
        assert (status, "It is now in E1." in page, world.installed) == (200, True, [])
        await tell(browser, mention("T1", "E1", is_org_wide=True))
        await tell(browser, mention("T2", "E1"))
        await tell(browser, mention("T3", "E2"))
        granted = {"enterprise_id": "E1", "event": {"type": "team_access_granted", "team_ids": ["T1", "T2"]}}
        await tell(browser, granted)
    assert [token for _, token in world.heard] == [f"xoxb-{HUSH}-E1-1"] * 2
    assert world.installed == [("T1", "U7"), ("T2", "U7")]
    found = await world.store.async_find_bot(enterprise_id="E1", team_id="T9", is_enterprise_install=True)
    assert found
    assert found.team_id is None


async def test_a_workspace_that_joins_an_organisation_keeps_its_own_token(world: World) -> None:
    own, _ = await world.install("T1"), await world.install(None, "E1")
    assert await world.token("T1", "E1") == own


async def test_keys_are_changed_without_losing_a_token(world: World) -> None:
    tokens = {team: await world.install(team) for team in ("T1", "T2")}
    both = Installations(client_id="client", transactions=world.switch, keys=[new := new_key(), *world.keys])
    before = await world.rows()
    assert await both.encrypt_anew() == 4
    assert await world.rows() != before
    only_new = Installations(client_id="client", transactions=world.switch, keys=[new])
    for team, token in tokens.items():
        bot = await only_new.find_bot_of_team(team)
        assert bot
        assert bot.bot_token == token
    with pytest.raises(PilotlightError, match="key that is not in PILOTLIGHT_ENCRYPTION_KEYS"):
        await world.store.find_bot_of_team("T1")
    with pytest.raises(PilotlightError, match="key that is not in PILOTLIGHT_ENCRYPTION_KEYS"):
        await world.store.encrypt_anew()


@pytest.mark.parametrize("keys", [[], ["short"], [new_key(), "schlüssel"], [""]])
def test_without_good_keys_nothing_begins(keys: list[str]) -> None:
    with pytest.raises(PilotlightError, match=r"PILOTLIGHT_ENCRYPTION_KEYS .*`pilotlight keys new`"):
        Cipher(keys)


# Removing


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": ["U9"], "bot": ["UBOT"]}}]
)
async def test_a_workspace_that_removes_pilotlight_is_forgotten_at_once_and_no_other(
    world: World, event: dict[str, Any]
) -> None:
    await world.install("T1", "E1")
    other, whole = await world.install("T2", "E1"), await world.install(None, "E2")
    assert await world.token("T1", "E1")
    async with browsing(world.app()) as browser:
        assert await tell(browser, {"team_id": "T1", "enterprise_id": "E1", "event": event}) == 200
        await tell(browser, mention("T1", "E1"))
    assert not world.heard
    assert "'T1'" not in await world.rows()
    assert await world.token("T2", "E1") == other
    assert await world.token(None, "E2") == whole


async def test_an_organisation_that_removes_pilotlight_is_forgotten(world: World) -> None:
    await world.install(None, "E1")
    single = await world.install("T9", "E1")
    assert await world.token("T1", "E1", is_enterprise_install=True)
    async with browsing(world.app()) as browser:
        await tell(browser, {"enterprise_id": "E1", "event": {"type": "app_uninstalled"}})
    assert await world.token("T1", "E1", is_enterprise_install=True) is None
    assert await world.token("T9", "E1") == single


async def test_a_late_removal_does_not_undo_a_new_installation(world: World) -> None:
    token = await world.install("T1")
    removal = {"team_id": "T1", "event": {"type": "app_uninstalled"}, "event_time": int(time.time()) - 60}
    async with browsing(world.app()) as browser:
        await tell(browser, removal)
        await tell(browser, mention("T1"))
    assert world.heard == [("T1", token)]


async def test_a_persons_own_revoked_token_takes_nothing(world: World) -> None:
    token = await world.install("T1", user="U1")
    async with browsing(world.app()) as browser:
        await tell(browser, {"team_id": "T1", "event": {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}})
        await tell(browser, mention("T1"))
    assert world.heard == [("T1", token)]


async def test_the_stores_own_deletions(world: World) -> None:
    await world.install("T1")
    await world.store.async_delete_bot(enterprise_id=None, team_id="T1")
    assert await world.store.async_find_bot(enterprise_id=None, team_id="T1") is None
    assert await world.store.async_find_installation(enterprise_id=None, team_id="T1")
    await world.store.async_delete_installation(enterprise_id=None, team_id="T1")
    assert await world.store.async_find_installation(enterprise_id=None, team_id="T1") is None


# Finding


async def test_what_was_found_is_used_for_a_minute_and_longer_while_the_database_is_away(world: World) -> None:
    token = await world.install("T1")
    assert await world.token("T1") == token
    reads = world.switch.reads
    assert await world.token("T1") == token
    assert world.switch.reads == reads
    world.switch.is_away = True
    world.clock.ahead = timedelta(hours=5)
    async with browsing(world.app()) as browser:
        assert await tell(browser, mention("T1")) == 200
        assert await tell(browser, mention("T2")) == 500  # nobody knows: Slack is to ask again
    assert world.heard == [("T1", token)]
    world.switch.is_away = False
    newer = await world.install("T1")
    assert await world.token("T1") == token  # a database that was away is left in peace for some seconds
    world.clock.ahead += timedelta(seconds=11)
    assert await world.token("T1") == newer


async def test_a_slow_database_does_not_keep_an_event_waiting_that_is_known(world: World) -> None:
    token = await world.install("T1")
    assert await world.token("T1") == token
    newer = await world.install("T1")
    world.clock.ahead = timedelta(minutes=2)
    world.switch.delay = 2
    begun = time.monotonic()
    assert await world.token("T1") == token
    assert time.monotonic() - begun < 1.9
    await world.workspaces.finish()
    assert await world.token("T1") == newer


async def test_many_events_at_one_moment_ask_the_database_once(world: World) -> None:
    token = await world.install("T1")
    assert await asyncio.gather(*(world.token("T1") for _ in range(50))) == [token] * 50
    assert world.switch.reads == 1


async def test_who_stops_waiting_takes_nothing_from_the_others(world: World) -> None:
    token = await world.install("T1")
    world.switch.delay = 0.1
    impatient, patient = (asyncio.create_task(world.token("T1")) for _ in range(2))
    await asyncio.sleep(0.02)
    impatient.cancel()
    assert await patient == token


async def test_a_search_under_way_does_not_bring_back_what_is_removed(world: World) -> None:
    await world.install("T1")
    world.switch.delay = 0.1
    search = asyncio.create_task(world.token("T1"))
    await asyncio.sleep(0.05)
    world.workspaces.forget(enterprise_id=None, team_id="T1")
    await search
    await world.store.async_delete_all(enterprise_id=None, team_id="T1")
    assert await world.token("T1") is None


# Renewing


@pytest.fixture
def rotating(world: World) -> World:
    world.slack.rotates = True
    return world


async def expire(world: World, lifetime: int = 60 * 60) -> str:
    """A workspace whose token is due, as it lives for an hour more."""
    world.slack.lifetime = lifetime
    token = await world.install("T1")
    world.slack.lifetime = TWELVE_HOURS
    return token


async def test_a_token_is_renewed_two_hours_early_and_once(rotating: World) -> None:
    old = await expire(rotating)
    tokens = await asyncio.gather(*(rotating.token("T1") for _ in range(10)))
    assert set(tokens) == {f"xoxb-{HUSH}-T1-2"}
    assert old not in tokens
    assert rotating.slack.calls["refresh"] == 1
    assert HUSH not in await rotating.rows()
    bot = await rotating.store.find_bot_of_team("T1")
    assert bot
    assert (bot.bot_token, bot.bot_refresh_token) == (f"xoxb-{HUSH}-T1-2", f"xoxe-{HUSH}-2")
    whole = await rotating.store.async_find_installation(enterprise_id=None, team_id="T1")
    assert whole
    assert whole.to_bot().to_dict() == bot.to_dict()
    assert (bot.bot_token_expires_at or 0) > time.time() + TWELVE_HOURS - 60
    rotating.clock.ahead = timedelta(minutes=5)
    assert await rotating.token("T1") == f"xoxb-{HUSH}-T1-2"
    assert rotating.slack.calls["refresh"] == 1


async def test_a_token_that_lives_longer_is_left(rotating: World) -> None:
    token = await rotating.install("T1")
    assert await rotating.token("T1") == token
    assert not rotating.slack.calls


async def test_two_replicas_that_renew_at_one_moment_use_the_same_token(rotating: World) -> None:
    await expire(rotating)
    rotating.slack.delay = 0.3
    replicas = [rotating.workspaces, rotating.replica(), rotating.replica()]
    bots = await asyncio.gather(*(each.find(enterprise_id=None, team_id="T1") for each in replicas))
    assert {bot.bot_token for bot in bots if bot} == {f"xoxb-{HUSH}-T1-2"}
    assert len(bots) == 3
    assert rotating.slack.calls["refresh"] > 1  # all but one in vain


async def test_the_workspaces_of_an_organisation_renew_its_token_once(rotating: World) -> None:
    rotating.slack.lifetime = 60
    await rotating.install(None, "E1")
    rotating.slack.lifetime = TWELVE_HOURS
    tokens = await asyncio.gather(*(rotating.token(team, "E1") for team in ("T1", "T2", "T3")))
    assert set(tokens) == {f"xoxb-{HUSH}-E1-2"}
    assert rotating.slack.calls["refresh"] == 1


@pytest.mark.parametrize("trouble", ["away", "refused"])
async def test_while_slack_does_not_renew_the_token_is_used_until_it_expires(rotating: World, trouble: str) -> None:
    token = await expire(rotating)
    rotating.slack.is_away = trouble == "away"
    rotating.slack.refreshing.clear()
    assert await rotating.token("T1") == token
    rotating.clock.ahead = timedelta(hours=2)
    assert await rotating.token("T1") is None


async def test_where_nobody_listens_at_slacks_address_the_token_is_used_too(rotating: World) -> None:
    token = await expire(rotating)
    rotating.slack.url = "http://127.0.0.1:9/api/"
    bot = await rotating.replica().find(enterprise_id=None, team_id="T1")
    assert bot
    assert bot.bot_token == token


async def test_a_renewed_token_that_could_not_be_saved_is_saved_later(rotating: World) -> None:
    old = await expire(rotating)
    rotating.switch.is_closed_to_writing = True
    assert await rotating.token("T1") == f"xoxb-{HUSH}-T1-2"
    rotating.switch.is_closed_to_writing = False
    stored = await rotating.store.find_bot_of_team("T1")
    assert stored
    assert stored.bot_token == old
    rotating.clock.ahead = timedelta(minutes=2)
    assert await rotating.token("T1") == f"xoxb-{HUSH}-T1-2"
    stored = await rotating.store.find_bot_of_team("T1")
    assert stored
    assert stored.bot_token == f"xoxb-{HUSH}-T1-2"
    assert rotating.slack.calls["refresh"] == 1


async def test_a_removal_waits_for_a_renewal_under_way(rotating: World) -> None:
    await expire(rotating)
    rotating.slack.delay = 0.2
    async with browsing(rotating.app()) as browser:
        search = asyncio.create_task(rotating.token("T1"))
        await asyncio.sleep(0.1)
        await tell(browser, {"team_id": "T1", "event": {"type": "app_uninstalled"}})
        await search
    assert await rotating.rows() == ""
    assert await rotating.token("T1") is None


async def test_a_renewal_does_not_undo_a_removal_by_another_replica(rotating: World) -> None:
    await expire(rotating)
    other = await rotating.install("T2")
    rotating.slack.delay = 0.2
    search = asyncio.create_task(rotating.token("T1"))
    await asyncio.sleep(0.1)
    await rotating.store.async_delete_all(enterprise_id=None, team_id="T1")
    await search
    assert "'T1'" not in await rotating.rows()
    assert await rotating.token("T2") == other


async def test_what_could_not_be_saved_does_not_undo_a_new_installation(rotating: World) -> None:
    await expire(rotating)
    rotating.switch.is_closed_to_writing = True
    assert await rotating.token("T1") == f"xoxb-{HUSH}-T1-2"
    rotating.switch.is_closed_to_writing = False
    await expire(rotating)
    rotating.clock.ahead = timedelta(minutes=2)
    assert await rotating.token("T1") == f"xoxb-{HUSH}-T1-4"
    stored = await rotating.store.find_bot_of_team("T1")
    assert stored
    assert stored.bot_token == f"xoxb-{HUSH}-T1-4"


async def test_a_workspace_that_is_removed_before_its_turn_is_not_renewed(rotating: World) -> None:
    await expire(rotating)
    bot = await rotating.store.find_bot_of_team("T1")
    assert bot
    await rotating.store.async_delete_all(enterprise_id=None, team_id="T1")
    assert await rotating.workspaces._renewed(bot) is None
    assert not rotating.slack.calls


# One workspace


def one(world: World, token: str) -> OneWorkspace:
    return OneWorkspace(token=token, client=world.client, now=world.clock)


async def test_slack_is_asked_once_about_the_token_of_a_setting(world: World) -> None:
    token = world.slack.token(".T1")["access_token"]
    async with browsing(world.app(one(world, token))) as browser:
        await asyncio.gather(*(tell(browser, mention("T1")) for _ in range(5)))
        assert await tell(browser, mention("T2")) == 200
    assert world.heard == [("T1", token)] * 5
    assert world.slack.calls["auth.test"] == 1


async def test_while_slack_is_away_the_token_of_a_setting_is_tried_again(world: World) -> None:
    token = world.slack.token("E1.T1")["access_token"]
    workspace = one(world, token)
    world.slack.is_away = True
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await workspace.find(enterprise_id=None, team_id="T1")
    assert world.slack.calls["auth.test"] == 1
    world.slack.is_away = False
    world.clock.ahead = timedelta(seconds=11)
    bot = await workspace.find(enterprise_id="E1", team_id="T1")
    assert isinstance(bot, Bot)
    # Another workspace of its organisation is another community.
    assert await workspace.find(enterprise_id="E1", team_id="T2") is None
    assert (bot.bot_token, bot.bot_user_id) == (token, "UBOTT1")


async def test_a_setting_that_is_no_token_is_named(world: World) -> None:
    with pytest.raises(PilotlightError, match=r"PILOTLIGHT_SLACK_BOT_TOKEN \(invalid_auth\)") as caught:
        await one(world, f"xoxb-{HUSH}-wrong").bot()
    assert not isinstance(caught.value, UnavailableError)
    assert HUSH not in str(caught.value)


def test_the_workspace_of_an_event_is_found_where_bolt_has_none() -> None:
    assert team_of(mention("T1"), "T1") == "T1"
    assert team_of(mention("T1", "E1", is_org_wide=True), None) == "T1"
    assert team_of({"team": None, "user": {"id": "U1", "team_id": "T2"}}, None) == "T2"
    assert team_of({"team_id": "E1", "user": "U1"}, None) is None
