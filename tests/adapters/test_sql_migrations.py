"""The migrations lead to the tables that the stores use, and only forward."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Text, text

from adapters.sql import Database, open_database
from adapters.sql.tables import metadata
from knowledge.errors import PilotlightError


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/pilotlight.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(url) as opened:
        yield opened


async def differences(database: Database, tables: MetaData) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))

    async with database.connections.reading() as connection:
        return await connection.run_sync(compare)


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
