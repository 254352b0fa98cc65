"""What happened already, the threads that the bot takes part in, and how it behaves in each room."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, rooms, seen, threads
from adapters.sql.upserts import insert_first, same, upsert
from bot.places import Place
from bot.rooms import Mode, Thread


class SqlSeen:
    """A Seen in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def claim(self, key: str, at: datetime) -> bool:
        async with self._connections.writing() as connection:
            return await insert_first(connection, seen, {"key": key, "at": at})

    async def forget(self, before: datetime) -> None:
        async with self._connections.writing() as connection:
            await connection.execute(delete(seen).where(seen.c.at < before))


class SqlThreads:
    """A Threads in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def thread(self, place: Place) -> Thread | None:
        wanted = select(threads.c.asked, threads.c.is_muted).where(same(threads, _thread_key(place)))
        async with self._connections.reading() as connection:
            row = (await connection.execute(wanted)).first()
        return row and Thread(asked=tuple(row.asked), is_muted=row.is_muted)

    async def remember(self, place: Place, asked: Sequence[str], at: datetime) -> None:
        await self._keep(place, Thread(asked=tuple(asked)), at, keep="is_muted")

    async def mute(self, place: Place, at: datetime) -> None:
        await self._keep(place, Thread(is_muted=True), at, keep="asked")

    async def forget(self, before: datetime) -> None:
        """Those in which nothing was remembered or muted since."""
        async with self._connections.writing() as connection:
            await connection.execute(delete(threads).where(threads.c.at < before))

    async def _keep(self, place: Place, thread: Thread, at: datetime, *, keep: str) -> None:
        row = {**_thread_key(place), "asked": list(thread.asked), "is_muted": thread.is_muted, "at": at}
        async with self._connections.writing() as connection:
            await upsert(connection, threads, row, keep={keep})


class SqlRooms:
    """A Rooms in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def mode(self, place: Place) -> Mode:
        async with self._connections.reading() as connection:
            mode = await connection.scalar(select(rooms.c.mode).where(same(rooms, _room_key(place))))
        return Mode(mode or Mode.MENTION)

    async def set_mode(self, place: Place, mode: Mode) -> None:
        async with self._connections.writing() as connection:
            await upsert(connection, rooms, {**_room_key(place), "mode": mode})


def _room_key(place: Place) -> Row:
    return {"platform": place.platform, "community": place.community, "room": place.room}


def _thread_key(place: Place) -> Row:
    return {**_room_key(place), "thread": place.thread}
