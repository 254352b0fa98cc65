from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql import Database, open_database
from tests.fakes import MemoryDatabase

Opened = Database | MemoryDatabase


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """None for the fake."""
    match request.param:
        case "sqlite":
            return f"sqlite:///{tmp_path}/pilotlight.db"
        case "postgresql":
            return str(request.getfixturevalue("postgres_url"))
    return None


@pytest.fixture
async def database(url: str | None) -> AsyncIterator[Opened]:
    if url is None:
        yield MemoryDatabase()
        return
    async with open_database(url) as opened:
        yield opened


@pytest.fixture
async def replica(url: str | None, database: Opened) -> AsyncIterator[Opened]:
    """Another program with the same database open; the fake is only ever in one."""
    if url is None:
        yield database
        return
    async with open_database(url) as opened:
        yield opened
