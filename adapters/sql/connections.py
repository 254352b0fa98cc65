"""Connections to one database: reading ones, and writing ones that take turns."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.sql.addresses import File, Server
from adapters.sql.troubles import told_plainly

_WAIT_SECONDS = 20  # for another writer or for a server to answer, before giving up
_STATEMENT_SECONDS = 120


class Connections:
    """Opens transactions; whatever goes wrong within one leaves it as UnavailableError."""

    def __init__(self, address: File | Server) -> None:
        self.address = address
        self.engine = _engine(address)
        self._writer = self.engine.execution_options(pilotlight_writes=True)
        # Writers of one process queue here and not on the database, where each would hold a connection.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with told_plainly(self.address):
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Committed at the end of the block, or not at all."""
        with told_plainly(self.address):
            async with self._turn, self._writer.begin() as connection:
                yield connection

    @property
    def turn_taking_engine(self) -> "TurnTakingEngine":
        return TurnTakingEngine(self)

    async def close(self) -> None:
        await self.engine.dispose()


@dataclass(frozen=True, slots=True)
class TurnTakingEngine:
    """For a library's stores that ask an engine for connections: `begin` to write, and `connect` only to read.

    So they too take turns, write under SQLite's lock, and leave with an UnavailableError.
    """

    connections: Connections

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.connections.writing()

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.connections.reading()


def _engine(address: File | Server) -> AsyncEngine:
    # Parameters are people's words: they do not belong in an error or a log.
    create = partial(
        create_async_engine,
        hide_parameters=True,
        json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
    )
    match address:
        case Server(dsn):
            limits = {"timeout": _WAIT_SECONDS, "command_timeout": _STATEMENT_SECONDS}
            return create("postgresql+asyncpg://", connect_args={"dsn": dsn, **limits}, pool_pre_ping=True)
        case File(path):
            # Without an isolation level the driver begins no transaction of its own, and `_begin` does.
            settings = {"isolation_level": None, "timeout": _WAIT_SECONDS}
            engine = create(URL.create("sqlite+aiosqlite", database=str(path)), connect_args=settings)
            event.listen(engine.sync_engine, "connect", _set_pragmas)
            event.listen(engine.sync_engine, "begin", _begin)
            event.listen(engine.sync_engine, "invalidate", _roll_back)
            return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    """`synchronous` stays FULL: an index that followed a change which a power cut took back would never know."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode")
    if cursor.fetchone() != ("wal",):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A transaction that will write says so at once: one that read first could not wait for its turn any more."""
    writes = connection.get_execution_options().get("pilotlight_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _roll_back(connection: Any, _record: object, _error: BaseException | None) -> None:
    """Before a connection is closed in mid-statement, as when a task is cancelled.

    SQLite puts off closing while a statement is held, here by the traceback, and would keep the file locked.
    """
    connection.rollback()
