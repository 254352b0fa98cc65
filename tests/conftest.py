import asyncio
import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What docs/reference/parity.md counts on is not skipped where everything has to hold."""
    report = yield
    if report.skipped and item.get_closest_marker("shows") and os.environ.get("CI"):
        report.outcome, report.longrepr = "failed", f"Skipped, though it shows what people can do: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that leaves this machine fails the test that makes it."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise AssertionError(f"A test tried to reach {address[0]}")

    def guarded(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
