"""Learning circles, and the pilots that joined them."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import delete, select

from adapters.sql.connections import Connections
from adapters.sql.tables import circle_pilots, circles
from adapters.sql.upserts import insert_first, same
from bot.circles import Circle


class SqlCircles:
    """Circles in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def begin(self, circle: Circle) -> None:
        row = {field.name: getattr(circle, field.name) for field in fields(circle)}
        async with self._connections.writing() as connection:
            await insert_first(connection, circles, row)

    async def end(self, circle_id: str) -> None:
        async with self._connections.writing() as connection:
            await connection.execute(delete(circle_pilots).where(circle_pilots.c.circle_id == circle_id))
            await connection.execute(delete(circles).where(circles.c.id == circle_id))

    async def circles(self, community: str = "") -> Sequence[Circle]:
        wanted = select(circles)
        if community:
            wanted = wanted.where(circles.c.community == community)
        async with self._connections.reading() as connection:
            found = [Circle(**row._mapping) for row in await connection.execute(wanted)]  # noqa: SLF001  # public, named so to keep off column names
        # Not by the database, which may sort as some language does.
        return sorted(found, key=lambda each: (each.started_on, each.topic, each.id))

    async def join(self, circle_id: str, pilot_id: str) -> None:
        async with self._connections.writing() as connection:
            await insert_first(connection, circle_pilots, {"circle_id": circle_id, "pilot_id": pilot_id})

    async def leave(self, circle_id: str, pilot_id: str) -> None:
        joined = same(circle_pilots, {"circle_id": circle_id, "pilot_id": pilot_id})
        async with self._connections.writing() as connection:
            await connection.execute(delete(circle_pilots).where(joined))

    async def joined(self, circle_id: str) -> Sequence[str]:
        wanted = select(circle_pilots.c.pilot_id).where(circle_pilots.c.circle_id == circle_id)
        async with self._connections.reading() as connection:
            return sorted(await connection.scalars(wanted))
