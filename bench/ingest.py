"""Readings per second through the real RPC: stored, judged, ruled on, alarms told; rows counted.

The service runs in this process, the sender in another: ``python -m bench.ingest send SOCKET TOKEN
BATCH SECONDS RATE`` (RATE 0: as fast as it goes) prints what it sent and how long calls took.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import grpc
from sqlalchemy import Connection, func, select, text
from xianban.common.v1 import readings_pb2 as pb
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.app import Resources, Service
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.messaging.kombu_bus import KombuBus
from xianban_sdk.messaging.memory_bus import MemoryBus
from xianban_sdk.readings import Breach, Fact, Ingest, Kind, Kinds, Rule, Severity
from xianban_sdk.readings.tables import reading
from xianban_sdk.rpc.call import Call
from xianban_sdk.storage import Database, Keyring, UnitOfWork, install_keys
from xianban_sdk.testing.harness import ServiceUnderTest, settings_for
from xianban_sdk.testing.issuer import TestIssuer
from xianban_sdk.testing.world import RelationsWorld

NAME: Final = "ingestbench"
DEVICES, SECONDS, SENDERS, TARGET = 10_000, 5.0, 3, 20_000
METHOD: Final = "/xianban.common.v1.IngestService/IngestBatch"
KINDS: Final = Kinds(
    [Kind(code="heart-rate", unit="/min", low=20, high=300, not_measured=frozenset({0.0}))]
)
RULES: Final = (
    Breach(
        name="heart-fast",
        kind="heart-rate",
        severity=Severity.SEVERE,
        side="above",
        level=140,
        clear_level=120,
    ),
    Breach(
        name="heart-slow",
        kind="heart-rate",
        severity=Severity.SEVERE,
        side="below",
        level=40,
        clear_level=45,
    ),
)
ALARMING: Final = 0.001  # of the readings
_heard: list[float] = []


def measure(directory: Path, database: str = "", broker: str = "") -> dict[str, Any]:
    """On a SQLite file and the bus in the process, or on PostgreSQL and RabbitMQ."""
    data = directory / ("ingest-postgresql" if database else "ingest-sqlite")
    _drop(database)
    install_keys(Keyring.derive(b"b" * 32))
    clock = SystemClock()
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # as a service's process is; the sender takes the others
    running = ServiceUnderTest(
        APP,
        settings_for(data, database=database, broker=broker),
        clock=clock,
        ids=UlidIds(clock),
        issuer=TestIssuer(clock),
        world=RelationsWorld(clock),
        bus=KombuBus(broker) if broker else MemoryBus(),
    )
    running.start()
    try:
        _send(running, 500, 2.0, 0)  # every device is seen, every statement prepared
        return {
            f"batches of {size}, {rate or 'no'} limit per s": _run(running, size, rate)
            for size, rate in ((100, TARGET), (500, TARGET), (500, 0), (1000, 0))
        }
    finally:
        running.stop()
        os.sched_setaffinity(0, cpus)
        _drop(database)


def _run(running: ServiceUnderTest, size: int, rate: int) -> dict[str, Any]:
    before, cpu = _rows(running), time.process_time()
    _heard.clear()
    sent = _send(running, size, SECONDS, rate)
    cpu = time.process_time() - cpu
    stored = _rows(running) - before
    time.sleep(0.5)
    alarms = sorted(_heard)
    return {
        "rows per s": round(stored / sent["seconds"]),
        "rows counted": stored,
        "readings sent": sent["readings"],
        # Of this process: with others on the machine it says more than the rate.
        "cpu us per reading": round(cpu / max(stored, 1) * 1e6, 1),
        "call p50 ms": sent["p50"],
        "call p99 ms": sent["p99"],
        "alarms": len(alarms),
        "alarm p50 ms": _at(alarms, 0.5),
        "alarm p99 ms": _at(alarms, 0.99),
    }


def _rows(running: ServiceUnderTest) -> int:
    with running.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(reading)) or 0


def _send(running: ServiceUnderTest, size: int, seconds: float, rate: int) -> dict[str, Any]:
    socket = running.settings.socket(NAME)
    token = running.issuer.workload("sensing", NAME)
    command = [sys.executable, "-m", "bench.ingest", "send", str(socket), token]
    asked = [str(size), str(seconds), str(rate)]
    done = subprocess.run([*command, *asked], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def _drop(database: str) -> None:
    if database:
        db = Database.open(database, owner=NAME)
        with db.begin() as conn:
            conn.execute(text(f"DROP SCHEMA IF EXISTS {NAME} CASCADE"))
        db.close()


def _at(values: Sequence[float], share: float) -> float:
    return round(values[int((len(values) - 1) * share)], 1) if values else 0.0


# -- the service -----------------------------------------------------------------------------------


class Taker:
    """What a domain's servicer does, and no more."""

    def __init__(self, _resources: Resources) -> None:
        self._ingest = Ingest(KINDS, rules=_rules, on_facts=_tell)

    def IngestBatch(self, request: pb.IngestBatchRequest, call: Call) -> pb.IngestBatchResponse:
        return self._ingest.batch(request, call.uow)

    def ReportDeviceEvent(
        self, request: pb.ReportDeviceEventRequest, call: Call
    ) -> pb.ReportDeviceEventResponse:
        return pb.ReportDeviceEventResponse()


def _rules(
    _conn: Connection, wanted: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[Rule]]:
    return dict.fromkeys(wanted, RULES)


def _tell(facts: Sequence[Fact], uow: UnitOfWork) -> None:
    for fact in facts:
        made = fact.reasons[0].observed_at.timestamp()
        told = MessageRequested(recipient=fact.subject, template="bench", dedupe_key=repr(made))
        uow.emit(told, aggregate=fact.subject)


@consumer(f"{NAME}.v1.message_requested")
def on_alarm(event: MessageRequested, *, uow: UnitOfWork, meta: Event) -> None:
    """Another service has it, by outbox, relay, bus and inbox."""
    del meta
    made = float(event.dedupe_key)
    uow.after_commit(lambda: _heard.append((time.time() - made) * 1000))


APP: Final = Service(
    name=NAME,
    package="bench",
    servicers={"xianban.common.v1.IngestService": Taker},
    consumers=(on_alarm,),
    policy="ingest.cedar",
)


# -- the sender ------------------------------------------------------------------------------------


class Sender:
    """Some threads, each with one call at a time; a reading's time is when its batch was made."""

    def __init__(self, socket: str, token: str, size: int, rate: int) -> None:
        channel = grpc.insecure_channel(f"unix:{socket}")
        self._call = channel.unary_unary(METHOD)
        self._metadata = (("x-xianban-workload", token),)
        self._size = size
        self._pause = size / rate if rate else 0.0
        self._turn = count()
        self._ids = UlidIds(SystemClock())
        self.took: list[float] = []

    def run(self, until: float, begin: float) -> None:
        while time.perf_counter() < until:
            turn = next(self._turn)
            time.sleep(max(begin + turn * self._pause - time.perf_counter(), 0.0))
            request = self._batch(turn).SerializeToString()
            start = time.perf_counter()
            self._call(request, metadata=self._metadata, timeout=30)
            self.took.append(time.perf_counter() - start)

    def _batch(self, turn: int) -> pb.IngestBatchRequest:
        now = time.time_ns() // 1000
        made = pb.IngestBatchRequest(request_id=self._ids.new())
        for number in range(self._size):
            device = (turn * self._size + number) % DEVICES
            made.readings.add(
                device=f"D{device:025d}",
                subject=f"residents/{device:026d}",
                kind="heart-rate",
                value=180 if random.random() < ALARMING else 72.5,
                unit="/min",
                observe_micros=now,
                receive_micros=now,
            )
        return made


def send(socket: str, token: str, size: int, seconds: float, rate: int) -> dict[str, Any]:
    """Sends for a while; what came of it."""
    sender = Sender(socket, token, size, rate)
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
        "p50": _at(took, 0.5),
        "p99": _at(took, 0.99),
    }


def main() -> None:
    if sys.argv[1:2] == ["send"]:
        socket, token, size, seconds, rate = sys.argv[2:7]
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        sys.stdout.write(json.dumps(send(socket, token, int(size), float(seconds), int(rate))))
        return
    import tempfile

    names = ("XIANBAN_TEST_DATABASE", "XIANBAN_TEST_BROKER")
    database, broker = (os.environ.get(name, "") for name in names)
    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        found = measure(Path(directory), database, broker)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
