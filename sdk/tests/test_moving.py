"""From SQLite into PostgreSQL: every row arrives as it was, or none does."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, inspect, select
from typer.testing import CliRunner
from xianban_sdk import app, moving
from xianban_sdk.app import Service
from xianban_sdk.audit import Sealer
from xianban_sdk.cli import commands
from xianban_sdk.readings.tables import reading, reading_series
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, migrate, open_unit_of_work
from xianban_sdk.storage.tables import audit, outbox

POSTGRESQL = os.environ.get("XIANBAN_TEST_DATABASE", "")
needs_postgresql = [
    pytest.mark.backends,
    pytest.mark.skipif(not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL"),
]
DAY = 86_400_000_000
NUMBERS = 5


class Laptop:
    """Two services on SQLite; PostgreSQL has schemas for neither."""

    def __init__(self, folder: Path, clock: Any, ids: Any) -> None:
        self.settings = Settings(data=folder)
        self.clock, self.ids = clock, ids
        names = [f"t{secrets.token_hex(6)}" for _ in range(2)]
        self.services = [Service(name=name, package="tests", servicers={}) for name in names]
        for one in self.services:
            with self.opened(one) as db:
                migrate(db)
                self._fill(db)

    def opened(self, service: Service, url: str = "") -> Any:
        file = self.settings.data / f"{service.name}.db"
        return _Closing(Database.open(url or f"sqlite:///{file}", owner=service.name))

    def move(self) -> list[moving.Arrived]:
        return moving.move(self.services, self.settings, POSTGRESQL, lambda *_: None)

    def arrived(self, service: Service) -> bool:
        with self.opened(service, POSTGRESQL) as db, db.read() as conn:
            return db.schema in inspect(conn).get_schema_names()

    def _fill(self, db: Database) -> None:
        for number in range(NUMBERS):
            with open_unit_of_work(db, clock=self.clock, ids=self.ids) as uow:
                uow.audit("Look", f"resident {number}")
                uow.conn.execute(insert(outbox).values(**self._sent(number)))
                uow.conn.execute(insert(reading).values(**_number(number)))
        with db.begin() as conn:
            # A number that was given and is gone: it is never given again.
            conn.execute(delete(outbox).where(outbox.c.seq == NUMBERS))
            conn.execute(insert(reading_series).values(**_series()))
        Sealer(db).seal()

    def _sent(self, number: int) -> dict[str, Any]:
        names = ("source", "type", "routing_key", "actor", "subject", "traceparent", "tracestate")
        told = dict.fromkeys(names, "x")
        at = self.clock.now() + timedelta(microseconds=number)
        row = {"id": self.ids.new(), "shard": 0, "aggregate": "a", "time": at, "data": b"\x00\xff"}
        return {**told, **row}


class _Closing:
    def __init__(self, db: Database) -> None:
        self._db = db

    def __enter__(self) -> Database:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()


def _number(number: int) -> dict[str, Any]:
    at = number * DAY + 7
    return {"series": 1, "at": at, "received_at": at, "value": number / 3, "flaw": 0}


def _series() -> dict[str, Any]:
    names = ("device_key", "subject_key", "kind", "device")
    return {**dict.fromkeys(names, "x"), "subject": "residents/张桂芳"}


@pytest.fixture
def laptop(tmp_path: Path, clock: Any, ids: Any) -> Iterator[Laptop]:
    made = Laptop(tmp_path, clock, ids)
    yield made
    for one in made.services if POSTGRESQL else ():
        with made.opened(one, POSTGRESQL) as db:
            moving._drop(db)


class TestMove:
    pytestmark = needs_postgresql

    def test_every_row_arrives_and_the_audit_chain_holds(self, laptop: Laptop) -> None:
        for found in laptop.move():
            assert (found.audit_rows, found.audit) == (NUMBERS, "")
            assert found.rows > 3 * NUMBERS
        with laptop.opened(laptop.services[0], POSTGRESQL) as db, db.read() as conn:
            assert conn.scalar(select(func.count()).select_from(audit)) == NUMBERS
            assert conn.scalars(select(reading.c.at).order_by(reading.c.at)).all() == [
                _number(number)["at"] for number in range(NUMBERS)
            ]
            assert conn.scalar(select(outbox.c.data).limit(1)) == b"\x00\xff"

    def test_what_is_encrypted_is_read_with_the_same_keys(self, laptop: Laptop) -> None:
        laptop.move()
        with laptop.opened(laptop.services[0], POSTGRESQL) as db, db.read() as conn:
            assert conn.scalar(select(reading_series.c.subject)) == "residents/张桂芳"

    def test_no_number_is_given_twice(self, laptop: Laptop) -> None:
        laptop.move()
        with laptop.opened(laptop.services[0], POSTGRESQL) as db, db.begin() as conn:
            made = conn.execute(insert(outbox).values(**laptop._sent(9)))
            assert made.inserted_primary_key == (NUMBERS + 1,)

    def test_what_is_there_already_is_never_written_into(self, laptop: Laptop) -> None:
        laptop.move()
        with pytest.raises(moving.MoveRefused, match="is there already"):
            laptop.move()
        assert all(laptop.arrived(one) for one in laptop.services)

    def test_all_services_arrive_or_none(
        self, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked, really = count(), moving._sum

        def lost(table: Any, conn: Any) -> tuple[int, int]:
            # Asked of both sides: from the third time on it is the second service's.
            lacking = table.name == last and next(looked) == 3
            return (1, 0) if lacking else really(table, conn)

        last = moving.sdk_metadata.sorted_tables[-1].name
        monkeypatch.setattr(moving, "_sum", lost)
        with pytest.raises(moving.MoveRefused, match=last):
            laptop.move()
        assert not any(laptop.arrived(one) for one in laptop.services)


class TestCommand:
    @pytest.fixture
    def asked(self, laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(app, "installed_services", lambda *_: laptop.services)
        monkeypatch.delenv("XIANBAN_DATABASE", raising=False)

        def run(url: str, data: Path = laptop.settings.data) -> Any:
            return CliRunner().invoke(
                commands.command_line(), ["migrate-to", url, "--data", str(data)]
            )

        return run

    @pytest.mark.parametrize(
        ("url", "said"), [("sqlite:///x", "names sqlite"), ("somewhere", "is no URL")]
    )
    def test_a_target_that_is_no_postgresql_is_refused(
        self, asked: Any, url: str, said: str
    ) -> None:
        done = asked(url)
        assert done.exit_code == 1
        assert said in done.stderr
        assert "postgresql://user@host:5432/database" in done.stderr

    def test_a_folder_without_databases_is_refused(self, asked: Any, tmp_path: Path) -> None:
        done = asked("postgresql://nobody@127.0.0.1:1/x", tmp_path / "none")
        assert done.exit_code == 1
        assert "no service has a database" in done.stderr

    def test_while_the_suite_runs_it_is_refused(self, asked: Any, laptop: Laptop) -> None:
        with laptop.opened(laptop.services[0]):
            done = asked("postgresql://nobody@127.0.0.1:1/x")
        assert done.exit_code == 1
        assert "Stop the suite first." in done.stderr

    @pytest.mark.backends
    @pytest.mark.skipif(not POSTGRESQL, reason="XIANBAN_TEST_DATABASE names no PostgreSQL")
    def test_it_says_how_to_go_on(self, asked: Any, laptop: Laptop) -> None:
        done = asked(POSTGRESQL)
        assert done.exit_code == 0, done.output
        assert laptop.services[0].name in done.stdout
        assert "Go on with: xianban up" in done.stdout
