"""The migrations lead to the tables that the stores use, and only forward."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Text, insert, select, text, update

from adapters.sql import Database, open_database
from adapters.sql.addresses import read_address
from adapters.sql.connections import Connections
from adapters.sql.prepare import _config
from adapters.sql.tables import demands, feed, learnings, metadata, pilots, revisions
from knowledge.errors import PilotlightError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact, Pilot, Planned, Provenance, Unknown
from knowledge.ports import Author, Demand
from knowledge.records import learning_to_record, pilot_to_record
from knowledge.visibility import Visibility
from tests.fakes import revisions_of
from tests.postgres import PostgresServer

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
ANNA = Author("anna", reason="typo")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/pilotlight.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, for those of an older version."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/old.db"
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as opened:
        yield opened


async def differences(database: Database, tables: MetaData) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))

    async with database.connections.reading() as connection:
        return await connection.run_sync(compare)


def pilot(name: str, **fields: object) -> Pilot:
    ours = {"provenance": Provenance(source="ours", source_id=name), "visibility": Visibility(community="slack:T1")}
    return Pilot(**({"title": name} | ours | fields))  # type: ignore[arg-type]


def owned_by(person: str | None, name: str = "Anna") -> dict[str, object]:
    return {"owner": Contact(name=name, person=person)}


# Every way in which a record says who owns a pilot, or does not.
OWNED = {
    "nobody's": [pilot("nobody's")],
    "a person's": [pilot("a person's", **owned_by("U1"))],
    "handed on": [pilot("handed on", **owned_by("U1")), pilot("handed on", **owned_by("U2"))],
    "given up": [pilot("given up", **owned_by("U1")), pilot("given up")],
    "in another script": [pilot("in another script", **owned_by("Ľubica 🚁 \"'{}"))],
    "of a number": [pilot("of a number", **owned_by("17"))],
    "somebody's": [pilot("somebody's", **owned_by(None))],
    "planned": [pilot("planned", pending={"owner": Planned(date(2027, 1, 1))})],
    "half known": [pilot("half known", **owned_by(None), pending={"owner.person": Unknown("on leave")})],
    "removed": [pilot("removed", **owned_by("U1"))],
}
TOLD = Learning(
    id="l",
    pilot_id=pilot("a person's").id,
    text="Ask the neighbours first",
    kind=LearningKind.WORKED,
    origin=Origin.CHECK_IN,
    author="anna",
    told_at=NOON,
)
ASKED = Demand(id="d", topic="drones", asked_at=NOON, community="slack:T1", person="U1")


def fill_first_version(connection: Connection) -> None:
    """As the first version kept its pilots."""
    command.upgrade(_config(connection), "0001")
    connection.execute(update(feed).values(last_change=len(OWNED)))
    for change, states in enumerate(OWNED.values(), 1):
        pilot_id = states[0].id
        connection.execute(insert(pilots), {"id": pilot_id, "revision": len(states), "change": change})
        for number, state in enumerate(states, 1):
            row = {"pilot_id": pilot_id, "number": number, "record": pilot_to_record(state)}
            connection.execute(insert(revisions), {**row, "at": NOON, "by": ANNA.name, "reason": ANNA.reason})
    gone = revisions.c.pilot_id == pilot("removed").id
    connection.execute(update(revisions).where(gone).values(removed_at=NOON, removed_by="bo", removed_because="twice"))
    told = {"id": TOLD.id, "pilot_id": TOLD.pilot_id, "told_at": NOON, "record": learning_to_record(TOLD)}
    connection.execute(insert(learnings), told)
    asked = {"id": ASKED.id, "topic": ASKED.topic, "asked_at": NOON, "community": "slack:T1", "person": "U1"}
    connection.execute(insert(demands), asked)


@pytest.fixture
async def updated(old_url: str) -> AsyncIterator[Database]:
    """A database that the first version filled, opened by this one."""
    old = Connections(read_address(old_url))
    async with old.writing() as connection:
        await connection.run_sync(fill_first_version)
    await old.close()
    async with open_database(old_url) as opened:
        yield opened


async def owners(database: Database) -> dict[str, str | None]:
    async with database.connections.reading() as connection:
        return {row.id: row.owner for row in await connection.execute(select(pilots.c.id, pilots.c.owner))}


async def test_the_first_versions_data_are_there_after_the_update(updated: Database) -> None:
    assert await differences(updated, metadata) == []
    for name, states in OWNED.items():
        assert await updated.pilots.get(states[0].id) == (states[-1] if name != "removed" else None)
        revisions = await revisions_of(updated.pilots, states[0].id)
        assert [(each.pilot, each.at, each.by) for each in revisions] == [(state, NOON, ANNA) for state in states]
    assert await updated.pilots.learnings(TOLD.pilot_id) == (TOLD,)
    assert await updated.demands.demands("slack:T1") == [ASKED]
    assert len(await updated.pilots.changes(0)) == len(OWNED)


async def test_the_update_finds_whose_each_pilot_is_as_saving_does(updated: Database, tmp_path: Path) -> None:
    found = await owners(updated)
    assert {name: found[states[0].id] for name, states in OWNED.items() if found[states[0].id] is not None} == {
        "a person's": "U1",
        "handed on": "U2",
        "in another script": "Ľubica 🚁 \"'{}",
        "of a number": "17",
        "removed": "U1",
    }
    async with open_database(f"sqlite:///{tmp_path}/new.db") as new:
        for states in OWNED.values():
            await new.pilots.save(states, ANNA, NOON)
        assert await owners(new) == found
    assert await updated.pilots.owned_by("slack:T1", "U1") == OWNED["a person's"]
    assert await updated.pilots.owned_by("slack:T1", "U2") == OWNED["handed on"][-1:]


async def test_an_updated_database_takes_what_is_new(updated: Database) -> None:
    assert await updated.pilots.save(OWNED["handed on"][-1:], ANNA, NOON) == 0
    assert await updated.pilots.save([pilot("handed on", **owned_by("U3"))], ANNA, NOON) == 1
    assert await updated.pilots.owned_by("slack:T1", "U2") == []
    assert await updated.seen.claim("slack:Ev1", NOON) is True


async def test_a_second_opening_changes_nothing(updated: Database, old_url: str) -> None:
    before = await owners(updated)
    async with open_database(old_url) as again:
        assert await owners(again) == before


async def test_the_migrations_make_the_very_tables(database: Database) -> None:
    assert await differences(database, metadata) == []


async def test_a_column_without_a_migration_would_be_noticed(database: Database) -> None:
    changed = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(changed)
    changed.tables["demands"].append_column(Column("forgotten", Text))
    assert len(await differences(database, changed)) == 1


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    async with open_database(url) as database, database.connections.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(PilotlightError, match="A newer Pilotlight made this database: install that version"):
        async with open_database(url):
            pass


async def test_sqlite_keeps_to_foreign_keys_and_a_write_ahead_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pilotlight.db"
    async with open_database(url) as database, database.connections.reading() as connection:
        assert await connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
