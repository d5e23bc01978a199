"""Which database failures pass by themselves."""

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

__all__ = ["is_transient"]

# Connection, resources, operator intervention, deadlock and serialisation (SQLSTATE classes).
_PASSING_CLASSES = ("08", "53", "57P", "40")
_PASSING_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


def is_transient(error: BaseException) -> bool:
    """True when the same statement may succeed later: waiting is right, giving up is not."""
    if isinstance(error, PoolTimeout | TimeoutError | ConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    return _driver_says_passing(error.orig)


def _driver_says_passing(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _PASSING_SQLITE
    if isinstance(cause, psycopg.OperationalError):
        return cause.sqlstate is None or cause.sqlstate.startswith(_PASSING_CLASSES)
    return False
