"""The server: the platforms' doors behind one web server, the clock, and a stop that loses nothing."""

import asyncio
import json
import logging
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from adapters.slack.door import SlackHouse, SlackSettings, open_slack
from adapters.teams.app import TeamsHouse
from adapters.teams.door import TeamsSettings, open_teams
from bot.members import Role
from bot.ports import Correspondent
from deploy.settings import Settings, variable
from deploy.sweeps import sweeps
from deploy.wiring import House, new_id, now, open_house
from jobs import clock
from knowledge import questions
from knowledge.errors import PilotlightError

FOLLOW_EVERY = timedelta(seconds=1)
READY_SECONDS = 3.0

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_log = logging.getLogger(__name__)
# What strangers send that is no HTTP would fill the log, and push out what matters.
_quiet_log = logging.getLogger(f"{__name__}.http")
_quiet_log.setLevel(logging.CRITICAL)


class Door(Protocol):
    """A platform's way in, and its way to people and rooms where nobody just wrote."""

    @property
    def prompter(self) -> Correspondent: ...

    def routes(self) -> list[web.RouteDef]: ...

    async def trouble(self) -> str:
        """Why no event can come in at the moment; "" where they can."""
        ...


async def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal says stop. Raises PilotlightError where nothing can be served."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopping.set)
    async with serving(settings, host, port) as address:
        print(f"Pilotlight listens on {address}. Ctrl-C stops it.", flush=True)
        await stopping.wait()
        print("Stopping: what is under way is finished first.", flush=True)


@asynccontextmanager
async def serving(settings: Settings, host: str, port: int) -> AsyncIterator[str]:
    """A server that is up inside the block; its address."""
    settings.require_platform()
    if settings.teams_insecure_dev and host not in _LOOPBACK:
        raise PilotlightError(
            f"With {variable('teams_insecure_dev')} nobody is asked who they are, so it listens on this machine alone: "
            "leave --host out."
        )
    async with AsyncExitStack() as open_parts:
        house = await open_parts.enter_async_context(open_house(settings))
        await asyncio.to_thread(_warm_up)
        await open_parts.enter_async_context(clock.running({house.search.refresh: FOLLOW_EVERY}))
        doors: dict[str, Door] = {}
        if settings.has_slack:
            slack = open_slack(slack_settings(settings), _slack_house(house, settings))
            doors["slack"] = await open_parts.enter_async_context(slack)
        if settings.has_teams:
            teams = open_teams(teams_settings(settings), _teams_house(house, settings))
            doors["teams"] = await open_parts.enter_async_context(teams)
        prompters = {name: door.prompter for name, door in doors.items()}
        swept = sweeps(house, prompters, settings)
        await open_parts.enter_async_context(clock.running(swept.by_the_clock(), waits=False))
        open_parts.callback(swept.drain)
        runner = web.AppRunner(_application(house, doors), access_log=None, logger=_quiet_log)
        await runner.setup()
        # First in the order of leaving: nothing new comes in while the rest is finished.
        open_parts.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise PilotlightError(
                f"Port {port} of {host} cannot be listened on ({error.strerror}): name another with --port."
            ) from None
        yield site.name if port else f"http://{host}:{runner.addresses[0][1]}"


def _warm_up() -> None:
    """What tells questions from talk is compiled at its first use, which would hold up whoever asks first."""
    questions.is_asking("Has anyone here tried it?")
    questions.is_follow_up("What about in Norway?")


def slack_settings(settings: Settings) -> SlackSettings:
    """Slack's part of the settings."""
    return SlackSettings(
        signing_secret=settings.slack_signing_secret,
        bot_token=settings.slack_bot_token,
        app_token=settings.slack_app_token,
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        encryption_keys=settings.keys,
        api_url=settings.slack_api_url,
        public_url=settings.public_url,
    )


def _slack_house(house: House, settings: Settings) -> SlackHouse:
    async def appoint(community: str, person: str) -> None:
        named = await house.database.people.person(community, person)
        await house.database.members.appoint(community, named, Role.ADMINISTRATOR, if_first=True)

    return SlackHouse(
        handle=house.bot.handle,
        community=settings.community,
        transactions=house.database.connections.turn_taking_engine,
        reaches=house.database.reaches,
        on_installed=appoint,
        now=now,
        new_id=new_id,
        clock=time.monotonic,
        community_names=settings.community_names,
        language=settings.language,
        links_by_email=settings.link_by_email,
    )


def teams_settings(settings: Settings) -> TeamsSettings:
    """Teams' part of the settings."""
    names = settings.community_names
    at_home = {settings.teams_tenant_id: settings.community}
    communities = {each: names.get(each) or at_home.get(each) or f"teams-{each}" for each in settings.tenants}
    is_playground = settings.teams_insecure_dev and not settings.teams_app_id
    return TeamsSettings(
        app_id=settings.teams_app_id,
        app_password=settings.teams_app_password,
        tenant_id=settings.teams_tenant_id,
        tenants=communities | ({"": settings.community} if is_playground else {}),
        open_id_url=settings.teams_open_id_url,
        login_url=settings.teams_login_url,
        is_insecure=settings.teams_insecure_dev,
    )


def _teams_house(house: House, settings: Settings) -> TeamsHouse:
    answers = house.database.answers
    return TeamsHouse(
        handle=house.bot.handle,
        find=house.bot.find,
        posted=answers.note_post,
        answer_posted_as=answers.answer_posted_as,
        reaches=house.database.reaches,
        now=now,
        clock=time.monotonic,
        language=settings.language,
        guests_are_members=settings.teams_guests == "members",
        links_by_email=settings.link_by_email,
    )


def _application(house: House, doors: Mapping[str, Door]) -> web.Application:
    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        troubles = await _troubles(house, doors)
        status = 503 if any(troubles.values()) else 200
        return web.Response(status=status, content_type="application/json", text=json.dumps(troubles))

    application = web.Application()
    application.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    for door in doors.values():
        application.add_routes(door.routes())
    return application


async def _troubles(house: House, doors: Mapping[str, Door]) -> Mapping[str, str]:
    """By part, why it cannot serve; "" where it can. Open to everybody, so it says no more than that."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await house.database.pilots.identity()
            database = ""
    except (PilotlightError, TimeoutError):
        database = "The database does not answer."
    return {"database": database} | {name: await door.trouble() for name, door in doors.items()}
