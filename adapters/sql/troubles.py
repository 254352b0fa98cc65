"""What the drivers raise, told as people should hear it. Neither a password nor a record is ever in the sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from adapters.sql.addresses import File, Server
from knowledge.errors import InvalidRecordError, UnavailableError

# What SQLite says -> what to do about it.
_FILE_TROUBLES = {
    "unable to open": "cannot be opened: check that its folder exists and that Pilotlight may write there",
    "readonly": "cannot be written: give Pilotlight the right to write it and its folder",
    "locked": "is busy with another program's writing: try again in a moment",
    "disk is full": "cannot grow, the disk is full: make room and try again",
    "disk i/o error": "cannot be read or written: check the disk and the right to write its folder",
    "not a database": "is no SQLite database: name another file, or move this one away",
    "malformed": "is damaged: put back a backup, or rescue it with `sqlite3 FILE .recover`",
}
# The error class of PostgreSQL or of the driver -> what to do about it.
_SERVER_TROUBLES = {
    "InvalidPasswordError": "refuses the user name or the password: check PILOTLIGHT_DATABASE_URL",
    "InvalidAuthorizationSpecificationError": "refuses this user: check PILOTLIGHT_DATABASE_URL and pg_hba.conf",
    "InvalidCatalogNameError": "does not exist: create it, or name another in PILOTLIGHT_DATABASE_URL",
    "InsufficientPrivilegeError": "does not let this user do that: make the user the owner of the database",
    "TooManyConnectionsError": "has no connection left: raise max_connections or run fewer replicas",
    "DiskFullError": "cannot grow, the disk is full: make room and try again",
    "ReadOnlySQLTransactionError": "only reads: name the primary server in PILOTLIGHT_DATABASE_URL",
}
_NO_SERVER = "does not answer: check that the server runs and that PILOTLIGHT_DATABASE_URL names it"


@contextmanager
def told_plainly(address: File | Server) -> Iterator[None]:
    """Turn a driver's trouble into UnavailableError, and a value no database can hold into InvalidRecordError."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError, UnicodeError, OverflowError) as error:
        if _is_about_values(error):
            raise InvalidRecordError("holds characters or numbers that the database cannot keep") from error
        raise UnavailableError(_sentence(address, error)) from error


def _is_about_values(error: Exception) -> bool:
    """PostgreSQL's errors of class 22, or what a driver refuses to send."""
    of_values = str(getattr(getattr(error, "orig", None), "sqlstate", "")).startswith("22")
    return of_values or not {"DataError", "UnicodeEncodeError", "OverflowError"}.isdisjoint(_class_names(error))


def _sentence(address: File | Server, error: Exception) -> str:
    if isinstance(error, PoolTimeoutError):
        return f"All connections to {address} are in use: try again in a moment."
    if isinstance(address, File):
        words = str(getattr(error, "orig", error)).lower()
        advice = next((advice for sign, advice in _FILE_TROUBLES.items() if sign in words), None)
    else:
        advice = next((_SERVER_TROUBLES[name] for name in _class_names(error) if name in _SERVER_TROUBLES), None)
        if advice is None and not (isinstance(error, DBAPIError) and not error.connection_invalidated):
            advice = _NO_SERVER
    subject = str(address)
    subject = subject[0].upper() + subject[1:]
    return f"{subject} {advice or f'failed ({_class_names(error)[-1]}): see the log, then try again'}."


def _class_names(error: BaseException | None) -> list[str]:
    """Of this error and of what caused it."""
    names = []
    while error is not None:
        names.append(type(error).__name__)
        error = error.__cause__
    return names
