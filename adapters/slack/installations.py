"""The workspaces that have Pilotlight, with their tokens, and the installations under way.

The tables and what is done with them are slack_sdk's; the encryption is ours.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from copy import copy
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore, SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore

from adapters.slack.encryption import Cipher

STATE_SECONDS = 600
_SECRETS = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")

OnInstalled = Callable[[str, str], Awaitable[None]]
"""Is given the ids of the workspace and of the person who installed."""

_log = logging.getLogger(__name__)
_Kept = TypeVar("_Kept", Bot, Installation)


def community_of(team: str) -> str:
    """Two workspaces of one organisation are two communities."""
    return f"slack-{team}"


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
        """Encrypt every row with the first key, after which the others may go. The number of rows."""
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
        super().__init__(STATE_SECONDS, engine, logger=_log)
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
