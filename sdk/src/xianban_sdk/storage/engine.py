"""A service's database: SQLite in one owner process, or a PostgreSQL schema."""

import fcntl
import os
import re
import stat
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

__all__ = ["Database", "DatabaseInUse", "Dialect"]

Dialect = Literal["sqlite", "postgresql"]

_WRITE_WAIT_SECONDS = 30.0
# Connections that a pool keeps, and how many more it opens when all are in use.
_KEPT = 4
_MORE: dict[Dialect, int] = {"sqlite": 12, "postgresql": 6}


class DatabaseInUse(RuntimeError):
    """Another process owns this SQLite file."""


@dataclass(frozen=True)
class PoolCount:
    """How many connections of a pool are in use, how many lie idle, how many there may be."""

    name: str
    used: int
    idle: int
    most: int


class Database:
    """One service's database.

    Opening a PostgreSQL database does not connect: a service starts without it and becomes
    ready when it is there.
    """

    def __init__(
        self, engine: Engine, reader: Engine, *, owner: str, file: Path | None, lock: int | None
    ) -> None:
        self.engine = engine
        self.owner = owner
        self.file = file
        # Set at commit, so that relay, sealer and timers need not wait for their next look.
        self.outbox_written = threading.Event()
        self.audit_written = threading.Event()
        self.timers_written = threading.Event()
        self._reader = reader
        self._lock = lock
        self._closed = False
        for pool in (engine, reader):
            event.listen(pool, "checkin", self._came_back)
        # SQLite has one writer. Waiting here is fair and prompt; its own busy handler polls.
        self._writer = threading.Lock() if file else None
        self._writing = threading.local()

    @classmethod
    def open(cls, url: str, *, owner: str) -> "Database":
        """Open `sqlite:///path` or `postgresql+psycopg://…`; `owner` names the service."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed, owner)
        if parsed.get_backend_name() == "postgresql":
            return _open_postgresql(parsed, owner)
        raise ValueError(f"unknown database {parsed.get_backend_name()!r}: sqlite or postgresql")

    @property
    def dialect(self) -> Dialect:
        return "sqlite" if self.file else "postgresql"

    @property
    def schema(self) -> str:
        """The PostgreSQL schema of this service."""
        return _schema(self.owner)

    @contextmanager
    def begin(self) -> Generator[Connection]:
        """A write transaction: committed at the end, rolled back when an exception leaves it."""
        with self._one_writer(), self.engine.begin() as conn:
            yield conn

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A read-only connection on AUTOCOMMIT; the database itself refuses writes on it."""
        with self._reader.connect() as conn:
            yield conn

    def pools(self) -> list[PoolCount]:
        """Connections in use now, of writers and of readers."""
        return [
            _counted(self.engine, f"{self.owner}/write", self.dialect),
            _counted(self._reader, f"{self.owner}/read", self.dialect),
        ]

    def wake_all(self) -> None:
        """Let relay, sealer and timers look at once, at their stop event too."""
        for written in (self.outbox_written, self.audit_written, self.timers_written):
            written.set()

    def close(self) -> None:
        """Connections in use are closed as they come back."""
        self._closed = True
        self.engine.dispose()
        self._reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _came_back(self, _raw: object, record: ConnectionPoolEntry) -> None:
        if self._closed:
            record.invalidate()

    @contextmanager
    def _one_writer(self) -> Generator[None]:
        if self._writer is None:
            yield
            return
        if getattr(self._writing, "now", False):
            raise RuntimeError("a write transaction is already open in this thread")
        if not self._writer.acquire(timeout=_WRITE_WAIT_SECONDS):
            raise TimeoutError(f"no write turn on {self.file} in {_WRITE_WAIT_SECONDS:.0f} s")
        self._writing.now = True
        try:
            yield
        finally:
            self._writing.now = False
            self._writer.release()


def _counted(engine: Engine, name: str, dialect: Dialect) -> PoolCount:
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return PoolCount(name, pool.checkedout(), pool.checkedin(), _KEPT + _MORE[dialect])


def _open_sqlite(url: URL, owner: str) -> Database:
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite needs a file: events and audit must outlive the process")
    file = Path(url.database).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = _own(file)
    _close_to_others(file)
    engine = _sqlite_engine(file, read_only=False)
    return Database(engine, _sqlite_engine(file, read_only=True), owner=owner, file=file, lock=lock)


def _own(file: Path) -> int:
    path = file.with_name(file.name + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise DatabaseInUse(f"{file} is in use by process {holder or 'unknown'}") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _close_to_others(file: Path) -> None:
    """What residents told us is for nobody else on the machine; a group is the operator's wish."""
    file.touch(mode=0o600)
    # SQLite gives those beside it the file's own mode, but only when it makes them.
    for one in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):
            one.chmod(one.stat().st_mode & ~stat.S_IRWXO)


def _sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={"check_same_thread": False, "cached_statements": 256},
        pool_size=_KEPT,
        max_overflow=_MORE["sqlite"],
        json_deserializer=orjson.loads,
        # Never on the writer: its driver is on autocommit too, our BEGIN would not be rolled back.
        skip_autocommit_rollback=read_only,
        **_autocommit(read_only),
    )

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin or commit on its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")

    def begun(conn: Connection) -> None:
        if not read_only:
            # A deferred transaction that later wants to write can fail half-way: ask at once.
            conn.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _open_postgresql(url: URL, owner: str) -> Database:
    writer = _postgresql_engine(url, owner, read_only=False)
    reader = _postgresql_engine(url, owner, read_only=True)
    return Database(writer, reader, owner=owner, file=None, lock=None)


def _postgresql_engine(url: URL, owner: str, *, read_only: bool) -> Engine:
    settings = {
        "search_path": _schema(owner),
        "timezone": "UTC",
        "statement_timeout": "15s",
        "idle_in_transaction_session_timeout": "60s",
        "default_transaction_read_only": "on" if read_only else "off",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "options": options,
            "application_name": f"xianban-{owner}",
            "connect_timeout": 5,
        },
        pool_size=_KEPT,
        max_overflow=_MORE["postgresql"],
        pool_timeout=5,
        pool_use_lifo=True,
        skip_autocommit_rollback=True,
        **_autocommit(read_only),
    )


def _autocommit(read_only: bool) -> dict[str, Any]:
    # Set once per connection: as an execution option it is set and reset at every look.
    return {"isolation_level": "AUTOCOMMIT"} if read_only else {}


def _schema(owner: str) -> str:
    schema = owner.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", schema):
        raise ValueError(f"{owner!r} can't name a schema")
    return schema
