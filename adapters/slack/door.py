"""The way in from Slack: one bolt app with its installations, by HTTP or Socket Mode, opened and drained."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.reach_notes import ReachNotes
from adapters.slack.app import SlackApp
from adapters.slack.emails import Emails
from adapters.slack.install_pages import INSTALL_PATH, REDIRECT_PATH, install_flow
from adapters.slack.installations import Installations, OAuthStates, OnInstalled, Transactions, community_of
from adapters.slack.outbox import AWAY, Outbox, code_of, web_client
from adapters.slack.prompter import SlackPrompter
from adapters.slack.scopes import scopes
from adapters.slack.tokens import OneWorkspace, Workspaces
from bot.ports import Handle, Reaches
from bot.voice import ENGLISH
from knowledge.errors import PilotlightError, UnavailableError

EVENTS_PATH = "/slack/events"
API_URL = "https://slack.com/api/"

_NOT_INSTALLED = (
    "Pilotlight is not installed in this workspace any more. Whoever looks after its apps can install it again."
)
_UNREACHABLE = "I cannot reach what I know at the moment, and nothing was done. Please try again in a minute."
_PATIENCE_SECONDS = 2.8  # Slack waits for three
_DRAIN_SECONDS = 20.0
_PROMPT_SECONDS = 60.0  # whoever waits at a terminal
_log = logging.getLogger(__name__)


class _WithoutDetails(logging.Filter):
    """slack_sdk tells of an error with the address of the connection, which holds its ticket, or with the message."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = re.split(r"\W*\(?(?:error|message|body)\b", record.getMessage(), maxsplit=1)[0], ()
        return True


_socket_log = logging.getLogger(f"{__name__}.socket")
_socket_log.addFilter(_WithoutDetails())


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
    """What the adapter needs of the house. `community` is that of the one workspace whose token is a setting.

    `community_names` are those that were named for a workspace, by its id in small letters, and win over all others.
    `on_installed` is given the community, and the id of the person who installed.
    """

    handle: Handle
    community: str
    transactions: Transactions
    reaches: Reaches
    on_installed: Callable[[str, str], Awaitable[None]]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    clock: Callable[[], float]
    community_names: Mapping[str, str] = field(default_factory=dict)
    language: str = ENGLISH
    links_by_email: bool = False


class SlackDoor:
    """An open door: its routes for the web server, and whether events can come in.

    `prompter` writes to people first, through the outbox that answers go through.
    """

    def __init__(
        self,
        bolt: AsyncApp,
        one: OneWorkspace | None,
        socket: AsyncSocketModeHandler | None,
        signing_secret: str,
        prompter: SlackPrompter,
    ) -> None:
        self.prompter = prompter
        self._bolt = bolt
        self._one = one
        self._socket = socket
        self._signing_secret = signing_secret  # empty with Socket Mode, which needs none

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
        if self._one is not None and not self._one.is_known:
            return "Slack has not confirmed the token of the bot yet."
        if self._socket is None or await self._socket.client.is_connected():
            return ""
        return "Slack's Socket Mode is not connected."

    async def _take(self, request: web.Request) -> web.Response:
        """Whatever comes, an answer that Slack understands, and never a fault of ours in it."""
        if self._socket is not None:
            return web.Response(status=404, text="This bot listens by Socket Mode.")
        try:
            body = (await request.read()).decode()
        except web.HTTPException:
            raise
        except Exception:  # noqa: BLE001 - nobody has signed for it: no word of it, and no line in the log
            return _unreadable()
        # bolt would read it first, and log it where it is none of Slack's.
        if not self._is_signed(body, request):
            return web.Response(status=401, text="This is no request of Slack.")
        try:
            bolt_request = await to_bolt_request(request)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return _unreadable()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await to_aiohttp_response(await self._bolt.async_dispatch(bolt_request))
        except TimeoutError:
            _log.error("What Slack sent could not be taken in time")
            return web.Response(status=503)
        except Exception as error:  # noqa: BLE001 - where bolt stumbles it stumbles again over what it would tell
            _log.error("What Slack sent could not be read", exc_info=error)
            return _unreadable()

    def _is_signed(self, body: str, request: web.Request) -> bool:
        timestamp, signature = (
            request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature")
        )
        try:
            return SignatureVerifier(self._signing_secret).is_valid(body, timestamp, signature)
        except (ValueError, TypeError, OverflowError):
            return False


@asynccontextmanager
async def open_slack(settings: SlackSettings, house: SlackHouse) -> AsyncIterator[SlackDoor]:
    """Raises PilotlightError where a setting is missing or Slack refuses one."""
    outbox = Outbox(clock=house.clock)
    client = web_client(None, base_url=settings.api_url)
    bots = _bots(settings, house.transactions, client, house.now)
    named = partial(_community_of, settings, house)
    if isinstance(bots, OneWorkspace):
        with suppress(UnavailableError):  # then it is asked again at the first event
            await bots.bot()
        bolt = _bolt(settings, client, authorize=bots)
    else:

        async def installed(team: str, person: str) -> None:
            await house.on_installed(named(team), person)

        flow = _install_flow(settings, house, bots.installations, installed)
        bolt = _bolt(settings, client, authorize=bots, oauth_flow=flow)
        bots.listen(bolt, installed)
    bolt.error(_answer_to)
    notes = ReachNotes(house.reaches, house.now)
    app = SlackApp(
        bolt,
        handle=house.handle,
        outbox=outbox,
        notes=notes,
        clock=house.clock,
        community_of=named,
        language=house.language,
        emails=Emails(outbox, house.clock) if house.links_by_email else None,
    )
    socket = None
    if settings.app_token:
        app_client = web_client(settings.app_token, base_url=settings.api_url)
        socket = AsyncSocketModeHandler(bolt, settings.app_token, logger=_socket_log, web_client=app_client)
        await _connect(socket)
    try:
        prompter = SlackPrompter(outbox, bots.find, settings.api_url)
        one = bots if isinstance(bots, OneWorkspace) else None
        yield SlackDoor(bolt, one, socket, settings.signing_secret, prompter)
    finally:
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]
        left = await app.drain(_DRAIN_SECONDS) + await outbox.drain(_DRAIN_SECONDS)
        await notes.drain(_DRAIN_SECONDS)
        if left:
            _log.warning("%d replies were still under way when the time to stop was over", left)
        if isinstance(bots, Workspaces):
            await bots.finish()


@asynccontextmanager
async def open_prompter(
    settings: SlackSettings, transactions: Transactions, *, now: Callable[[], datetime], clock: Callable[[], float]
) -> AsyncIterator[SlackPrompter]:
    """For a program that only writes; a door has its own. Nothing is asked of Slack before somebody is written to."""
    bots = _bots(settings, transactions, web_client(None, base_url=settings.api_url), now)
    try:
        yield SlackPrompter(Outbox(clock=clock, patience=_PROMPT_SECONDS), bots.find, settings.api_url)
    finally:
        if isinstance(bots, Workspaces):
            await bots.finish()


def _community_of(settings: SlackSettings, house: SlackHouse, team: str) -> str:
    own = house.community if settings.bot_token else community_of(team)
    return house.community_names.get(team.lower(), own)


def _bots(
    settings: SlackSettings, transactions: Transactions, client: AsyncWebClient, now: Callable[[], datetime]
) -> OneWorkspace | Workspaces:
    """Where the tokens of the bot are found."""
    if settings.bot_token:
        return OneWorkspace(token=settings.bot_token, client=client, now=now)
    return Workspaces(
        installations=Installations(
            client_id=settings.client_id, transactions=transactions, keys=settings.encryption_keys
        ),
        client=client,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        now=now,
    )


def _bolt(settings: SlackSettings, client: AsyncWebClient, **authorization: Any) -> AsyncApp:
    return AsyncApp(
        name="pilotlight",
        client=client,
        signing_secret=settings.signing_secret,
        raise_error_for_unhandled_request=True,
        user_facing_authorize_error_message=_NOT_INSTALLED,
        **authorization,
    )


async def _connect(socket: AsyncSocketModeHandler) -> None:
    """slack_sdk would try for ever, also with a token that is none; asked first, Slack says so."""
    try:
        socket.client.wss_uri = await socket.client.issue_new_wss_url()
    except AWAY as error:
        await socket.close_async()  # type: ignore[no-untyped-call]
        if isinstance(error, SlackApiError):
            raise PilotlightError(
                f"Slack does not accept PILOTLIGHT_SLACK_APP_TOKEN ({code_of(error)}): make an app-level token "
                "with the scope connections:write on the app's page at Slack."
            ) from None
        raise PilotlightError(
            f"Slack's Socket Mode cannot be reached ({type(error).__name__}): start again when Slack can be."
        ) from None
    await socket.connect_async()  # type: ignore[no-untyped-call]


async def _answer_to(error: Exception, body: Mapping[str, Any], response: BoltResponse | None) -> BoltResponse | None:
    """What Slack is told where bolt has no answer, or none but 404 and 500."""
    if isinstance(error, BoltUnhandledRequestError):
        return BoltResponse(status=200, body="")
    if isinstance(error, PilotlightError):
        _log.error("What Slack sent could not be taken: %s", error)
        # A command is not sent again: the person is told. An event is, where it is answered so.
        answer = BoltResponse(status=200, body=_UNREACHABLE) if "command" in body else BoltResponse(status=503, body="")
    else:
        _log.error("What Slack sent could not be read", exc_info=error)
        answer = BoltResponse(status=400, body="")
    return answer if response is not None else None  # acknowledged already


def _unreadable() -> web.Response:
    return web.Response(status=400, text="This cannot be read.")


def _install_flow(
    settings: SlackSettings, house: SlackHouse, installations: Installations, on_installed: OnInstalled
) -> AsyncOAuthFlow:
    return install_flow(
        api_url=settings.api_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes=tuple(scopes(links_by_email=house.links_by_email)),
        installations=installations,
        states=OAuthStates(transactions=house.transactions, now=house.now),
        on_installed=on_installed,
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
    try:
        bolt_request = await to_bolt_request(request)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return _unreadable()
    return await to_aiohttp_response(await answer(bolt_request))  # type: ignore[misc]
