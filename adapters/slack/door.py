"""The way in from Slack: one bolt app with its installations, by HTTP or Socket Mode, opened and drained."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.app import Handle, SlackApp
from adapters.slack.installations import (
    INSTALL_PATH,
    REDIRECT_PATH,
    Installations,
    OAuthStates,
    OnInstalled,
    Transactions,
    community_of,
    install_flow,
)
from adapters.slack.outbox import Outbox, web_client
from adapters.slack.scopes import SCOPES
from adapters.slack.tokens import OneWorkspace, Workspaces
from knowledge.errors import PilotlightError

EVENTS_PATH = "/slack/events"
API_URL = "https://slack.com/api/"

_DRAIN_SECONDS = 20.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """What an administrator was given by Slack; secrets are never shown."""

    signing_secret: str = field(default="", repr=False)
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    api_url: str = API_URL
    public_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackHouse:
    """What the adapter needs of the house. `community` is that of the one workspace whose token is a setting."""

    handle: Handle
    community: str
    transactions: Transactions
    on_installed: OnInstalled
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    clock: Callable[[], float]


class SlackDoor:
    """An open door: its routes for the web server, and whether events can come in."""

    def __init__(self, bolt: AsyncApp, socket: AsyncSocketModeHandler | None) -> None:
        self._bolt = bolt
        self._socket = socket

    def routes(self) -> list[web.RouteDef]:
        routes = [web.post(EVENTS_PATH, self._take)]
        flow = self._bolt.oauth_flow
        if flow is not None:
            routes += [
                web.get(INSTALL_PATH, partial(_page, flow.handle_installation)),
                web.get(REDIRECT_PATH, partial(_page, flow.handle_callback)),
            ]
        return routes

    async def trouble(self) -> str:
        """Why no event can come in at the moment; "" where they can."""
        if self._socket is None or await self._socket.client.is_connected():
            return ""
        return "Slack's Socket Mode is not connected"

    async def _take(self, request: web.Request) -> web.Response:
        """Whatever comes, an answer that Slack understands, and never a fault of ours in it."""
        if self._socket is not None:
            return web.Response(status=404, text="This bot listens by Socket Mode.")
        try:
            bolt_request = await to_bolt_request(request)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return web.Response(status=400, text="This is no request of Slack.")
        try:
            return await to_aiohttp_response(await self._bolt.async_dispatch(bolt_request))
        except PilotlightError as error:
            # Slack comes again with what is answered so.
            _log.error("An event could not be taken: %s", error)
            return web.Response(status=503, text="Please try again in a minute.")
        except Exception:  # noqa: BLE001 - a strange payload must not be a fault
            _log.exception("An event could not be read")
            return web.Response(status=400, text="This cannot be read.")


@asynccontextmanager
async def open_slack(settings: SlackSettings, house: SlackHouse) -> AsyncIterator[SlackDoor]:
    """Raises PilotlightError where a setting is missing or Slack refuses one."""
    outbox = Outbox(clock=house.clock)
    client = web_client(None, base_url=settings.api_url)
    bolt: AsyncApp
    if settings.bot_token:
        one = OneWorkspace(token=settings.bot_token, client=client, now=house.now)
        bolt = AsyncApp(name="pilotlight", client=client, signing_secret=settings.signing_secret, authorize=one)  # type: ignore[arg-type]  # bolt takes its own kind too, and does not say so
        workspaces = None
    else:
        installations = Installations(
            client_id=settings.client_id, transactions=house.transactions, keys=settings.encryption_keys
        )
        workspaces = Workspaces(
            installations=installations,
            client=client,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            now=house.now,
        )
        flow = _install_flow(settings, house, installations)
        bolt = AsyncApp(
            name="pilotlight",
            client=client,
            signing_secret=settings.signing_secret,
            authorize=workspaces,  # type: ignore[arg-type]  # as above
            oauth_flow=flow,
        )
        workspaces.listen(bolt, house.on_installed)
    app = SlackApp(
        bolt,
        handle=house.handle,
        outbox=outbox,
        api_url=settings.api_url,
        community_of=(lambda _: house.community)
        if settings.bot_token
        else (lambda team: community_of(team, None, None)),
    )
    socket = None
    if settings.app_token:
        app_client = web_client(settings.app_token, base_url=settings.api_url)
        socket = AsyncSocketModeHandler(bolt, settings.app_token, logger=_log, web_client=app_client)
        await socket.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield SlackDoor(bolt, socket)
    finally:
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]
        left = await app.drain(_DRAIN_SECONDS) + await outbox.drain(_DRAIN_SECONDS)
        if left:
            _log.warning("%d replies were still under way when the time to stop was over", left)
        if workspaces is not None:
            await workspaces.finish()


def _install_flow(settings: SlackSettings, house: SlackHouse, installations: Installations) -> AsyncOAuthFlow:
    return install_flow(
        client=web_client(None, base_url=settings.api_url),
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes=tuple(SCOPES),
        installations=installations,
        states=OAuthStates(transactions=house.transactions, now=house.now),
        on_installed=house.on_installed,
        new_id=house.new_id,
        redirect_uri=f"{settings.public_url.rstrip('/')}{REDIRECT_PATH}" if settings.public_url else None,
        authorize_url=_authorize_url(settings.api_url),
    )


def _authorize_url(api_url: str) -> str | None:
    """Where the button "Add to Slack" leads; a stand-in for Slack has it where its API is."""
    if api_url == API_URL:
        return None
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize"


async def _page(answer: Callable[[AsyncBoltRequest], object], request: web.Request) -> web.Response:
    return await to_aiohttp_response(await answer(await to_bolt_request(request)))  # type: ignore[misc]
