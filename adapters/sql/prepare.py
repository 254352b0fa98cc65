"""Bring a database to the newest tables, whoever else is doing the same at that moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import AsyncFileLock, Timeout
from sqlalchemy import Connection, text

from adapters.sql.addresses import File
from adapters.sql.connections import Connections
from knowledge.errors import PilotlightError, UnavailableError

_WAIT_SECONDS = 120
_LOCK_NUMBER = 0x50494C4F54  # "PILOT": an advisory lock has only a number


async def prepare(connections: Connections) -> None:
    """Upgrade in one transaction: all of it or nothing. PilotlightError where the database is ahead of this program."""
    async with _alone(connections), connections.writing() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        await connection.run_sync(_upgrade)


@asynccontextmanager
async def _alone(connections: Connections) -> AsyncIterator[None]:
    """For SQLite, a lock file: two processes that first open one file can trip over the switch to WAL."""
    address = connections.address
    if not isinstance(address, File):
        yield
        return
    try:
        await asyncio.to_thread(address.path.parent.mkdir, parents=True, exist_ok=True)
        lock = AsyncFileLock(f"{address.path}.lock", timeout=_WAIT_SECONDS)
        await lock.acquire()
    except Timeout:
        raise UnavailableError(f"Another program has been preparing {address} for long: try again later.") from None
    except OSError as error:
        raise UnavailableError(
            f"Pilotlight cannot write in {address.path.parent} ({error.strerror}): "
            "name another folder, or give it the right to write there."
        ) from error
    try:
        yield
    finally:
        await lock.release()


def _upgrade(connection: Connection) -> None:
    config = _config(connection)
    here = set(MigrationContext.configure(connection).get_current_heads())
    script = ScriptDirectory.from_config(config)
    if here == set(script.get_heads()):
        return
    if not here <= {each.revision for each in script.walk_revisions()}:
        raise PilotlightError(
            "A newer Pilotlight made this database: install that version or a later one, or use another database."
        )
    command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
