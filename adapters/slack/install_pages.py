"""How a workspace installs Pilotlight: bolt's steps of OAuth, with our pages."""

import logging
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.installations import STATE_SECONDS, Installations, OAuthStates, OnInstalled
from adapters.slack.outbox import AWAY, SlackRefusedError, code_of, web_client
from knowledge.errors import PilotlightError

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

_log = logging.getLogger(__name__)


class _RefusalsRaised(AsyncWebClient):
    """What bolt takes for a wrong code and logs together with the code leaves as a SlackRefusedError."""

    async def api_call(self, api_method: str, **arguments: Any) -> Any:
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            raise SlackRefusedError(api_method, code_of(error)) from None


def install_flow(
    *,
    api_url: str,
    client_id: str,
    client_secret: str,
    scopes: Sequence[str],
    installations: Installations,
    states: OAuthStates,
    on_installed: OnInstalled,
    new_id: Callable[[], str],
    redirect_uri: str | None = None,
    authorize_url: str | None = None,
) -> AsyncOAuthFlow:
    """The pages under /slack/install, for `AsyncApp(oauth_flow=…)`.

    An installation for a whole organisation names no workspace yet; `Workspaces.listen` does, as they are added.
    `authorize_url` is where the button leads, Slack's own unless given.
    """
    return _InstallFlow(
        client=web_client(None, base_url=api_url, kind=_RefusalsRaised),
        settings=AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=list(scopes),
            user_scopes=[],
            redirect_uri=redirect_uri,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            authorization_url=authorize_url,
            installation_store=installations,
            installation_store_bot_only=True,
            state_store=states,
            state_expiration_seconds=STATE_SECONDS,
            logger=_log,
        ),
        on_installed=on_installed,
        new_id=new_id,
    )


class _InstallFlow(AsyncOAuthFlow):
    """bolt's steps, with our pages."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        settings: AsyncOAuthSettings,
        on_installed: OnInstalled,
        new_id: Callable[[], str],
    ) -> None:
        settings.callback_options = AsyncCallbackOptions(success=self._succeeded, failure=self._failed)
        super().__init__(client=client, settings=settings, logger=_log)
        self._on_installed = on_installed
        self._new_id = new_id

    async def handle_installation(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            response = await super().handle_installation(request)
        except Exception as error:  # noqa: BLE001  # a person waits for a page
            return self._broken(error)
        response.headers.update({name.lower(): [value] for name, value in _HEADERS.items()})
        return response

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            return await super().handle_callback(request)
        except Exception as error:  # noqa: BLE001  # a person waits for a page
            return self._broken(error)

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:
        """Bolt's own would let a link put parameters of its choice into the address."""
        parameters = {"client_id": self.client_id, "scope": ",".join(self.settings.scopes or ()), "state": state}
        if self.redirect_uri:
            parameters["redirect_uri"] = self.redirect_uri
        if team := request.query.get("team"):
            parameters["team"] = team[0]
        return f"{self.settings.authorization_url}?{urlencode(parameters)}"

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:  # noqa: ARG002  # bolt's signature
        return _html(
            "Install Pilotlight",
            "Pilotlight keeps what public-sector pilots have taught. Slack will show you what it may do and ask you.",
            link=(url, "Add to Slack"),
        )

    async def _succeeded(self, args: AsyncSuccessArgs) -> BoltResponse:
        new = args.installation
        if new.team_id:
            await self._on_installed(new.team_id, new.user_id)
        target = urlencode({"team": new.team_id or "", "id": new.app_id or ""})
        where = new.team_name or new.enterprise_name or "your workspace"
        return self._page(
            200,
            "Pilotlight is installed",
            f"It is now in {where}.",
            "Write to it in a direct message, or invite it to a channel and mention it there. "
            "Say “help” to see what it can do.",
            link=(f"slack://app?{target}", "Open Slack"),
        )

    async def _failed(self, args: AsyncFailureArgs) -> BoltResponse:
        if args.reason == "access_denied":
            return self._page(
                200,
                "Nothing was installed",
                "You cancelled, and nothing has changed. You can install Pilotlight whenever you like.",
                link=_AGAIN,
            )
        if args.reason in {"invalid_browser", "invalid_state", "missing_code"}:
            return self._page(
                400,
                "This page is no longer valid",
                "An installation is finished in the browser where it began, within ten minutes, and only once. "
                "If Pilotlight is in Slack already, all is well; otherwise begin again.",
                link=_AGAIN,
            )
        reference = self._reference(f"{code_of(args.reason)}.")
        return self._page(
            400,
            "Slack did not install Pilotlight",
            "Begin again. If Slack asks for the approval of an administrator, ask them first.",
            f"If it happens again, tell the person who runs Pilotlight this reference: {reference}",
            link=_AGAIN,
        )

    def _broken(self, error: Exception) -> BoltResponse:
        if isinstance(error, AWAY):
            reason = (
                str(error) if isinstance(error, PilotlightError) else f"Slack did not answer ({type(error).__name__})."
            )
            reference = self._reference(reason)
        else:
            reference = self._reference("It is our fault.", error)
        return self._page(
            503,
            "The installation did not finish",
            "Nothing is lost. Wait a minute and begin again; that does no harm.",
            f"If it happens again, tell the person who runs Pilotlight this reference: {reference}",
            link=_AGAIN,
        )

    def _reference(self, reason: str, error: Exception | None = None) -> str:
        reference = self._new_id()[:8]
        _log.warning("An installation in Slack did not succeed: %s Reference %s", reason, reference, exc_info=error)
        return reference

    def _page(self, status: int, title: str, *paragraphs: str, link: tuple[str, str]) -> BoltResponse:
        cookie = self.settings.state_utils.build_set_cookie_for_deletion()
        body = _html(title, *paragraphs, link=link)
        return BoltResponse(status=status, body=body, headers={**_HEADERS, "Set-Cookie": cookie})


_AGAIN = (INSTALL_PATH, "Begin again")
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of the page holds Slack's code
    "Cache-Control": "no-store",
}


def _html(title: str, *paragraphs: str, link: tuple[str, str]) -> str:
    address, words = link
    text = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        "<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>"
        f'</head><body><main><h1>{escape(title)}</h1>{text}<p><a href="{escape(address)}">{escape(words)}</a></p>'
        "</main></body></html>"
    )
