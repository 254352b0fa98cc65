"""How people are written to privately, and their no."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, reaches
from adapters.sql.upserts import insert_first, same
from bot.reaches import No, Reach

_FRESH = timedelta(days=1)  # who writes all day long is noted once


class SqlReaches:
    """A Reaches in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def refresh(self, reach: Reach, at: datetime, *, is_personal: bool) -> None:
        # Nearly always nothing differs, and then nothing waits for its turn to write.
        async with self._connections.reading() as connection:
            row = (await connection.execute(select(reaches).where(_key(reach)))).first()
        if row and not _changes(row, reach, at, is_personal=is_personal):
            return
        async with self._connections.writing() as connection:
            if await insert_first(connection, reaches, _row(reach, at)):
                return
            row = await _locked(connection, reach)
            changes = _changes(row, reach, at, is_personal=is_personal)
            if changes:
                await connection.execute(update(reaches).where(_key(reach)).values(changes))

    async def note_address(self, reach: Reach) -> None:
        async with self._connections.writing() as connection:
            if row := await _locked(connection, reach):
                address = _reach(row).at(reach.address).address
                await connection.execute(update(reaches).where(_key(reach)).values(address=address))

    async def close(self, community: str, platform: str, account: str, because: No, at: datetime) -> None:
        closed = Reach(community, platform, account, {})
        no = {"closed_at": at, "closed_because": because}
        async with self._connections.writing() as connection:
            if not await insert_first(connection, reaches, _row(closed, at) | no):
                # Whoever was there since has come back meanwhile.
                is_open = _key(closed) & reaches.c.closed_at.is_(None) & (reaches.c.used_at <= at)
                await connection.execute(update(reaches).where(is_open).values(no))

    async def reaches(self, community: str, accounts: Sequence[str]) -> Sequence[Reach]:
        wanted = select(reaches).where(reaches.c.community == community, reaches.c.account.in_(accounts))
        wanted = wanted.order_by(reaches.c.used_at.desc(), reaches.c.platform, reaches.c.account)
        async with self._connections.reading() as connection:
            return [_reach(row) for row in await connection.execute(wanted)]

    async def closed(self, community: str) -> Sequence[Reach]:
        wanted = select(reaches).where(reaches.c.community == community, reaches.c.closed_at.is_not(None))
        wanted = wanted.order_by(reaches.c.closed_at.desc(), reaches.c.platform, reaches.c.account)
        async with self._connections.reading() as connection:
            return [_reach(row) for row in await connection.execute(wanted)]


async def _locked(connection: AsyncConnection, reach: Reach) -> Any:
    """The row, which nobody else changes until we commit; to that on SQLite BEGIN IMMEDIATE saw."""
    return (await connection.execute(select(reaches).where(_key(reach)).with_for_update())).first()


def _changes(row: Any, reach: Reach, at: datetime, *, is_personal: bool) -> Row:
    changes: Row = {}
    address = _reach(row).at(reach.address).address
    if address != row.address:
        changes["address"] = address
    if is_personal and row.closed_at is not None and row.closed_at < at:
        changes |= {"closed_at": None, "closed_because": None}
    if changes or row.used_at + _FRESH <= at:
        changes["used_at"] = max(row.used_at, at)
    return changes


def _key(reach: Reach) -> Any:
    return same(reaches, {"community": reach.community, "platform": reach.platform, "account": reach.account})


def _row(reach: Reach, at: datetime) -> Row:
    key = {"community": reach.community, "platform": reach.platform, "account": reach.account}
    return {**key, "address": dict(reach.address), "used_at": at}


def _reach(row: Any) -> Reach:
    because = No(row.closed_because) if row.closed_because else None
    return Reach(row.community, row.platform, row.account, row.address, because)
