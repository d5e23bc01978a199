"""A nameko worker whose handler raises: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from kombu import Connection
from xianban_sdk.messaging import Event, topology
from xianban_sdk.messaging.event import Undecodable
from xianban_sdk.messaging.unrouted import count
from xianban_sdk.messaging.work_queue import WorkOutlet, WorkQueue, decode_json, encode_json

BROKER = os.environ.get("XIANBAN_TEST_BROKER", "")
PATIENCE = 30

WORKER = """
import eventlet
eventlet.monkey_patch()
import sys
from google.protobuf.wrappers_pb2 import StringValue
from xianban_sdk.messaging.nameko import Work, run_worker, take_work
from xianban_sdk.messaging.work_queue import WorkQueue, decode_json

name, log, broker = sys.argv[1:]
queue = WorkQueue(name, "asked", name, (1, 1))


class Service:
    name = "test-worker"

    @take_work(queue)
    def handle(self, work: Work) -> None:
        word = StringValue.FromString(decode_json(work.body, StringValue).data).value
        with open(log, "a") as file:
            file.write(word + chr(10))
        tries = open(log).read().split().count(word)
        if word == "bad" or (word == "twice" and tries < 3):
            raise ValueError(word)


assert "grpc" not in sys.modules, "grpc must not come into an eventlet process"
run_worker(Service, broker, 5)
"""


def event(identifier: str, key: str = "asked") -> Event:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    kind = "google.protobuf.StringValue"
    return Event(identifier, "s", kind, key, "subject", "aggregate", now, b"", "00-a-b-01")


@pytest.mark.parametrize("word", ["", "贤办", "x" * 1000])
def test_json_cloud_events_come_back_as_they_went(word: str) -> None:
    message = StringValue(value=word)
    found = decode_json(encode_json(event("1"), message), StringValue)
    assert StringValue.FromString(found.data).value == word
    assert (found.id, found.subject, found.traceparent) == ("1", "subject", "00-a-b-01")


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"nothing", b'{"specversion": "1.0"}'])
def test_what_is_no_cloud_event_is_said_so(raw: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_json(raw, StringValue)


class Worker:
    """The queue, its worker in another process, and what the handler was called with."""

    def __init__(self, queue: WorkQueue, outlet: WorkOutlet, log: Path) -> None:
        self._queue, self._outlet, self._log = queue, outlet, log

    def ask(self, word: str, identifier: str) -> None:
        self._outlet.put(event(identifier), StringValue(value=word))

    def called(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []

    def dead(self) -> int:
        with Connection(BROKER) as connection:
            return count(connection, topology.dead_name(self._queue.name))


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    name = f"t{secrets.token_hex(6)}"
    queue = WorkQueue(name, "asked", name, (1, 1))
    script, log = tmp_path / "worker.py", tmp_path / "log"
    script.write_text(WORKER)
    outlet = WorkOutlet(BROKER, queue)
    command = [sys.executable, "-W", "ignore", str(script), name, str(log), BROKER]
    process = subprocess.Popen(command)
    yield Worker(queue, outlet, log)
    process.terminate()
    assert process.wait(20) == 0
    outlet.close()
    with Connection(BROKER) as connection:
        again = [str(queue.pause(seconds).name) for seconds in queue.pauses]
        for gone in (topology.queue_name(name), topology.dead_name(name), *again):
            connection.default_channel.queue_delete(gone)


def wait_until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


@pytest.mark.backends
@pytest.mark.skipif(not BROKER, reason="XIANBAN_TEST_BROKER names no RabbitMQ")
def test_a_handler_that_raises_is_called_again_and_then_the_message_is_dead(worker: Worker) -> None:
    worker.ask("bad", "1")
    worker.ask("twice", "2")
    worker.ask("good", "3")
    wait_until(lambda: worker.dead() == 1)
    wait_until(lambda: worker.called().count("twice") == 3)
    assert worker.called().count("bad") == 3
    assert worker.called().count("good") == 1


@pytest.mark.backends
@pytest.mark.skipif(not BROKER, reason="XIANBAN_TEST_BROKER names no RabbitMQ")
def test_an_event_published_twice_is_handled_once(worker: Worker) -> None:
    for _ in range(3):
        worker.ask("once", "1")
    worker.ask("last", "2")
    wait_until(lambda: "last" in worker.called())
    assert worker.called().count("once") == 1
