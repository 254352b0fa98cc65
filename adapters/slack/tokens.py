"""Which token answers an event: looked up, remembered for a minute, renewed before it expires, forgotten on removal.

bolt's own way asks Slack about the token on every event, in the three seconds that Slack waits for us.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.installations import Installations, OnInstalled
from adapters.slack.outbox import AWAY, code_of
from knowledge.errors import PilotlightError, UnavailableError

_FRESH = timedelta(minutes=1)
_PAUSE = timedelta(seconds=10)  # before one that did not answer is asked again
_PATIENCE_SECONDS = 1.0  # of an event, when what was known before would do
_RENEWED_EARLY = timedelta(hours=2)
_REREAD_AFTER_SECONDS = (0.0, 0.2, 0.5, 1.0)  # another replica's renewal may be on its way to the database

_NOT_A_TOKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """A workspace, or a whole organisation where `team_id` is None."""

    enterprise_id: str | None
    team_id: str | None


@dataclass(frozen=True, slots=True)
class _Known:
    bot: Bot
    fresh_until: datetime


class Workspaces(AsyncAuthorize):
    """The workspaces of a database; for `AsyncApp(authorize=…)`."""

    def __init__(
        self,
        *,
        installations: Installations,
        client: AsyncWebClient,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime],
    ) -> None:
        self.installations = installations
        self._rotator = AsyncTokenRotator(client_id=client_id, client_secret=client_secret, client=client)
        self._now = now
        self._known: dict[_Place, _Known] = {}
        self._searches: dict[_Place, asyncio.Task[Bot | None]] = {}
        self._turns: defaultdict[_Place, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Renewed, while the database did not take it: the old one is spent, so this must not be lost.
        self._unsaved: dict[_Place, Bot] = {}

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,  # noqa: ARG002  # bolt's signature
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult | None:
        bot = await self.find(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=bool(context.is_enterprise_install)
        )
        return _as_result(bot, enterprise_id, team_id) if bot else None

    async def find(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool = False
    ) -> Bot | None:
        """The bot of a workspace, or of its organisation; None where Pilotlight is not installed.

        UnavailableError where nobody can say and it was not known before.
        """
        if not (_is_id(enterprise_id) and _is_id(team_id)):
            return None  # and no trouble of the database, after which Slack would send it again
        place = _Place(enterprise_id, None if is_enterprise_install else team_id)
        known = self._known.get(place)
        if known is not None and self._now() < known.fresh_until:
            return known.bot
        search = self._searches.get(place) or self._begin_search(place)
        if known is None or not self._is_alive(known.bot):
            return await asyncio.shield(search)
        done, _ = await asyncio.wait({search}, timeout=_PATIENCE_SECONDS)
        return search.result() if done else known.bot

    def forget(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """A workspace, or an organisation with all of its workspaces."""
        for place in {*self._known, *self._searches, *self._unsaved}:
            if place.team_id == team_id if team_id is not None else place.enterprise_id == enterprise_id:
                self._known.pop(place, None)
                self._searches.pop(place, None)
                self._unsaved.pop(place, None)

    async def finish(self) -> None:
        """Before the database is closed: a token that is being renewed would be lost."""
        await asyncio.gather(*self._searches.values(), return_exceptions=True)

    def listen(self, app: AsyncApp, on_installed: OnInstalled) -> None:
        """Forget a workspace that removes Pilotlight, and note who looks after those that an organisation adds."""

        async def removed(context: AsyncBoltContext, body: dict[str, Any]) -> None:
            await self._remove(_place_of(context), body)

        async def revoked(context: AsyncBoltContext, event: dict[str, Any], body: dict[str, Any]) -> None:
            if (event.get("tokens") or {}).get("bot"):  # people's own are never asked for
                await self._remove(_place_of(context), body)

        async def granted(context: AsyncBoltContext, event: dict[str, Any]) -> None:
            installation = await self.installations.async_find_installation(
                enterprise_id=context.enterprise_id, team_id=None, is_enterprise_install=True
            )
            if installation is not None:
                for team_id in event.get("team_ids") or ():
                    await on_installed(team_id, installation.user_id)

        app.event("app_uninstalled")(removed)
        app.event("tokens_revoked")(revoked)
        app.event("team_access_granted")(granted)

    async def _remove(self, place: _Place, body: Mapping[str, Any]) -> None:
        # Slack delivers an event again for minutes, in which Pilotlight may have been installed anew.
        told_at = body.get("event_time")
        before = datetime.fromtimestamp(told_at + 1, UTC) if isinstance(told_at, int) else None
        async with self._turns[place]:  # or a renewal under way would put it back
            self.forget(enterprise_id=place.enterprise_id, team_id=place.team_id)
            await self.installations.async_delete_all(
                enterprise_id=place.enterprise_id, team_id=place.team_id, before=before
            )
            self.forget(enterprise_id=place.enterprise_id, team_id=place.team_id)

    def _begin_search(self, place: _Place) -> asyncio.Task[Bot | None]:
        """One for all who ask at that moment; it goes on when they no longer wait."""
        search = asyncio.create_task(self._search(place))
        self._searches[place] = search

        def ended(search: asyncio.Task[Bot | None]) -> None:
            if self._searches.get(place) is search:
                del self._searches[place]
            if not search.cancelled():
                search.exception()  # or asyncio would complain where nobody waits any more

        search.add_done_callback(ended)
        return search

    async def _search(self, place: _Place) -> Bot | None:
        pause = _FRESH
        try:
            bot = await self._read(place)
            bot = bot and await self._renewed(bot)
        except PilotlightError as error:
            known = self._known.get(place)
            if known is None or not self._is_alive(known.bot):
                raise
            _log.warning("Slack's token is used as it was known before: %s", error)
            bot, pause = known.bot, _PAUSE
        if self._searches.get(place) is asyncio.current_task():  # otherwise it was forgotten meanwhile
            self._known.pop(place, None)
            if bot is not None:
                self._known[place] = _Known(bot, self._now() + pause)
        return bot

    async def _read(self, place: _Place) -> Bot | None:
        bot = await self.installations.find_bot_of_team(place.team_id) if place.team_id else None
        if bot is None and place.enterprise_id:
            bot = await self.installations.async_find_bot(
                enterprise_id=place.enterprise_id, team_id=None, is_enterprise_install=True
            )
        return bot

    def _is_alive(self, bot: Bot, margin: timedelta = timedelta()) -> bool:
        expires_at = bot.bot_token_expires_at
        return expires_at is None or (self._now() + margin).timestamp() < expires_at

    async def _renewed(self, bot: Bot) -> Bot | None:
        if self._is_alive(bot, _RENEWED_EARLY):
            return bot
        place = _Place(bot.enterprise_id, bot.team_id)
        async with self._turns[place]:
            stored, unsaved = await self._read(place), self._unsaved.get(place)
            if stored is None:
                return None
            if unsaved is not None and unsaved.installed_at < stored.installed_at:
                del self._unsaved[place]  # it was installed anew since
            current = self._unsaved.get(place, stored)
            try:
                renewed = await self._rotator.perform_bot_token_rotation(
                    bot=current, minutes_before_expiration=int(_RENEWED_EARLY.total_seconds() // 60)
                )
            except AWAY as error:
                return await self._renewed_elsewhere(place, current, error)
            if renewed is not None:
                self._unsaved[place] = current = renewed
            if place in self._unsaved:
                await self._save(place, current)
            return current

    async def _save(self, place: _Place, bot: Bot) -> None:
        try:
            await self.installations.renew(bot)
        except PilotlightError as error:
            _log.error("A renewed token of Slack is not saved yet: %s", error)
        else:
            self._unsaved.pop(place, None)

    async def _renewed_elsewhere(self, place: _Place, bot: Bot, error: Exception) -> Bot | None:
        """Slack renews a token once: where another replica was first, its result is or soon will be in the database."""
        for seconds in _REREAD_AFTER_SECONDS:
            await asyncio.sleep(seconds)
            stored = await self._read(place)
            if stored is None or (stored.bot_token_expires_at or 0) > (bot.bot_token_expires_at or 0):
                return stored
        reason = _plain(error)
        if self._is_alive(bot):
            _log.warning("Slack's token is used until it expires, since it was not renewed: %s", reason)
            return bot
        _log.error("A workspace has to install Pilotlight again, its token was not renewed: %s", reason)
        return None


class OneWorkspace(AsyncAuthorize):
    """The one workspace whose token is a setting; for `AsyncApp(authorize=…)`. Slack is asked about it once."""

    def __init__(self, *, token: str, client: AsyncWebClient, now: Callable[[], datetime]) -> None:
        self._token = token
        self._client = client
        self._now = now
        self._bot: Bot | None = None
        self._turn = asyncio.Lock()
        self._trouble: PilotlightError | None = None
        self._ask_again_at = now()

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,  # noqa: ARG002  # bolt's signature
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,  # noqa: ARG002
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult | None:
        bot = await self.find(enterprise_id=enterprise_id, team_id=team_id)
        return _as_result(bot, enterprise_id, team_id) if bot else None

    async def find(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool = False,  # noqa: ARG002  # as Workspaces have it
    ) -> Bot | None:
        """The bot, or None for a workspace that is not its own. UnavailableError while Slack does not answer."""
        bot = await self.bot()
        # Another workspace of its organisation is another community, unless it is installed for the whole of it.
        is_of_organisation = bot.is_enterprise_install and enterprise_id is not None
        if team_id == bot.team_id or (is_of_organisation and enterprise_id == bot.enterprise_id):
            return bot
        _log.warning("An event of a workspace to which PILOTLIGHT_SLACK_BOT_TOKEN does not belong is left alone")
        return None

    @property
    def is_known(self) -> bool:
        """Whether Slack has said whose token it is."""
        return self._bot is not None

    async def bot(self) -> Bot:
        """PilotlightError where Slack does not know the token, UnavailableError where it does not answer."""
        async with self._turn:
            if self._bot is None:
                if self._trouble is not None and self._now() < self._ask_again_at:
                    raise self._trouble
                try:
                    self._bot = await self._ask()
                except AWAY as error:
                    self._trouble, self._ask_again_at = _plain(error), self._now() + _PAUSE
                    raise self._trouble from None
            return self._bot

    async def _ask(self) -> Bot:
        try:
            answer = await self._client.auth_test(token=self._token)
        except SlackApiError as error:
            code = code_of(error)
            if code not in _NOT_A_TOKEN:
                raise
            raise PilotlightError(
                f"Slack does not accept PILOTLIGHT_SLACK_BOT_TOKEN ({code}): "
                "copy the Bot User OAuth Token from the app's page at Slack."
            ) from None
        return Bot(
            app_id=answer.get("app_id"),
            enterprise_id=answer.get("enterprise_id"),
            team_id=answer.get("team_id"),
            team_name=answer.get("team"),
            bot_token=self._token,
            bot_id=answer.get("bot_id") or "",
            bot_user_id=answer.get("user_id") or "",
            is_enterprise_install=answer.get("is_enterprise_install"),
            installed_at=self._now().timestamp(),
        )


def _as_result(bot: Bot, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """For the workspace of the event, which an organisation's bot does not name."""
    return AuthorizeResult(
        enterprise_id=enterprise_id or bot.enterprise_id,
        team_id=team_id or bot.team_id,
        team=bot.team_name,
        bot_token=bot.bot_token,
        bot_id=bot.bot_id,
        bot_user_id=bot.bot_user_id,
        bot_scopes=bot.bot_scopes,
    )


def _is_id(told: object) -> bool:
    """Also of nothing. Payloads are Slack's, and yet anything may stand in them."""
    return told is None or (isinstance(told, str) and told.isascii() and told.isalnum())


def _place_of(context: AsyncBoltContext) -> _Place:
    return _Place(context.enterprise_id, None if context.is_enterprise_install else context.team_id)


def _plain(error: Exception) -> PilotlightError:
    """In words without anything that was sent or received."""
    match error:
        case PilotlightError():
            return error
        case SlackTokenRotationError():
            return UnavailableError(f"Slack refused to renew a token: {code_of(error.api_error)}.")
        case SlackApiError():
            return UnavailableError(f"Slack refused: {code_of(error)}.")
        case _:
            return UnavailableError(f"Slack did not answer ({type(error).__name__}): try again in a moment.")
