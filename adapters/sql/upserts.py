"""Rows that may be there already, each settled in one statement: between two, another replica could write."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Table, and_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables import Row


async def insert_first(connection: AsyncConnection, table: Table, row: Row) -> bool:
    """Whether no row of that key was there; the one that is there stays."""
    key = table.primary_key.columns
    first = _insert(connection, table).values(row).on_conflict_do_nothing(index_elements=list(key)).returning(*key)
    return (await connection.execute(first)).first() is not None


async def upsert(connection: AsyncConnection, table: Table, row: Row, *, keep: Collection[str] = ()) -> None:
    """Insert the row or set the one of its key to it, all but the columns in `keep`."""
    key = table.primary_key.columns
    statement = _insert(connection, table).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in key and name not in keep}
    await connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed))


async def insert_new(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Row],
    *,
    unless: ColumnElement[bool],
    keep: Collection[str] = (),
) -> int:
    """Insert these, each of its own key; how many. Where one is there, it stays unless it is as `unless` says.

    Then it is set to the new one, all but the columns in `keep`.
    """
    key = table.primary_key.columns
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key and name not in keep}
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=changed, where=unless)
    return len((await connection.execute(statement.returning(*key), rows)).all())


def same(table: Table, values: Row) -> ColumnElement[bool]:
    """That a row holds these values."""
    return and_(*(table.c[name] == value for name, value in values.items()))


def _insert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
