"""Questions that nobody's experience answers yet."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select

from adapters.sql.connections import Connections
from adapters.sql.tables import demands
from adapters.sql.upserts import insert_first
from knowledge.ports import Demand


class SqlDemandStore:
    """A DemandStore in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def keep(self, demand: Demand) -> None:
        """The first of an id stays."""
        async with self._connections.writing() as connection:
            await insert_first(connection, demands, asdict(demand))

    async def demands(self, community: str | None, limit: int = 100) -> Sequence[Demand]:
        of_community = demands.c.community.is_(None) if community is None else demands.c.community == community
        wanted = select(demands).where(of_community).order_by(demands.c.asked_at.desc(), demands.c.id).limit(limit)
        async with self._connections.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        return [Demand(**row._mapping) for row in rows]  # noqa: SLF001  # public, named so to keep off column names
