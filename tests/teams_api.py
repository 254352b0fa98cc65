"""Teams as a server of ours meets it: signed requests at its door, and a Bot Connector that takes what it says.

It is told to be slow or to refuse. How a card looks and what a dialog shows it does not know: for that there is
`tests/end_to_end`.
"""

import asyncio
import copy
import functools
import io
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.teams.app import TeamsHouse
from adapters.teams.door import TeamsSettings, open_teams
from bot.answers import Found, GivenAnswer
from bot.events import Event
from bot.messages import Message, Reply, Text
from bot.people import Person
from bot.places import Place
from bot.ports import Progress
from deploy.server import serving
from deploy.settings import Settings
from tests.base import NOW
from tests.fakes import MemoryReaches
from tests.teams_connector import (
    APP_ID,
    APP_PASSWORD,
    TENANT,
    Behaviour,
    Heard,
    Json,
    StandIn,
    running,
    said,
)

PAYLOADS = Path(__file__).parent / "adapters" / "teams_payloads"
PATH = "/api/messages"
ELSEWHERE = "7e0a0000-0000-4000-8000-000000000002"
_PATIENCE = 30.0
_quiet_log = logging.getLogger(f"{__name__}.http")  # as the server has it
_quiet_log.setLevel(logging.CRITICAL)


class TeamsApi(StandIn):
    """Everybody whom it is asked about is at home, but for those in `people`. `refusals` are of what is written."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.people: dict[str, Json] = {}
        self.refusals: list[Behaviour] = []
        self.delay = 0.0
        self.under_way = 0

    @property
    def said(self) -> list[Heard]:
        """What people can read of it as messages."""
        return [each for each in self.heard if each.method in ("POST", "PUT") and _is_message(each.body)]

    @property
    def written(self) -> list[Heard]:
        return [each for each in self.heard if each.method != "GET"]

    def usual(self, heard: Heard) -> Behaviour:
        if heard.method == "GET" and heard.path.endswith("/pagedmembers"):
            return said({"members": [self._person("29:1alice"), *map(self._person, self.people)]})
        if heard.method == "GET":
            return said(self._person(unquote(heard.path.rpartition("/")[2])))
        if self.refusals:
            return self.refusals.pop(0)
        return self._slowly(said({"id": str(1_795_349_000_000 + len(self.heard))}, 201))

    def _person(self, user: str) -> Json:
        return {"id": user, "tenantId": TENANT, "userRole": "user", **self.people.get(user, {})}

    def _slowly(self, behave: Behaviour) -> Behaviour:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.under_way += 1
            try:
                await asyncio.sleep(self.delay)
            finally:
                self.under_way -= 1
            return await behave(request)

        return answer


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]
    seconds: float

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Sender:
    """What Teams sends to `address`, signed as it does."""

    address: str
    session: aiohttp.ClientSession
    teams: StandIn

    async def send(self, activity: object, *, token: str | None = None) -> Answer:
        return await self.raw(json.dumps(activity), {"Authorization": f"Bearer {token or self.token_for(activity)}"})

    def token_for(self, activity: object) -> str:
        named = activity.get("serviceUrl") if isinstance(activity, dict) else None
        return self.teams.token(serviceurl=named if isinstance(named, str) and named else self.teams.service_url)

    async def raw(self, body: str | bytes, headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> Answer:
        sent = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if "content-type" not in {name.lower() for name, _ in pairs}:
            pairs.append(("Content-Type", "application/json; charset=utf-8"))
        started = time.monotonic()
        async with self.session.post(f"{self.address}{PATH}", data=io.BytesIO(sent), headers=pairs) as answer:
            return Answer(answer.status, await answer.text(), dict(answer.headers), time.monotonic() - started)


@dataclass
class Listener:
    """In the bot's place: it keeps what it hears, and says `reply` once `may_answer`; a search has what it `found`."""

    reply: Reply | None = None
    events: list[Event] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    pieces: Sequence[str] = ()
    was_stopped: bool = False
    searched: list[Place] = field(default_factory=list)
    found: Found | None = None
    reaches: MemoryReaches = field(default_factory=MemoryReaches)
    answers: dict[str, GivenAnswer] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def handle(self, event: Event, progress: Progress | None = None) -> Reply | None:
        self.events.append(event)
        try:
            for piece in self.pieces:
                assert progress is not None
                await progress(piece)
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.was_stopped = True
            raise
        return self.reply

    async def find(self, text: str, person: Person, place: Place) -> Found | Reply:
        self.searched.append(place)
        await self.may_answer.wait()
        return self.found or told(f"Nothing for {len(text)} letters.")

    async def posted(self, answer_id: str, post: str) -> None: ...

    async def answer_posted_as(self, post: str, community: str) -> GivenAnswer | None:
        given = self.answers.get(post)
        return given if given and given.community == community else None


def told(text: str, **how: Any) -> Reply:
    return Reply(content=Message((Text(text),)), **how)


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def payload(name: str, teams: StandIn | None = None, **fields: object) -> Json:
    """One of those that were recorded, with answers to where `teams` listens."""
    read: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return {**read, **({"serviceUrl": teams.service_url} if teams else {}), **fields}


def mention(teams: StandIn, text: str = "who tried driverless shuttles?", post: str = "1795348802000") -> Json:
    body = payload("mention_in_channel", teams, id=post, text=f"<at>Pilotlight</at> {text}")
    body["conversation"]["id"] = f"19:projects@thread.tacv2;messageid={post}"
    return body


@asynccontextmanager
async def running_teams() -> AsyncIterator[TeamsApi]:
    async with running(TeamsApi, signing_key()) as teams:
        yield teams


@asynccontextmanager
async def open_door(
    teams: StandIn, listener: Listener, *, language: str = "en", links_by_email: bool = False, **more: Any
) -> AsyncIterator[Sender]:
    """The door alone, before a listener. On loopback, as the stand-in has no https; it signs all the same."""
    known = TeamsSettings(
        app_id=APP_ID,
        app_password=APP_PASSWORD,
        tenant_id=TENANT,
        tenants={TENANT: "example"},
        open_id_url=teams.identity.open_id_url,
        login_url=teams.identity.login_url,
        is_insecure=True,
    )
    house = TeamsHouse(
        handle=listener.handle,
        find=listener.find,
        posted=listener.posted,
        answer_posted_as=listener.answer_posted_as,
        reaches=listener.reaches,
        now=lambda: NOW,
        clock=listener.clock,
        language=language,
        links_by_email=links_by_email,
    )
    application = web.Application()
    runner = web.AppRunner(application, access_log=None, logger=_quiet_log)
    async with open_teams(replace(known, **more), house) as door:
        application.add_routes(door.routes())
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with sending_to(f"http://127.0.0.1:{runner.addresses[0][1]}", teams) as sender:
                yield sender
        finally:
            await runner.cleanup()


def settings_for(teams: StandIn, folder: Path, **more: Any) -> Settings:
    """Of one tenant, unless `more` says otherwise."""
    chosen: Json = {
        "teams_app_id": APP_ID,
        "teams_app_password": APP_PASSWORD,
        "teams_tenant_id": TENANT,
        "teams_open_id_url": teams.identity.open_id_url,
        "teams_login_url": teams.identity.login_url,
        "teams_insecure_dev": True,
    }
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings has it, mypy does not know
        data_dir=folder,
        community="example",
        **(chosen | more),
    )


@asynccontextmanager
async def running_server(teams: StandIn, folder: Path, **more: Any) -> AsyncIterator[Sender]:
    """The real server, and Teams that sends to it."""
    settings = settings_for(teams, folder, **more)
    async with serving(settings, "127.0.0.1", 0) as address, sending_to(address, teams) as sender:
        yield sender


@asynccontextmanager
async def sending_to(address: str, teams: StandIn) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as session:
        yield Sender(address, session, teams)


async def settled(teams: TeamsApi, seconds: float = 0.3) -> None:
    """Until nothing was asked for a while: for what must not be said."""
    count = -1
    while count != len(teams.heard) or teams.under_way:
        count = len(teams.heard)
        await asyncio.sleep(seconds)


def words(heard: Heard) -> str:
    """Everything that is in it."""
    return json.dumps(heard.body, ensure_ascii=False)


def _is_message(body: object) -> bool:
    return isinstance(body, dict) and body.get("type") == "message"


@dataclass(frozen=True, kw_only=True)
class Called:
    """One call at the connector; `what` is the activity, the person or the parameters."""

    name: str
    conversation: str = ""
    what: Any = None
    post: str = ""
    is_targeted: bool = False


class RecordingConnector:
    """Takes all that it is told, but for the `troubles` of a call, which are used up in order.

    Who is asked about is in `people`; `may_go` holds everything up while it is cleared.
    """

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self.troubles: dict[str, list[Exception]] = {}
        self.people: dict[str, Json] = {}
        self.ids: list[str] = []
        self.may_go = asyncio.Event()
        self.may_go.set()

    def named(self, name: str) -> list[Called]:
        return [each for each in self.calls if each.name == name]

    async def authenticate(self, activity: Json, authorization: str) -> None: ...

    async def send(self, service_url: str, conversation: str, activity: Json, *, is_targeted: bool = False) -> str:
        called = Called(name="send", conversation=conversation, what=copy.deepcopy(activity), is_targeted=is_targeted)
        await self._call(called)
        return self.ids.pop(0) if self.ids else f"post-{len(self.calls)}"

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Json, *, is_targeted: bool = False
    ) -> None:
        await self._call(
            Called(name="update", conversation=conversation, what=activity, post=activity_id, is_targeted=is_targeted)
        )

    async def delete(self, service_url: str, conversation: str, activity_id: str, *, is_targeted: bool = False) -> None:
        await self._call(Called(name="delete", conversation=conversation, post=activity_id))

    async def create(self, service_url: str, parameters: Json) -> tuple[str, str]:
        await self._call(Called(name="create", what=parameters))
        return "a:own", ""

    async def member(self, service_url: str, conversation: str, user: str) -> Json:
        await self._call(Called(name="member", conversation=conversation, what=user))
        return self.people[user]

    async def members(self, service_url: str, conversation: str) -> list[Json]:
        await self._call(Called(name="members", conversation=conversation))
        return list(self.people.values())

    async def team(self, service_url: str, team: str) -> Json:
        return {"id": team}

    async def channels(self, service_url: str, team: str) -> list[Json]:
        return [{"id": team}]

    async def close(self) -> None: ...

    async def _call(self, called: Called) -> None:
        self.calls.append(called)
        await self.may_go.wait()
        if troubles := self.troubles.get(called.name):
            raise troubles.pop(0)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
