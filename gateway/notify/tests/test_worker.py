"""The delivery worker in its own process, on a real RabbitMQ: killed, restarted, cut off.

XIANBAN_TEST_BROKER names the broker; XIANBAN_TEST_BROKER_RESTART is a command that restarts it, for
who owns it.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from kombu.connection import Connection
from xianban.common.v1 import messages_pb2
from xianban_notify.app import app
from xianban_notify.domain.address import EMAIL, PHONE
from xianban_notify.queues import ATTEMPTS, OUTCOMES
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.preferences import Address, Addresses
from xianban_sdk.clock import SystemClock
from xianban_sdk.demo import person_id
from xianban_sdk.ids import UlidIds
from xianban_sdk.messaging import topology
from xianban_sdk.messaging.event import Event, event_type
from xianban_sdk.plugins.keeping_up import KeepingUp
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.repository import MachineScope
from xianban_sdk.simulating import running
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest, TestIssuer, settings_for
from xianban_sdk.testing.line import Line
from xianban_sdk.testing.ports import free_port

GIVEN = os.environ.get("XIANBAN_TEST_BROKER", "")
# Each worker of pytest-xdist has a virtual host of its own.
HOST = os.environ.get("PYTEST_XDIST_WORKER", "")
BROKER = urlsplit(GIVEN)._replace(path=f"/{HOST}").geturl() if GIVEN and HOST else GIVEN
RESTART = os.environ.get("XIANBAN_TEST_BROKER_RESTART", "")
DAUGHTER = person_id("daughter")
MACHINE = MachineScope("notify")

pytestmark = [
    pytest.mark.backends,
    pytest.mark.skipif(not BROKER, reason="XIANBAN_TEST_BROKER names no RabbitMQ"),
]


class SmsGateway(ThreadingHTTPServer):
    """Keeps its promise: one text per id, however often it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SmsHandler)
        self.asked: list[str] = []
        self.texts: dict[str, str] = {}
        self.open = threading.Event()
        self.open.set()


class SmsHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(sent["id"])
        self.server.texts[sent["id"]] = sent["text"]
        # The text is out; only the answer is late: the crash window.
        self.server.open.wait(30)
        with suppress(ConnectionError):  # who asked was killed
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"accepted": true, "id": "g"}')

    def log_message(self, *args):
        pass


class Mailbox:
    """Takes each mail at once, and tells late that it did when told to."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.late = 0.0

    async def handle_DATA(self, server, session, envelope):
        import asyncio
        from email import message_from_bytes

        self.ids.append(message_from_bytes(envelope.content)["Message-ID"])
        await asyncio.sleep(self.late)
        return "250 OK"


class District:
    """Notify in this process, its worker in another."""

    def __init__(self, service, gateway, mailbox, environment) -> None:
        self.service, self.gateway, self.mailbox = service, gateway, mailbox
        self._environment = environment
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, broker: str = BROKER) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "xianban_sdk.cli", "worker", "notify"]
        environment = self._environment | {"XIANBAN_BROKER": broker}
        self.workers.append(subprocess.Popen(command, env=environment))
        return self.workers[-1]

    def kill_worker(self) -> None:
        self.workers[-1].send_signal(signal.SIGKILL)
        self.workers[-1].wait()

    def reachable(self, kind: str, value: str) -> None:
        resources = self.service.resources
        now = resources.clock.now()
        opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
        with opened as uow:
            made = Address(
                id=uow.ids.new(),
                person=DAUGHTER,
                kind=kind,
                value=value,
                created_at=now,
                verified_at=now,
            )
            Addresses(uow.conn, MACHINE).add(made)

    def tell(self, number: int) -> None:
        asked = messages_pb2.MessageRequested(
            recipient=DAUGHTER, template="alarm", urgent=True, dedupe_key=str(number)
        )
        resources = self.service.resources
        event = Event(
            id=resources.ids.new(),
            source="/services/eldercare",
            type=event_type(asked),
            routing_key="eldercare.v1.message_requested",
            subject=DAUGHTER,
            aggregate=f"residents/{DAUGHTER}",
            time=resources.clock.now(),
            data=asked.SerializeToString(),
        )
        until(lambda: published(resources.bus, event))

    def deliveries(self):
        with self.service.db.read() as conn:
            from sqlalchemy import select
            from xianban_notify.repository.tables import delivery

            ids = conn.execute(select(delivery.c.id)).scalars().all()
            return list(Deliveries(conn, MACHINE).by_id(ids).values())

    def states(self) -> Counter[str]:
        return Counter(str(one.state) for one in self.deliveries())


def published(bus, event) -> bool:
    from xianban_sdk.messaging import BusUnavailable

    try:
        bus.publish([event])
    except BusUnavailable:
        return False
    return True


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def empty_queues() -> None:
    """What a test before left on the broker is not this one's."""
    with Connection(BROKER) as connection:
        topology.declare_common(connection)
        for work in (ATTEMPTS, OUTCOMES):
            work.declare(connection)
            queues = [topology.queue_name(work.name), topology.dead_name(work.name)]
            for name in queues:
                connection.default_channel.queue_purge(name)


@pytest.fixture
def gateway():
    server = SmsGateway()
    with running(server):
        yield server
        server.open.set()


@pytest.fixture
def mail_server():

    mailbox = Mailbox()
    controller = Controller(mailbox, "127.0.0.1", free_port())
    controller.start()
    yield mailbox, controller.port
    controller.stop()


@pytest.fixture
def district(tmp_path, gateway, mail_server, monkeypatch):
    mailbox, port = mail_server
    told = {
        "XIANBAN_BROKER": BROKER,
        "XIANBAN_DATA": str(tmp_path),
        "XIANBAN_DEMO": "0",
        "XIANBAN_NOTIFY_SMS_URL": f"http://127.0.0.1:{gateway.server_port}/send",
        "XIANBAN_EMAIL_URL": f"smtp+plain://127.0.0.1:{port}",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    empty_queues()
    clock = SystemClock()
    service = ServiceUnderTest(
        app,
        settings_for(tmp_path, broker=BROKER),
        clock=clock,
        ids=UlidIds(clock),
        issuer=TestIssuer(clock),
        world=RelationsWorld(clock),
    )
    service.start()
    made = District(service, gateway, mailbox, os.environ | told)
    yield made
    for worker in made.workers:
        if worker.poll() is None:
            worker.kill()
            worker.wait()
    service.stop()
    shutil.rmtree(service.settings.run, ignore_errors=True)


def test_attempts_go_to_the_worker_and_outcomes_come_back(district):
    district.reachable(PHONE, "13900000002")
    district.start_worker()
    for number in range(20):
        district.tell(number)
    until(lambda: district.states() == {"sent": 20})
    assert len(district.gateway.asked) == len(set(district.gateway.asked)) == 20


def test_a_running_worker_follows_what_an_operator_switches(district, monkeypatch):
    # The service would follow, too, and ask for nothing over a channel that is off.
    monkeypatch.setattr(KeepingUp, "look", lambda _self: None)
    numbers, switches = itertools.count(), Switches(district.service.settings)

    def refused() -> bool:
        district.tell(next(numbers))
        return any(one.reason == "channel-not-installed" for one in district.deliveries())

    district.reachable(PHONE, "13900000002")
    district.start_worker()
    district.tell(next(numbers))
    until(lambda: district.states() == {"sent": 1})
    switches.switch_off("notify-sms", Off("a test", "", "2026-11-30T00:00:00Z"))
    until(refused)
    switches.switch_on("notify-sms")
    # Also what was refused, at its next try.
    until(lambda: district.states().keys() == {"sent"})


def test_a_worker_killed_in_the_middle_loses_nothing_and_a_key_doubles_nothing(district):
    district.reachable(PHONE, "13900000002")
    district.gateway.open.clear()
    district.start_worker()
    for number in range(5):
        district.tell(number)
    until(lambda: len(district.gateway.asked) == 5)
    district.kill_worker()
    district.gateway.open.set()
    district.start_worker()
    until(lambda: district.states() == {"sent": 5})
    # Asked twice, by the same ids: the gateway sent five texts.
    assert set(Counter(district.gateway.asked).values()) == {2}
    assert len(district.gateway.texts) == 5
    assert sum(one.maybe_twice for one in district.deliveries()) == 0


def test_health_says_whether_anybody_delivers(district):
    def problem():
        district.service.service.health.check()
        return district.service.service.health.problems.get("worker", "")

    until(lambda: problem() == "no delivery worker is at work")
    district.start_worker()
    until(lambda: problem() == "")
    district.kill_worker()
    until(lambda: problem() == "no delivery worker is at work")


def test_over_a_channel_without_keys_the_crash_window_is_counted(district):
    district.reachable(EMAIL, "daughter@example.org")
    district.mailbox.late = 30.0
    district.start_worker()
    district.tell(1)
    until(lambda: len(district.mailbox.ids) == 1)
    district.kill_worker()
    district.mailbox.late = 0.0
    district.start_worker()
    until(lambda: district.states() == {"sent": 1})
    # Message-ID is the same, so that a mailbox may show it once; nothing promises it.
    assert len(district.mailbox.ids) == 2
    assert len(set(district.mailbox.ids)) == 1
    assert [one.maybe_twice for one in district.deliveries()] == [1]


def test_what_is_asked_while_no_worker_runs_waits_for_one(district):
    district.reachable(PHONE, "13900000002")
    for number in range(3):
        district.tell(number)
    until(lambda: district.states() == {"sending": 3})
    assert district.gateway.asked == []
    district.start_worker()
    until(lambda: district.states() == {"sent": 3})


def test_the_worker_ends_what_it_began_when_it_is_told_to_stop(district):
    district.reachable(PHONE, "13900000002")
    district.gateway.open.clear()
    worker = district.start_worker()
    district.tell(1)
    until(lambda: len(district.gateway.asked) == 1)
    worker.terminate()
    district.gateway.open.set()
    assert worker.wait(30) == 0
    until(lambda: district.states() == {"sent": 1})
    assert len(district.gateway.asked) == 1


def test_without_its_broker_it_ends_all_the_same_and_nothing_is_lost(district):
    district.reachable(PHONE, "13900000002")
    district.gateway.open.clear()
    broker = urlsplit(BROKER)
    line = Line(("127.0.0.1", 0), (broker.hostname, broker.port or 5672))
    behind = f"{broker.username}:{broker.password}@127.0.0.1:{line.address[1]}"
    worker = district.start_worker(broker._replace(netloc=behind).geturl())
    district.tell(1)
    until(lambda: len(district.gateway.asked) == 1)
    line.cut()
    worker.terminate()
    assert worker.wait(30) == 0
    district.gateway.open.set()
    district.start_worker()
    until(lambda: district.states() == {"sent": 1})
    assert len(set(district.gateway.asked)) == 1


@pytest.mark.skipif(not RESTART, reason="XIANBAN_TEST_BROKER_RESTART: the broker is not ours")
def test_a_restart_of_the_broker_loses_nothing_and_doubles_nothing(district):
    district.reachable(PHONE, "13900000002")
    district.gateway.open.clear()
    district.start_worker()
    for number in range(10):
        district.tell(number)
    until(lambda: len(district.gateway.asked) == 10)
    subprocess.run(shlex.split(RESTART), check=True)
    district.gateway.open.set()
    for number in range(10, 15):
        district.tell(number)
    until(lambda: district.states() == {"sent": 15}, 110)
    assert len(district.gateway.texts) == 15
