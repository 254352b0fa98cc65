import asyncio
from collections.abc import Iterator

import pytest

from adapters.sql import open_database
from tests.postgres import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def prepared_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database with our tables, to copy: that takes 30 ms."""
    with postgres_server.database() as url:
        asyncio.run(_prepare(url))
        yield url.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, prepared_postgres: str) -> Iterator[str]:
    """The address of a database of this test's own."""
    with postgres_server.database(like=prepared_postgres) as url:
        yield url


async def _prepare(url: str) -> None:
    async with open_database(url):
        pass
