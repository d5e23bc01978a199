"""A backup is of one instant and comes back whole; what services missed of each other is found."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner
from xianban_sdk import app
from xianban_sdk.app import Service
from xianban_sdk.backups import BackupRefused, back_up, find_missed, restore, send_again
from xianban_sdk.backups.sqlite import copy_databases
from xianban_sdk.cli import commands
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret
from xianban_sdk.storage import Database, migrate
from xianban_sdk.storage.tables import inbox, outbox

KEY = "identity.v1.person_erased"  # every service hears it


class District:
    """A sender and a receiver, and what they have written."""

    def __init__(self, folder: Path, clock: Any, ids: Any) -> None:
        self.folder, self.clock, self.ids = folder, clock, ids
        self.settings = Settings(data=folder / "data")
        installed_secret("master", self.settings)
        names = [f"t{secrets.token_hex(6)}" for _ in range(2)]
        self.services = [Service(name=name, package="tests", servicers={}) for name in names]
        for one in self.services:
            self.write(one.name)

    def write(self, name: str, *statements: Any, settings: Settings | None = None) -> list[Any]:
        """Runs statements; what the last one finds."""
        data = (settings or self.settings).data
        db = Database.open(f"sqlite:///{data / name}.db", owner=name)
        found: list[Any] = []
        try:
            migrate(db)
            with db.begin() as conn:
                for statement in statements:
                    result = conn.execute(statement)
                    found = list(result) if result.returns_rows else []
        finally:
            db.close()
        return found

    def sent(self, event: str, *, at: bool = True) -> Any:
        named = ("source", "type", "actor", "subject", "traceparent", "tracestate", "aggregate")
        row = dict.fromkeys(named, "x") | {"id": event, "shard": 0, "data": b"", "routing_key": KEY}
        now = self.clock.now()
        return insert(outbox).values(**row, time=now, sent_at=now if at else None)

    def settled(self, name: str, event: str) -> Any:
        row = {"consumer_group": name, "event_id": event, "settled_at": self.clock.now()}
        return insert(inbox).values(**row)

    def elsewhere(self) -> Settings:
        return Settings(data=self.folder / "new", keys=self.settings.keys)


@pytest.fixture
def district(tmp_path: Path, clock: Any, ids: Any) -> District:
    return District(tmp_path, clock, ids)


def test_what_was_backed_up_is_there_again(district: District, tmp_path: Path) -> None:
    sender = district.services[0].name
    district.write(sender, district.sent("e1", at=False))
    (district.settings.data / "blobs" / sender).mkdir(parents=True)
    (district.settings.data / "blobs" / sender / "picture").write_bytes(b"\x00picture")
    made = back_up(district.services, district.settings, tmp_path / "b")
    done = restore(district.services, district.elsewhere(), tmp_path / "b")
    assert done.manifest.cut == made.cut
    assert done.missed.events == 0
    new = district.elsewhere()
    assert (new.data / "blobs" / sender / "picture").read_bytes() == b"\x00picture"
    assert district.write(sender, select(outbox.c.id), settings=new) == [("e1",)]


def test_all_files_are_of_one_instant_while_both_are_written(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.db" for name in "ab"]
    for file in files:
        with sqlite3.connect(file) as conn:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("CREATE TABLE n (value integer)")
    stop = threading.Event()

    def write() -> None:
        """First one, then the other: the second never has more than the first."""
        opened = [sqlite3.connect(file, timeout=30, isolation_level=None) for file in files]
        number = 0
        while not stop.is_set():
            number += 1
            for conn in opened:
                conn.execute("INSERT INTO n VALUES (?)", (number,))
        for conn in opened:
            conn.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for each in range(5):
            folder = tmp_path / str(each)
            folder.mkdir()
            copy_databases(files, folder)
            newest = []
            for name in "ab":
                conn = sqlite3.connect(folder / f"{name}.db")
                newest.append(conn.execute("SELECT coalesce(max(value), 0) FROM n").fetchone()[0])
                conn.close()
            assert newest[0] - newest[1] in (0, 1)
    finally:
        stop.set()
        writer.join()


def test_an_event_that_somebody_missed_is_found_and_sent_again(district: District) -> None:
    sender, receiver = (one.name for one in district.services)
    district.write(sender, district.sent("seen"), district.sent("lost"))
    for event in ("seen", "lost"):
        district.write(sender, district.settled(sender, event))
    district.write(receiver, district.settled(receiver, "seen"))
    missed = find_missed(district.services, district.settings)
    assert missed.by_sender[sender] == {"lost"}
    assert missed.by_receiver == {sender: 0, receiver: 1}
    send_again(district.services, district.settings, missed)
    waiting = select(outbox.c.id).where(outbox.c.sent_at.is_(None))
    assert district.write(sender, waiting) == [("lost",)]


def test_an_event_of_a_time_that_the_sender_forgot_is_told(district: District) -> None:
    receiver = district.services[1].name
    district.write(receiver, district.settled(receiver, "of-the-future"))
    assert find_missed(district.services, district.settings).orphans[receiver] == 1


def test_nothing_is_written_over(district: District, tmp_path: Path) -> None:
    back_up(district.services, district.settings, tmp_path / "b")
    with pytest.raises(BackupRefused, match="not empty"):
        back_up(district.services, district.settings, tmp_path / "b")
    with pytest.raises(BackupRefused, match="nothing is written over"):
        restore(district.services, district.settings, tmp_path / "b")


def test_another_master_secret_is_refused(district: District, tmp_path: Path) -> None:
    back_up(district.services, district.settings, tmp_path / "b")
    new = Settings(data=tmp_path / "new")
    with pytest.raises(BackupRefused, match=r"no master\.secret"):
        restore(district.services, new, tmp_path / "b")
    installed_secret("master", new)
    with pytest.raises(BackupRefused, match="not that of the backup"):
        restore(district.services, new, tmp_path / "b")


def test_a_file_that_was_changed_is_refused(district: District, tmp_path: Path) -> None:
    back_up(district.services, district.settings, tmp_path / "b")
    with (tmp_path / "b" / f"{district.services[0].name}.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupRefused, match="not what was backed up"):
        restore(district.services, district.elsewhere(), tmp_path / "b")


def test_keys_never_lie_among_the_rows(district: District, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="lies in the backup"):
        back_up(district.services, district.settings, tmp_path / "b", tmp_path / "b" / "keys")


def test_the_command_says_what_it_did(
    district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "installed_services", lambda *_: district.services)
    where = ["--data", str(district.settings.data)]
    made = CliRunner().invoke(
        commands.command_line(),
        ["backup", str(tmp_path / "b"), "--keys", str(tmp_path / "k"), *where],
    )
    assert made.exit_code == 0, made.output
    assert (tmp_path / "k" / "master.secret").read_bytes()
    again = ["restore", str(tmp_path / "b"), "--keys", str(tmp_path / "k")]
    done = CliRunner().invoke(commands.command_line(), [*again, "--data", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert "0 events were sent and missed" in done.output
