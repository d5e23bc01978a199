"""One at a time, across processes: an advisory lock on PostgreSQL, a file lock beside SQLite."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from xianban_sdk.storage.engine import Database

__all__ = ["lock_number", "take_turn", "try_lock"]


@contextmanager
def try_lock(db: Database, name: str) -> Generator[Callable[[], None] | None]:
    """Yield None when somebody else holds `name`; else a check that raises once it was lost."""
    held = _file_lock(db, name) if db.file else _advisory_lock(db, name)
    with held as check:
        yield check


def lock_number(*parts: str) -> int:
    """The advisory lock's number for a name."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def take_turn(db: Database, conn: Connection, *name: str) -> bool:
    """False when another transaction has the turn; ours ends with the transaction of `conn`.

    On SQLite a transaction that writes is alone anyway.
    """
    if db.file:
        return True
    number = lock_number(db.schema, *name)
    return bool(conn.scalar(select(func.pg_try_advisory_xact_lock(number))))


@contextmanager
def _advisory_lock(db: Database, name: str) -> Generator[Callable[[], None] | None]:
    number = lock_number(db.schema, name)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.scalar(select(func.pg_try_advisory_lock(number))):
            yield None
            return
        try:
            yield lambda: _still_there(conn)
        finally:
            if not conn.invalidated:
                conn.scalar(select(func.pg_advisory_unlock(number)))


def _still_there(conn: Connection) -> None:
    """The session holds the lock: when it is gone, this raises."""
    conn.exec_driver_sql("SELECT 1")


@contextmanager
def _file_lock(db: Database, name: str) -> Generator[Callable[[], None] | None]:
    assert db.file is not None
    path = db.file.with_name(f"{db.file.name}.{name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    try:
        yield lambda: None  # a file lock ends with the process only
    finally:
        os.close(descriptor)
