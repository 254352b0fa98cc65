"""A small stand-in of Slack: its Web API, which records what it is called with, and requests signed as Slack's are.

It is told to be slow or to refuse. What a workspace looks like and what a modal shows it does not know: for that there
is `tests/end_to_end`.
"""

import asyncio
import base64
import hashlib
import hmac
import io
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.oauth.installation_store import Installation

from adapters.slack.installations import Installations
from adapters.sql import open_database
from deploy.server import serving
from deploy.settings import Settings
from knowledge.ports import Author
from tests.base import NOW, sample_pilots

SIGNING_SECRET = "test-signing-secret"
BOT_TOKEN = "xoxb-test"
APP_TOKEN = "xapp-test"
CLIENT_SECRET = "test-client-secret"
TEAM = "T01TEST"
BOT_USER = "U0BOT"
PAYLOADS = Path(__file__).parent / "adapters" / "slack_payloads"
SAID = frozenset({"chat.postMessage", "chat.postEphemeral", "chat.update", "response_url"})
_PATIENCE = 30.0

Json = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Call:
    """`token` is that of the workspace that was spoken for; a response_url has none."""

    method: str
    token: str
    arguments: Json

    @property
    def words(self) -> str:
        """Everything that is in it."""
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass
class SlackApi:
    """`bots` are the workspaces by their tokens; `delays` are in seconds, and `refusals` used up in order."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    bots: dict[str, Json] = field(default_factory=lambda: {BOT_TOKEN: {"team_id": TEAM, "user_id": BOT_USER}})
    delays: dict[str, float] = field(default_factory=dict)
    refusals: defaultdict[str, list[web.Response]] = field(default_factory=lambda: defaultdict(list))
    channels: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    history_has_more: bool = False
    under_way: int = 0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)  # what was acknowledged over a socket
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def said(self) -> list[Call]:
        """What people can read of it as messages."""
        return [call for call in self.calls if call.method in SAID]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.under_way += 1
        try:
            await asyncio.sleep(self.delays.get(method, 0))
        finally:
            self.under_way -= 1
        if self.refusals[method]:
            return self.refusals[method].pop(0)
        self.calls.append(Call(method, token, arguments))
        if method == "oauth.v2.access":
            return web.json_response(self._bought(arguments, token))
        if method == "apps.connections.open" and token == APP_TOKEN:
            return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws')}/socket"})
        if token not in self.bots:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response({"ok": True, **self._told(method, token, arguments)})

    async def respond(self, request: web.Request) -> web.Response:
        self.calls.append(Call("response_url", "", {"response_url": str(request.url), **await request.json()}))
        return web.Response(text="ok")

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        """A connection of Socket Mode."""
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        self.sockets.append(connection)
        await connection.send_json({"type": "hello", "num_connections": 1})
        async for message in connection:
            if message.type is aiohttp.WSMsgType.TEXT and message.data.startswith("{"):
                self.taken.append(message.json()["envelope_id"])
        self.sockets.remove(connection)
        return connection

    def _told(self, method: str, token: str, arguments: Json) -> Json:
        match method:
            case "auth.test":
                return {"bot_id": "B0BOT", "team": "Example", **self.bots[token]}
            case "conversations.info":
                channel = str(arguments.get("channel"))
                return {"channel": {"id": channel, "is_ext_shared": False, **self.channels.get(channel, {})}}
            case "conversations.history":
                return {"messages": self._history(arguments), "has_more": self.history_has_more}
            case "users.info":
                user = str(arguments.get("user"))
                return {"user": {"id": user, "is_bot": False, **self.users.get(user, {})}}
            case "views.publish" | "views.open" | "views.push" | "views.update":
                return {"view": {"id": "V1", "hash": str(next(self.numbers))}}
        return {"ts": f"1795348900.{next(self.numbers):06}", "channel": arguments.get("channel")}

    def _history(self, arguments: Json) -> list[Json]:
        """What was posted there, all of it, with the metadata where that is asked for."""
        there = [call for call in self.called("chat.postMessage") if call.arguments["channel"] == arguments["channel"]]
        posted = [{"type": "message", "text": call.arguments.get("text", ""), **_metadata(call)} for call in there]
        return posted if arguments.get("include_all_metadata") in (True, "true", "1") else []

    def _bought(self, arguments: Json, credentials: str) -> Json:
        """A code is `<organisation>.<workspace>.<person>`, the first two empty where there is none."""
        if base64.b64decode(credentials.removeprefix("Basic ")) != f"1.1:{CLIENT_SECRET}".encode():
            return {"ok": False, "error": "bad_client_secret"}
        enterprise, team, user = str(arguments.get("code")).split(".")
        token = f"xoxb-{enterprise}-{team}-{next(self.numbers)}"
        self.bots[token] = {"team_id": team or None, "user_id": f"UBOT{team or enterprise}"}
        return {
            "ok": True,
            "app_id": "A01APP",
            "token_type": "bot",
            "scope": "chat:write,commands",
            "access_token": token,
            "bot_user_id": f"UBOT{team or enterprise}",
            "team": {"id": team, "name": team} if team else None,
            "enterprise": {"id": enterprise, "name": enterprise} if enterprise else None,
            "is_enterprise_install": not team,
            "authed_user": {"id": user},
        }


def _metadata(call: Call) -> Json:
    return {"metadata": call.arguments["metadata"]} if "metadata" in call.arguments else {}


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    seconds: float


@dataclass(frozen=True)
class Sender:
    """What Slack sends to `address`, signed with `secret`."""

    address: str
    session: aiohttp.ClientSession
    secret: str = SIGNING_SECRET

    async def event(self, body: object, **headers: str) -> Answer:
        return await self.raw(json.dumps(body), "application/json", **headers)

    async def command(self, form: Mapping[str, str], **headers: str) -> Answer:
        return await self.raw(urlencode(form), "application/x-www-form-urlencoded", **headers)

    async def interaction(self, payload: object, **headers: str) -> Answer:
        return await self.command({"payload": json.dumps(payload)}, **headers)

    async def raw(self, body: str | bytes, content_type: str = "application/json", **headers: str) -> Answer:
        sent = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {"Content-Type": content_type, **signature(sent, self.secret), **named}
        started = time.monotonic()
        async with self.session.post(
            f"{self.address}/slack/events", data=io.BytesIO(sent), headers=all_headers
        ) as answer:
            return Answer(answer.status, await answer.text(), time.monotonic() - started)


def signature(body: bytes, secret: str = SIGNING_SECRET, *, age: int = 0) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    digest = hmac.new(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def payload(name: str) -> Json:
    """One of those that were recorded."""
    read: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def mention(text: str = "who tried driverless shuttles?", ts: str = "1795348800.000001", **more: str) -> Json:
    body = payload("app_mention")
    body["event"] |= {"text": f"<@{BOT_USER}> {text}", "ts": ts, "event_ts": ts, **more}
    return body


def settings_for(slack: SlackApi, folder: Path, **more: str) -> Settings:
    """Of one workspace, unless `more` says otherwise."""
    chosen: Json = {
        "slack_bot_token": BOT_TOKEN,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_api_url": slack.api_url,
    }
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings has it, mypy does not know
        data_dir=folder,
        community="example",
        **(chosen | more),
    )


@asynccontextmanager
async def running_slack() -> AsyncIterator[SlackApi]:
    slack = SlackApi()
    application = web.Application(client_max_size=2**24)
    application.router.add_route("*", "/api/{method}", slack.answer)
    application.router.add_post("/response/{id}", slack.respond)
    application.router.add_get("/socket", slack.listen)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield slack
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_server(slack: SlackApi, folder: Path, **more: str) -> AsyncIterator[Sender]:
    """The real server, and Slack that sends to it."""
    async with serving(settings_for(slack, folder, **more), "127.0.0.1", 0) as address, sending_to(address) as sender:
        yield sender


@asynccontextmanager
async def sending_to(address: str) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as session:
        yield Sender(address, session)


async def fill(database_url: str) -> None:
    """The sample pilots, into a new database."""
    async with open_database(database_url) as database:
        await database.pilots.save(sample_pilots(), Author("test"), NOW)


async def until(look: Callable[[], _T], seconds: float = _PATIENCE) -> _T:
    """What it sees, once that is something."""

    async def see() -> _T:
        return look()

    return await eventually(see, seconds)


async def eventually(look: Callable[[], Awaitable[_T]], seconds: float = _PATIENCE) -> _T:
    async with asyncio.timeout(seconds):
        while True:
            if seen := await look():
                return seen
            await asyncio.sleep(0.02)


async def settled(slack: SlackApi, seconds: float = 0.3) -> None:
    """Until nothing was said for a while: for what must not be said."""
    count = -1
    while count != len(slack.calls) or slack.under_way:
        count = len(slack.calls)
        await asyncio.sleep(seconds)


async def _arguments(request: web.Request) -> Json:
    sent: Json = dict(request.query)
    if request.content_type == "application/json":
        sent |= await request.json()
    else:
        sent |= await request.post()
    return sent


def many_workspaces(key: str) -> dict[str, str]:
    """The settings with which workspaces install Pilotlight themselves."""
    return {
        "slack_bot_token": "",
        "slack_client_id": "1.1",
        "slack_client_secret": CLIENT_SECRET,
        "encryption_keys": key,
    }


async def install(slack: SlackApi, database_url: str, key: str, team: str, *, enterprise: str = "") -> str:
    """Pilotlight in a workspace, or in a whole organisation where `team` is empty; its token."""
    token = f"xoxb-{enterprise}-{team}-{next(slack.numbers)}"
    slack.bots[token] = {"team_id": team or None, "user_id": BOT_USER}
    async with open_database(database_url) as database:
        store = Installations(client_id="1.1", transactions=database.connections.turn_taking_engine, keys=[key])
        await store.async_save(
            Installation(
                app_id="A01APP",
                user_id="U01ALICE",
                enterprise_id=enterprise or None,
                team_id=team or None,
                is_enterprise_install=not team,
                bot_token=token,
                bot_id="B0BOT",
                bot_user_id=BOT_USER,
                installed_at=1.0,
            )
        )
    return token
