"""The way in: one database, opened and brought up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.sql.addresses import read_address
from adapters.sql.answer_store import SqlAnswerStore
from adapters.sql.board_store import SqlBoards, SqlNews
from adapters.sql.check_in_store import SqlBlockers, SqlCheckInPlans, SqlCheckIns
from adapters.sql.circle_store import SqlCircles
from adapters.sql.connections import Connections
from adapters.sql.conversation_stores import SqlRooms, SqlSeen, SqlThreads
from adapters.sql.delivery_store import SqlDeliveries
from adapters.sql.demand_store import SqlDemandStore
from adapters.sql.member_store import SqlMemberStore
from adapters.sql.people_store import SqlPeople
from adapters.sql.pilot_store import SqlPilotStore
from adapters.sql.prepare import prepare
from adapters.sql.reach_store import SqlReaches


@dataclass(frozen=True, slots=True)
class Database:
    """The stores of one open database, and what they are built on."""

    pilots: SqlPilotStore
    demands: SqlDemandStore
    seen: SqlSeen
    threads: SqlThreads
    rooms: SqlRooms
    answers: SqlAnswerStore
    members: SqlMemberStore
    people: SqlPeople
    reaches: SqlReaches
    deliveries: SqlDeliveries
    check_in_plans: SqlCheckInPlans
    check_ins: SqlCheckIns
    blockers: SqlBlockers
    boards: SqlBoards
    circles: SqlCircles
    news: SqlNews
    connections: Connections


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the database at `url`, as people write it: ``sqlite:///data/pilotlight.db``, ``postgresql://…``.

    A new one is made ready; an older one is brought up to date. UnavailableError where it cannot be reached,
    PilotlightError where the address names none or a newer Pilotlight has changed its tables.
    """
    connections = Connections(read_address(url))
    try:
        await prepare(connections)
        yield Database(
            pilots=SqlPilotStore(connections),
            demands=SqlDemandStore(connections),
            seen=SqlSeen(connections),
            threads=SqlThreads(connections),
            rooms=SqlRooms(connections),
            answers=SqlAnswerStore(connections),
            members=SqlMemberStore(connections),
            people=SqlPeople(connections),
            reaches=SqlReaches(connections),
            deliveries=SqlDeliveries(connections),
            check_in_plans=SqlCheckInPlans(connections),
            check_ins=SqlCheckIns(connections),
            blockers=SqlBlockers(connections),
            boards=SqlBoards(connections),
            circles=SqlCircles(connections),
            news=SqlNews(connections),
            connections=connections,
        )
    finally:
        await connections.close()
