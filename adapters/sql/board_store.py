"""The rooms that are told what is new, and what is."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import delete, select, update

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, boards, learnings, pilots, revisions
from adapters.sql.upserts import same, upsert
from bot.digests import Board
from knowledge.learnings import Learning
from knowledge.records import learning_from_record

_LATEST = pilots.join(revisions, (revisions.c.pilot_id == pilots.c.id) & (revisions.c.number == pilots.c.revision))
_in_sight = select(pilots.c.id).select_from(_LATEST).where(revisions.c.removed_at.is_(None))


class SqlBoards:
    """Boards in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def put_up(self, board: Board) -> None:
        row = {field.name: getattr(board, field.name) for field in fields(board)} | {"address": dict(board.address)}
        async with self._connections.writing() as connection:
            await upsert(connection, boards, row)

    async def take_down(self, board: Board) -> None:
        async with self._connections.writing() as connection:
            await connection.execute(delete(boards).where(same(boards, _key(board))))

    async def boards(self, community: str = "") -> Sequence[Board]:
        wanted = select(boards)
        if community:
            wanted = wanted.where(boards.c.community == community)
        async with self._connections.reading() as connection:
            found = [Board(**row._mapping) for row in await connection.execute(wanted)]  # noqa: SLF001  # public, named so to keep off column names
        # Not by the database, which may sort as some language does.
        return sorted(found, key=lambda each: (each.chosen_at, each.platform, each.room))

    async def note_told(self, board: Board, until: datetime) -> None:
        told = update(boards).where(same(boards, _key(board))).values(told_until=until)
        async with self._connections.writing() as connection:
            await connection.execute(told)


class SqlNews:
    """A NewsStore in SQLite or PostgreSQL; its cost follows what came about then, by the indexes of these moments."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def changed(self, since: datetime, until: datetime) -> Sequence[str]:
        then = select(revisions.c.pilot_id).where(revisions.c.at >= since, revisions.c.at < until)
        async with self._connections.reading() as connection:
            found = await connection.scalars(_in_sight.where(pilots.c.id.in_(then)))
            return sorted(found)

    async def told(self, since: datetime, until: datetime) -> Sequence[Learning]:
        then = learnings.c.told_at >= since, learnings.c.told_at < until
        in_sight = learnings.c.pilot_id.in_(_in_sight)
        wanted = select(learnings.c.record).where(*then, in_sight)
        async with self._connections.reading() as connection:
            found = [learning_from_record(record) for record in await connection.scalars(wanted)]
        return sorted(found, key=lambda each: (each.told_at, each.id))


def _key(board: Board) -> Row:
    return {"platform": board.platform, "community": board.community, "room": board.room}
