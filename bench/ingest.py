"""Readings per second through the real RPC: stored, judged, ruled on, alarms told; rows counted.

By a service that does what it must and no more, and by elder care as it is. The service runs in
this process, the sender in another: ``python -m bench.ingest send SOCKET TOKEN SHAPE BATCH SECONDS
RATE FIRST`` (RATE 0: as fast as it goes) prints what it sent and how long calls took.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import grpc
from sqlalchemy import func, select, text
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.messaging.kombu_bus import KombuBus
from xianban_sdk.messaging.memory_bus import MemoryBus
from xianban_sdk.readings.tables import reading
from xianban_sdk.storage import Database, Keyring, install_keys
from xianban_sdk.testing.harness import ServiceUnderTest, settings_for
from xianban_sdk.testing.issuer import TestIssuer
from xianban_sdk.testing.world import RelationsWorld

from bench.takers import BARE, ELDERCARE, SHAPES, Shape, Taker, heard, subject

SECONDS, SENDERS, TARGET = 5.0, 3, 20_000
METHOD: Final = "/xianban.common.v1.IngestService/IngestBatch"
ALARMING: Final = 0.001  # of the moments
# Batch size and readings per s; 0: as fast as it goes.
_RUNS: Final = ((100, TARGET), (500, TARGET), (500, 0), (1000, 0))
_RUNS_OF_ELDERCARE: Final = ((500, TARGET), (500, 0))


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows and events go: a SQLite file and the bus in the process, or PostgreSQL and
    RabbitMQ."""

    directory: Path
    database: str = ""
    broker: str = ""


def measure(place: Place, seconds: float = SECONDS) -> dict[str, Any]:
    """Each service with its sizes of batches."""
    found = _measure(BARE, _RUNS, place, seconds)
    for taker in ELDERCARE:
        found |= _measure(taker, _RUNS_OF_ELDERCARE, place, seconds)
    return found


def _measure(
    taker: Taker, runs: Sequence[tuple[int, int]], place: Place, seconds: float
) -> dict[str, Any]:
    with _running(taker, place) as running:
        _settle(running, taker)
        return {
            f"{taker.title}batches of {size}, {rate or 'no'} limit per s": _run(
                running, taker, size, rate, seconds
            )
            for size, rate in runs
        }


@contextmanager
def _running(taker: Taker, place: Place) -> Generator[ServiceUnderTest]:
    _drop(taker, place.database)
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # as a service's process is; the sender takes the others
    running = _service(taker, place)
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(running, stop))
    running.start()
    beating.start()
    try:
        yield running
    finally:
        stop.set()
        beating.join()
        running.stop()
        os.sched_setaffinity(0, cpus)
        _drop(taker, place.database)


def _service(taker: Taker, place: Place) -> ServiceUnderTest:
    install_keys(Keyring.derive(b"b" * 32))
    clock = SystemClock()
    world = RelationsWorld(clock)
    taker.prepare(world)
    data = place.directory / f"{taker.app.name}-{'postgresql' if place.database else 'sqlite'}"
    log = str(data / "log")
    return ServiceUnderTest(
        taker.app,
        settings_for(data, database=place.database, broker=place.broker, log_file=log),
        clock=clock,
        ids=UlidIds(clock),
        issuer=TestIssuer(clock),
        world=world,
        bus=KombuBus(place.broker) if place.broker else MemoryBus(),
    )


def _beat(running: ServiceUnderTest, stop: threading.Event) -> None:
    """As identity does, so that the projection is fresh."""
    while not stop.wait(0.5):
        running.world.beat()


def _settle(running: ServiceUnderTest, taker: Taker) -> None:
    """Everybody is seen, every statement prepared."""
    sent = 0
    while sent < 2 * taker.numbers:
        sent += _send(running, taker, 500, 5.0, 0, first=sent)["readings"]


def _run(
    running: ServiceUnderTest, taker: Taker, size: int, rate: int, seconds: float
) -> dict[str, Any]:
    before, cpu = _rows(running), time.process_time()
    heard.clear()
    sent = _send(running, taker, size, seconds, rate)
    cpu = time.process_time() - cpu
    rows = _rows(running) - before
    time.sleep(0.5)
    alarms = sorted(heard)
    return {
        "readings per s": round(sent["stored"] / sent["seconds"]),
        "readings sent": sent["readings"],
        "readings stored": sent["stored"],
        # With the scores that rule packs made of them.
        "rows counted": rows,
        # Of this process: with others on the machine it says more than the rate.
        "cpu us per reading": round(cpu / max(sent["stored"], 1) * 1e6, 1),
        "cpu of one core": round(cpu / sent["seconds"], 2),
        "load": round(os.getloadavg()[0], 1),
        "call p50 ms": sent["p50"],
        "call p99 ms": sent["p99"],
        "alarms": len(alarms),
        "alarm p50 ms": _at(alarms, 0.5),
        "alarm p99 ms": _at(alarms, 0.99),
    }


def _rows(running: ServiceUnderTest) -> int:
    with running.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(reading)) or 0


def _send(
    running: ServiceUnderTest, taker: Taker, size: int, seconds: float, rate: int, first: int = 0
) -> dict[str, Any]:
    name = taker.app.name
    socket = running.settings.socket(name)
    token = running.issuer.workload(taker.workload, name)
    command = [sys.executable, "-m", "bench.ingest", "send", str(socket), token]
    asked = [taker.shape, str(size), str(seconds), str(rate), str(first)]
    done = subprocess.run([*command, *asked], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def _drop(taker: Taker, database: str) -> None:
    if database:
        db = Database.open(database, owner=taker.app.name)
        with db.begin() as conn:
            for schema in (db.schema, f"{db.schema}_kept"):  # the second is the harness's
                conn.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        db.close()


def _at(values: Sequence[float], share: float) -> float:
    return round(values[int((len(values) - 1) * share)], 1) if values else 0.0


# -- the sender ------------------------------------------------------------------------------------


class Sender:
    """Some threads, each with one call at a time; a reading's time is when its batch was made."""

    def __init__(
        self, socket: str, token: str, shape: Shape, size: int, rate: int, first: int
    ) -> None:
        channel = grpc.insecure_channel(f"unix:{socket}")
        self._call = channel.unary_unary(METHOD)
        self._metadata = (("x-xianban-workload", token),)
        self._shape = shape
        self._size = size
        self._pause = size / rate if rate else 0.0
        self._first = first // size
        self._turn = count(self._first)
        self._lock = threading.Lock()
        self._ids = UlidIds(SystemClock())
        self.took: list[float] = []
        self.stored = 0

    def run(self, until: float, begin: float) -> None:
        while time.perf_counter() < until:
            turn = next(self._turn)
            due = begin + (turn - self._first) * self._pause
            time.sleep(max(due - time.perf_counter(), 0.0))
            request = self._batch(turn).SerializeToString()
            start = time.perf_counter()
            answer = self._call(request, metadata=self._metadata, timeout=30)
            self.took.append(time.perf_counter() - start)
            with self._lock:
                self.stored += pb.IngestBatchResponse.FromString(answer).stored

    def _batch(self, turn: int) -> pb.IngestBatchRequest:
        now, shape = time.time_ns() // 1000, self._shape
        made = pb.IngestBatchRequest(request_id=self._ids.new())
        for number in range(turn * self._size, (turn + 1) * self._size):
            moment, which = divmod(number, len(shape.numbers))
            turn_of, back = divmod(moment, shape.moments)
            kind, unit, values = shape.numbers[which]
            person = turn_of % shape.people
            at = now - (shape.moments - 1 - back) * 1000
            alarms = not which and random.random() < ALARMING
            made.readings.add(
                device=f"D{person:025d}",
                subject=subject(person),
                kind=kind,
                value=shape.alarming if alarms else values[moment % len(values)],
                unit=unit,
                observe_micros=at,
                receive_micros=now,
            )
        return made


def send(
    socket: str, token: str, shape: Shape, size: int, seconds: float, rate: int, first: int
) -> dict[str, Any]:
    """Sends for a while, from a place in the people's turn on; what came of it."""
    sender = Sender(socket, token, shape, size, rate, first)
    begin = time.perf_counter()
    until = begin + seconds
    threads = [threading.Thread(target=sender.run, args=(until, begin)) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = sorted(each * 1000 for each in sender.took)
    return {
        "seconds": time.perf_counter() - begin,
        "readings": len(took) * size,
        "stored": sender.stored,
        "p50": _at(took, 0.5),
        "p99": _at(took, 0.99),
    }


def main() -> None:
    if sys.argv[1:2] == ["send"]:
        socket, token, shape, size, seconds, rate, first = sys.argv[2:9]
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        sent = send(socket, token, SHAPES[shape], int(size), float(seconds), int(rate), int(first))
        sys.stdout.write(json.dumps(sent))
        return
    import tempfile

    names = ("XIANBAN_TEST_DATABASE", "XIANBAN_TEST_BROKER")
    database, broker = (os.environ.get(name, "") for name in names)
    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        found = measure(Place(Path(directory), database, broker))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
