"""Which accounts are one person's, and the codes that link them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.connections import Connections
from adapters.sql.tables import accounts, link_codes, mail_addresses, wrong_codes
from adapters.sql.upserts import insert_first, same, upsert
from bot.people import CODE_LASTS, WRONG_CODES_ALLOWED, WRONG_CODES_WITHIN, LinkCode, Refusal


class SqlPeople:
    """A People in SQLite or PostgreSQL. An account's person is never linked to another: one look-up finds it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def person(self, community: str, account: str) -> str:
        async with self._connections.reading() as connection:
            return await _linked_to(connection, community, account) or account

    async def accounts(self, community: str, person: str) -> Sequence[str]:
        async with self._connections.reading() as connection:
            root = await _linked_to(connection, community, person) or person
            wanted = select(accounts.c.account).where(same(accounts, {"community": community, "person": root}))
            found = await connection.scalars(wanted)
            # Not sorted by the database, which may sort as some language does.
            return [root, *sorted(account for account in found if account != root)]

    async def link(self, community: str, account: str, person: str, at: datetime) -> None:
        async with self._connections.writing() as connection:
            await _alone(connection, accounts)
            root = await _linked_to(connection, community, person) or person
            if account == root or await _linked_to(connection, community, account) == root:
                return
            theirs = same(accounts, {"community": community, "person": account})
            await connection.execute(update(accounts).where(theirs).values(person=root))
            own = {"community": community, "account": root, "person": root, "at": at}
            await insert_first(connection, accounts, own)
            await upsert(connection, accounts, {**own, "account": account})

    async def unlink(self, community: str, person: str, at: datetime) -> bool:
        async with self._connections.writing() as connection:
            await _alone(connection, accounts)
            root = await _linked_to(connection, community, person) or person
            theirs = same(accounts, {"community": community, "person": root}) & (accounts.c.account != root)
            parted = await connection.execute(update(accounts).where(theirs).values(person=accounts.c.account, at=at))
            if not parted.rowcount:
                return False
            await upsert(connection, accounts, {"community": community, "account": root, "person": root, "at": at})
        return True

    async def first_with(self, community: str, account: str, address: str, at: datetime) -> str:
        key = {"community": community, "address": address}
        wanted = select(mail_addresses.c.account).where(same(mail_addresses, key))
        async with self._connections.reading() as connection:
            if await _linked_to(connection, community, account):
                return account
            first = await connection.scalar(wanted)
        if first is None:
            async with self._connections.writing() as connection:
                await insert_first(connection, mail_addresses, {**key, "account": account, "at": at})
                first = await connection.scalar(wanted)
        return str(first)

    async def offer(self, code: LinkCode, digest: str) -> None:
        earlier = same(link_codes, {"community": code.community, "person": code.person})
        async with self._connections.writing() as connection:
            await connection.execute(delete(link_codes).where(earlier))
            await connection.execute(insert(link_codes), {**asdict(code), "digest": digest})

    async def redeem(
        self, community: str, person: str, digest: str, at: datetime, *, is_spent: bool
    ) -> LinkCode | Refusal:
        async with self._connections.writing() as connection:
            await _alone(connection, wrong_codes)
            if await _wrong_codes(connection, community, person, at) >= WRONG_CODES_ALLOWED:
                return Refusal.TOO_MANY
            code = await _code(connection, community, digest, at)
            if code is None:
                await connection.execute(insert(wrong_codes), {"community": community, "person": person, "at": at})
                return Refusal.WRONG
            if is_spent:
                await connection.execute(
                    delete(link_codes).where(same(link_codes, {"community": community, "digest": digest}))
                )
        return code

    async def forget(self, before: datetime) -> None:
        """Codes that were given before that, and wrong ones that were brought."""
        async with self._connections.writing() as connection:
            for table in (link_codes, wrong_codes):
                await connection.execute(delete(table).where(table.c.at < before))


async def _linked_to(connection: AsyncConnection, community: str, account: str) -> str | None:
    """None where it was never linked."""
    key = same(accounts, {"community": community, "account": account})
    person: str | None = await connection.scalar(select(accounts.c.person).where(key))
    return person


async def _alone(connection: AsyncConnection, table: Table) -> None:
    """Nobody else can write the table until we commit, to which on SQLite BEGIN IMMEDIATE saw."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))


async def _wrong_codes(connection: AsyncConnection, community: str, person: str, at: datetime) -> int:
    theirs = same(wrong_codes, {"community": community, "person": person})
    recent = select(func.count()).where(theirs, wrong_codes.c.at > at - WRONG_CODES_WITHIN)
    return int(await connection.scalar(recent) or 0)


async def _code(connection: AsyncConnection, community: str, digest: str, at: datetime) -> LinkCode | None:
    """The code with that hash, where it is still good."""
    key = same(link_codes, {"community": community, "digest": digest})
    columns = (link_codes.c[name] for name in ("community", "person", "platform", "name", "at"))
    row = (await connection.execute(select(*columns).where(key, link_codes.c.at > at - CODE_LASTS))).first()
    return LinkCode(**row._mapping) if row else None  # noqa: SLF001  # public, named so to keep off column names
