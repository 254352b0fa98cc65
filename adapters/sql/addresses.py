"""Database addresses as people write them, and what the drivers make of them."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from knowledge.errors import PilotlightError

_EXAMPLES = "write sqlite:///data/pilotlight.db or postgresql://user:password@host/database"


@dataclass(frozen=True, slots=True)
class File:
    """One SQLite file."""

    path: Path

    def __str__(self) -> str:
        return f"the database file {self.path}"


@dataclass(frozen=True, slots=True)
class Server:
    """One database of a PostgreSQL server. `dsn` holds the password, so it is never shown; `name` can be."""

    dsn: str
    name: str

    def __str__(self) -> str:
        return f"the PostgreSQL database {self.name}"

    def __repr__(self) -> str:
        return f"Server({self.name!r})"


def read_address(url: str) -> File | Server:
    """Where a database is; PilotlightError where `url` names none that we can use."""
    try:
        parts = make_url(url.strip())
    except (ArgumentError, ValueError):
        # The address may hold a password, so it is not repeated.
        raise PilotlightError(f"The database address cannot be read; {_EXAMPLES}.") from None
    if parts.get_backend_name() != "sqlite" and "@" in f"{parts.host}{parts.database}{''.join(parts.query)}":
        # What looks like a host or a database here is a piece of a password.
        raise PilotlightError("The database address cannot be read; write @ : / ? # % in a password as %40 %3A %2F …")
    match parts.get_backend_name():
        case "sqlite":
            if not parts.database or parts.database == ":memory:" or parts.query:
                raise PilotlightError(f"A SQLite address names a file, and nothing else; {_EXAMPLES}.")
            return File(Path(parts.database).expanduser().absolute())
        case "postgresql" | "postgres":
            # asyncpg reads addresses as PostgreSQL's own tools do: sockets, sslmode, several hosts.
            dsn = parts.set(drivername="postgresql").render_as_string(hide_password=False)
            host = parts.host or parts.query.get("host") or "this machine"
            return Server(dsn, f"{parts.database or parts.username or ''} on {host}".strip())
        case other:
            raise PilotlightError(f"Pilotlight keeps its data in SQLite or PostgreSQL, not in {other}; {_EXAMPLES}.")
