"""The workspaces that have Pilotlight: how it is installed there, and their tokens, which lie encrypted.

The tables and what is done with them are slack_sdk's; the encryption and the pages are ours.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from copy import copy
from datetime import UTC, datetime
from html import escape
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore, SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from knowledge.errors import PilotlightError

KEYS_SETTING = "PILOTLIGHT_ENCRYPTION_KEYS"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

_SECRETS = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")
_STATE_SECONDS = 600
# Whatever may keep Slack or our database from answering.
AWAY = (SlackClientError, ClientError, OSError, TimeoutError, PilotlightError)

_log = logging.getLogger(__name__)
_Kept = TypeVar("_Kept", Bot, Installation)


def community_of(team_id: str | None, enterprise_id: str | None, is_enterprise_install: bool | None) -> str:  # noqa: FBT001  # as bolt's context has them
    """The name of a workspace's community: two workspaces of one organisation are two."""
    if not team_id or team_id == enterprise_id:
        whose = "an organisation" if is_enterprise_install else "nothing"
        raise ValueError(f"a community belongs to a workspace; here {whose} is named")
    return f"slack-{team_id}"


def team_of(body: Mapping[str, Any], team_id: str | None) -> str | None:
    """The workspace in which something happened; `team_id` is what bolt's context has.

    Where the app is installed for an organisation bolt has none: it reads whom the event was authorised for.
    """
    user = body.get("user")
    candidates = (
        team_id,
        body.get("context_team_id"),
        body.get("team_id"),
        user.get("team_id") if isinstance(user, dict) else None,
    )
    return next((each for each in candidates if isinstance(each, str) and each.startswith("T")), None)


def new_key() -> str:
    return Fernet.generate_key().decode()


class Cipher:
    """Encrypts with the first key; every key decrypts."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise PilotlightError(
                f"{KEYS_SETTING} is empty, and Slack's tokens are kept only encrypted: "
                "make a key with `pilotlight keys new`."
            )
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        except ValueError:
            raise PilotlightError(
                f"{KEYS_SETTING} holds a key that is none: `pilotlight keys new` makes one."
            ) from None

    def encrypt(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise _no_key_fits() from None

    def encrypt_anew(self, encrypted: str) -> str:
        try:
            return self._fernet.rotate(encrypted).decode()
        except InvalidToken:
            raise _no_key_fits() from None


def _no_key_fits() -> PilotlightError:
    return PilotlightError(
        f"A token of Slack was encrypted with a key that is not in {KEYS_SETTING}: "
        "add that key after the others, or install Pilotlight in the workspace again."
    )


class Transactions(Protocol):
    """What slack_sdk's stores use of an engine; `begin` is for writing."""

    def begin(self) -> AbstractAsyncContextManager[Any]: ...

    def connect(self) -> AbstractAsyncContextManager[Any]: ...


class Installations(AsyncInstallationStore):
    """slack_sdk's store, around which every secret is encrypted on the way in and decrypted on the way out."""

    def __init__(self, *, client_id: str, transactions: Transactions, keys: Sequence[str]) -> None:
        engine: Any = transactions
        self._encrypted = AsyncSQLAlchemyInstallationStore(client_id, engine, logger=_log)
        self._cipher = Cipher(keys)

    @property
    def logger(self) -> logging.Logger:
        return _log

    async def async_save(self, installation: Installation) -> None:
        """It takes the place of what the workspace had: no spent token lies about, perhaps under a key that is lost."""
        await self._encrypted.async_save(_with_secrets(installation, self._cipher.encrypt))
        await self.async_delete_all(
            enterprise_id=installation.enterprise_id,
            team_id=installation.team_id,
            before=datetime.fromtimestamp(installation.installed_at, UTC),
        )

    async def async_save_bot(self, bot: Bot) -> None:
        await self._encrypted.async_save_bot(_with_secrets(bot, self._cipher.encrypt))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = await self._encrypted.async_find_bot(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found and _with_secrets(found, self._cipher.decrypt)

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        found = await self._encrypted.async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            is_enterprise_install=is_enterprise_install,
        )
        return found and _with_secrets(found, self._cipher.decrypt)

    async def find_bot_of_team(self, team_id: str) -> Bot | None:
        """By the workspace alone, since it keeps its id when it joins an organisation or leaves one."""
        bots = self._encrypted.bots
        wanted = (
            bots.select()
            .where(bots.c.client_id == self._encrypted.client_id)
            .where(bots.c.team_id == team_id, bots.c.bot_token.is_not(None))
            .order_by(bots.c.installed_at.desc())
            .limit(1)
        )
        async with self._encrypted.engine.connect() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return _with_secrets(SQLAlchemyInstallationStore.build_bot_entity(row), self._cipher.decrypt) if row else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._encrypted.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        await self._encrypted.async_delete_installation(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)

    async def async_delete_all(
        self, *, enterprise_id: str | None, team_id: str | None, before: datetime | None = None
    ) -> None:
        """Of one workspace, or of one organisation; with `before`, what was installed later stays."""
        async with self._encrypted.engine.begin() as connection:
            for table in (self._encrypted.bots, self._encrypted.installations):
                deletion = table.delete().where(*self._whose(table, enterprise_id, team_id))
                if before is not None:
                    deletion = deletion.where(table.c.installed_at < _in_tables(before))
                await connection.execute(deletion)

    async def renew(self, bot: Bot) -> None:
        """Keep a renewed token. Where the workspace has removed Pilotlight meanwhile, nothing comes back."""
        encrypted = _with_secrets(bot, self._cipher.encrypt)
        expires_at = bot.bot_token_expires_at
        token = {
            "bot_token": encrypted.bot_token,
            "bot_refresh_token": encrypted.bot_refresh_token,
            "bot_token_expires_at": expires_at and _in_tables(datetime.fromtimestamp(expires_at, UTC)),
        }
        installed_at = _in_tables(datetime.fromtimestamp(bot.installed_at, UTC))
        async with self._encrypted.engine.begin() as connection:
            for table in (self._encrypted.bots, self._encrypted.installations):
                whose = self._whose(table, bot.enterprise_id, bot.team_id)
                same = table.update().where(*whose, table.c.installed_at == installed_at)
                await connection.execute(same.values(**token))

    def _whose(self, table: Any, enterprise_id: str | None, team_id: str | None) -> list[Any]:
        """The rows of one workspace, or of one organisation."""
        whose = [table.c.client_id == self._encrypted.client_id, table.c.team_id == team_id]
        return whose if team_id is not None else [*whose, table.c.enterprise_id == enterprise_id]

    async def encrypt_anew(self) -> int:
        """Encrypt every row with the first key. The number of rows."""
        count = 0
        async with self._encrypted.engine.begin() as connection:
            for table in (self._encrypted.bots, self._encrypted.installations):
                # Locked, so that no token which another process renews now is put back to what it was.
                rows = (await connection.execute(table.select().with_for_update())).mappings().all()
                for row in rows:
                    anew = {name: self._cipher.encrypt_anew(row[name]) for name in _SECRETS if row.get(name)}
                    if anew:
                        await connection.execute(table.update().where(table.c.id == row["id"]).values(**anew))
                count += len(rows)
        return count


async def encrypt_anew(store: Installations) -> int:
    """Encrypt every row with the first key, after which the others may go. The number of rows."""
    return await store.encrypt_anew()


def _with_secrets(kept: _Kept, change: Callable[[str], str]) -> _Kept:
    changed = copy(kept)
    for name in _SECRETS:
        secret = getattr(kept, name, None)
        if secret:
            setattr(changed, name, change(secret))
    return changed


def _in_tables(moment: datetime) -> datetime:
    """slack_sdk keeps moments in UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


class OAuthStates(AsyncSQLAlchemyOAuthStateStore):
    """slack_sdk's store of the installations under way. Each state counts once, also for two requests at one moment."""

    def __init__(self, *, transactions: Transactions, now: Callable[[], datetime]) -> None:
        engine: Any = transactions
        super().__init__(_STATE_SECONDS, engine, logger=_log)
        self._now = now

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        expired = self.oauth_states.delete().where(self.oauth_states.c.expire_at <= _in_tables(self._now()))
        async with self.engine.begin() as connection:
            await connection.execute(expired)
        return await super().async_issue(*args, **kwargs)

    async def async_consume(self, state: str) -> bool:
        columns = self.oauth_states.c
        consumed = self.oauth_states.delete().where(columns.state == state, columns.expire_at > _in_tables(self._now()))
        async with self.engine.begin() as connection:
            return (await connection.execute(consumed)).rowcount == 1


class InstallationRefusedError(PilotlightError):
    """Slack did not do what it was asked during an installation."""


def quiet(client: AsyncWebClient) -> AsyncWebClient:
    """The same client, for calls that carry tokens: slack_sdk would log them at DEBUG."""
    return AsyncWebClient(**_like(client))


class _RefusalsRaised(AsyncWebClient):
    """What bolt takes for a wrong code and logs together with the code leaves as a InstallationRefusedError."""

    async def api_call(self, api_method: str, **arguments: Any) -> Any:
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            raise InstallationRefusedError(f"Slack refused {api_method}: {slack_code(error)}.") from None


def _like(client: AsyncWebClient) -> dict[str, Any]:
    logger = logging.getLogger(f"{__name__}.calls")
    logger.setLevel(logging.INFO)
    return {
        "base_url": client.base_url,
        "timeout": client.timeout,
        "ssl": client.ssl,
        "proxy": client.proxy,
        "session": client.session,
        "trust_env_in_session": client.trust_env_in_session,
        "headers": dict(client.headers),
        "retry_handlers": list(client.retry_handlers),
        "logger": logger,
    }


def slack_code(error: SlackApiError) -> str:
    """Slack's word for what went wrong. The error's own text holds all that Slack answered."""
    answer = getattr(error.response, "data", None)  # where Slack is away it is the text of some page
    return _plain_code(answer.get("error") if isinstance(answer, dict) else None) or "no reason given"


def _plain_code(code: object) -> str:
    """It may come from anybody's link, so nothing but the shape of Slack's codes is let through."""
    return code if isinstance(code, str) and len(code) <= 40 and code.isascii() and code.isidentifier() else ""


OnInstalled = Callable[[str, str], Awaitable[None]]


def install_flow(
    *,
    client: AsyncWebClient,
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

    `on_installed` is given the community and the id of the person who installed. An installation for a whole
    organisation names no community yet; `Workspaces.listen` does, as workspaces are added.
    `authorize_url` is where the button leads, Slack's own unless given.
    """
    return _InstallFlow(
        client=_RefusalsRaised(**_like(client)),
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
            state_expiration_seconds=_STATE_SECONDS,
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
            community = community_of(new.team_id, new.enterprise_id, new.is_enterprise_install)
            await self._on_installed(community, new.user_id)
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
        reference = self._reference(f"{_plain_code(args.reason) or 'no reason given'}.")
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
