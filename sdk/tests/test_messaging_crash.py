"""kill -9 of a whole one-process suite, again and again: no event lost, none applied twice."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Two services in one process: one commits a row and its event together, the other counts events.
SUITE = """
import sys, threading, time
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.messaging import Inbox, MemoryBus, Relay, consumer
from xianban_sdk.storage import Database, migrate, open_unit_of_work

metadata = MetaData()
fact = Table("fact", metadata, Column("seq", Integer, primary_key=True), Column("recipient", Text))
folder, start = sys.argv[1], int(sys.argv[2])
clock = SystemClock()
ids = UlidIds(clock)
databases = {}
for name in ("sender", "taker"):
    databases[name] = Database.open(f"sqlite:///{folder}/{name}.db", owner=name)
    migrate(databases[name])
    with databases[name].begin() as conn:
        metadata.create_all(conn)

@consumer("sender.v1.message_requested")
def on_message(event: MessageRequested, *, uow, meta) -> None:
    uow.conn.execute(insert(fact).values(recipient=event.recipient))

bus = MemoryBus()
inbox = Inbox(databases["taker"], "taker", [on_message], clock=clock, ids=ids)
bus.subscribe("taker", inbox.patterns, inbox.deliver)
stop = threading.Event()
threading.Thread(target=Relay(databases["sender"], bus, clock).run, args=(stop,)).start()
if start >= 0:
    print("ready", flush=True)
for number in range(start, start + 100_000):
    with open_unit_of_work(databases["sender"], clock=clock, ids=ids) as uow:
        uow.conn.execute(insert(fact).values(recipient=str(number)))
        uow.emit(MessageRequested(recipient=str(number)), aggregate=f"a/{number % 5}")
    time.sleep(0.005)
    if start < 0:
        print("ready", flush=True)
        break
"""


def test_every_committed_event_is_applied_once_and_in_order(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    for round_number in range(5):
        with suite(tmp_path, round_number * 100_000):
            before = len(facts(tmp_path / "sender.db"))
            wait_for(tmp_path / "sender.db", before + chance.randrange(10, 60))
    with suite(tmp_path, -1):
        sent = facts(tmp_path / "sender.db")
        wait_for(tmp_path / "taker.db", len(sent))
    taken = facts(tmp_path / "taker.db")
    assert sorted(taken) == sorted(sent)
    for rest in range(5):
        assert of_aggregate(taken, rest) == of_aggregate(sent, rest)


@contextmanager
def suite(folder: Path, first: int) -> Iterator[None]:
    """The suite, running; killed at the end. A negative `first` sends one fact and then idles."""
    arguments = [sys.executable, "-c", SUITE, str(folder), str(first)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == b"ready\n"
            yield
        finally:
            running.kill()


def wait_for(file: Path, count: int) -> None:
    limit = time.monotonic() + 60
    while len(facts(file)) < count:
        assert time.monotonic() < limit, "events were lost"
        time.sleep(0.01)


def of_aggregate(numbers: list[int], rest: int) -> list[int]:
    return [number for number in numbers if number % 5 == rest]


def facts(file: Path) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT recipient FROM fact ORDER BY seq").fetchall()
    finally:
        connection.close()
    return [int(row[0]) for row in rows]
