"""The way in from Teams: who signs, of which tenant, and where answers go, before a word of it is read."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.teams import invokes
from adapters.teams.app import TeamsApp, TeamsHouse
from adapters.teams.cards import Json
from adapters.teams.connector import LOGIN_URL, OPEN_ID_URL, BotbuilderConnector, NotAuthenticatedError
from adapters.teams.inbound import Tenant
from adapters.teams.outbox import Outbox
from adapters.teams.prompter import TeamsPrompter
from knowledge.errors import PilotlightError, UnavailableError

MESSAGES_PATH = "/api/messages"

_PATIENCE_SECONDS = 9.0
_DRAIN_SECONDS = 20.0
_PROMPT_SECONDS = 60.0  # whoever tries it waits for it
_SECONDS_BETWEEN_LINES = 60.0
# Where Teams takes answers; under the first address anybody may rent a neighbouring name, under the others Microsoft.
_HOSTS = frozenset({"smba.trafficmanager.net"})
_DOMAINS = (".teams.microsoft.com", ".teams.microsoft.us", ".botframework.com")
_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
# Nothing in it that two programs could read differently: one checks the address, and another one writes to it.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[\w.~-]*)*)",
    re.ASCII | re.IGNORECASE,
)
_ADDRESS_LIMIT = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsSettings:
    """What an administrator was given by Microsoft; secrets are never shown.

    `tenants` are those that are answered, by id, each with its community. With `is_insecure` and no app id nobody is
    asked who they are, and the tenant "" stands for every one.
    """

    app_id: str = ""
    app_password: str = field(default="", repr=False)
    tenant_id: str = ""
    tenants: Mapping[str, str] = field(default_factory=dict)
    open_id_url: str = OPEN_ID_URL
    login_url: str = LOGIN_URL
    is_insecure: bool = False


class _Seldom:
    """The first line of its kind at once, and then one a minute at most, which says how many it stands for.

    Anybody can be turned away a thousand times a second, and would push out of the log what matters.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kinds: dict[str, tuple[float, int]] = {}

    def log(self, level: int, kind: str, error: Exception) -> None:
        now = self._clock()
        may_at, unsaid = self._kinds.get(kind, (now, 0))
        if now < may_at:
            self._kinds[kind] = may_at, unsaid + 1
            return
        self._kinds[kind] = now + _SECONDS_BETWEEN_LINES, 0
        _log.log(level, "%s: %s%s", kind, error, f" (and {unsaid:,} more before)" if unsaid else "")


class TeamsDoor:
    """An open door: its routes for the web server, and whether events can come in.

    `prompter` writes to people first, through the outbox that answers go through.
    """

    def __init__(
        self,
        settings: TeamsSettings,
        connector: BotbuilderConnector,
        app: TeamsApp,
        prompter: TeamsPrompter,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._seldom = _Seldom(clock)
        self._connector = connector
        self._app = app
        self.prompter = prompter

    def routes(self) -> list[web.RouteDef]:
        return [web.post(MESSAGES_PATH, self._take)]

    async def trouble(self) -> str:
        """Why no event can come in at the moment; "" where they can."""
        return ""

    async def _take(self, request: web.Request) -> web.Response:
        """Whatever comes, an answer that Teams understands, and never a fault of ours in it."""
        if not self._settings.app_id and _is_from_elsewhere(request):
            return web.Response(status=403, text="Without an app id this answers its own machine alone.")
        activity = await _read(request)
        try:
            await self._connector.authenticate(activity, request.headers.get("Authorization", ""))
        except NotAuthenticatedError as error:
            self._seldom.log(logging.WARNING, "Somebody was turned away who is not Teams", error)
            return web.Response(status=401, text="This is no request of Teams.")
        except UnavailableError as error:
            self._seldom.log(logging.ERROR, "Nobody can say whether this is Teams", error)
            return web.Response(status=503, headers={"Retry-After": "5"})
        tenant = self._tenant(activity)
        if tenant is None:
            _log.warning("Somebody of a tenant wrote that is not allowed")
            return web.Response(status=403, text="This tenant is not allowed here.")
        if not self._is_address(activity.get("serviceUrl")):
            _log.warning("An activity names a service URL that is none of Teams")
            return web.Response(status=403, text="This is no address of Teams.")
        return _response(await self._answer(activity, tenant))

    async def _answer(self, activity: Json, tenant: Tenant) -> Json:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._app.take(activity, tenant)
        except TimeoutError:
            _log.error("What Teams sent could not be taken in time")
        except PilotlightError as error:
            _log.error("What Teams sent could not be taken: %s", error)
        except Exception as error:  # noqa: BLE001 - Teams would send again what we stumble over
            _log.error("What Teams sent could not be read", exc_info=error)
        return invokes.nothing(str(activity.get("name")))

    def _tenant(self, activity: Json) -> Tenant | None:
        """Where it was said, as Teams tells it; None of a tenant that is not answered."""
        in_channel = _object(_object(activity, "channelData"), "tenant").get("id")
        told = (_object(activity, "conversation").get("tenantId"), in_channel)
        named = next((each.lower() for each in told if isinstance(each, str) and each), "")
        if self._settings.is_insecure and not self._settings.app_id:
            return Tenant(
                id=named, bot="", community=self._settings.tenants.get(named) or self._settings.tenants.get("", "")
            )
        community = self._settings.tenants.get(named) if named else None
        return Tenant(id=named, bot=f"28:{self._settings.app_id}", community=community) if community else None

    def _is_address(self, url: object) -> bool:
        told = _ADDRESS.fullmatch(url) if isinstance(url, str) and len(url) <= _ADDRESS_LIMIT else None
        if told is None:
            return False
        scheme, host, port, path = told["scheme"].lower(), told["host"].lower(), told["port"], told["path"]
        if {".", ".."} & set(path.split("/")):
            return False
        if self._settings.is_insecure and host in _LOOPBACK:
            return True
        is_known = host in _HOSTS or host.endswith(_DOMAINS)
        return is_known and scheme == "https" and port in (None, "443")


@asynccontextmanager
async def open_teams(settings: TeamsSettings, house: TeamsHouse) -> AsyncIterator[TeamsDoor]:
    """Nothing is asked of Teams before somebody speaks."""
    connector = connector_of(settings, house.clock)
    outbox = Outbox(connector, clock=house.clock)
    app = TeamsApp(house, outbox)
    prompter = TeamsPrompter(outbox, guests_are_members=house.guests_are_members)
    try:
        yield TeamsDoor(settings, connector, app, prompter, house.clock)
    finally:
        left = await app.drain(_DRAIN_SECONDS) + await outbox.drain(_DRAIN_SECONDS)
        if left:
            _log.warning("%d replies were still under way when the time to stop was over", left)
        await connector.close()


@asynccontextmanager
async def open_prompter(settings: TeamsSettings, *, clock: Callable[[], float]) -> AsyncIterator[TeamsPrompter]:
    """For a program that only writes; a door has its own."""
    connector = connector_of(settings, clock)
    try:
        yield TeamsPrompter(Outbox(connector, clock=clock, patience=_PROMPT_SECONDS))
    finally:
        await connector.close()


def connector_of(settings: TeamsSettings, clock: Callable[[], float]) -> BotbuilderConnector:
    return BotbuilderConnector(
        settings.app_id,
        settings.app_password,
        settings.tenant_id,
        clock=clock,
        open_id_url=settings.open_id_url,
        login_url=settings.login_url,
    )


async def _read(request: web.Request) -> Json:
    """{} of what is no activity: nobody signs that."""
    # Anything else a page in somebody's browser may send to their own machine, and the playground's bot is there.
    if request.content_type != "application/json":
        return {}
    try:
        activity = json.loads(await request.read())
    except web.HTTPException:
        raise
    except Exception:  # noqa: BLE001 - nobody has signed for it: no word of it, and no line in the log
        return {}
    return activity if isinstance(activity, dict) else {}


def _is_from_elsewhere(request: web.Request) -> bool:
    """Whether a proxy passed it on: what is asked for no token listens to this machine, and the proxy is on it."""
    is_passed_on = any(name.lower().startswith(("forwarded", "x-forwarded")) for name in request.headers)
    return is_passed_on or not _OWN_HOST.fullmatch(request.host)


def _response(answer: Json) -> web.Response:
    return web.json_response(answer) if answer else web.Response(status=200)


def _object(mapping: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = mapping.get(name)
    return value if isinstance(value, Mapping) else {}
