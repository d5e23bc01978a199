"""A release over another under load: whoever calls notices nothing, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import httpx
from campaign import RESIDENTS
from elder import Elder
from fleet import Fleet, Replica
from journal import Journal
from releases import COLUMN, NEXT, next_release
from resident import PASSING, GaveUp, Resident
from sqlalchemy import create_engine, text
from verify import findings, opened, unsent
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_sdk.app import installed_services
from xianban_sdk.rpc.clients import channel
from xianban_sdk.settings import Settings, address_variable

SETTLE_SECONDS = 120.0


class Impatient(Resident):
    """Asks once: an answer that is none is a failed call."""

    slowest = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        assert isinstance(self.suite, Fleet)
        self.settings = replace(self.settings, tls=self.suite.certificates("edge"))
        # The gateway gives up first, and says so: silence longer than that is a failure.
        self.http.timeout = httpx.Timeout(20)

    def _until(self, ask: Any) -> httpx.Response:
        begin = time.monotonic()
        try:
            answer = ask()
            self.slowest = max(self.slowest, time.monotonic() - begin)
        except httpx.HTTPError as error:
            raise self._failed(repr(error), begin) from error
        if answer.status_code >= 500 or answer.status_code in PASSING:
            raise self._failed(f"{answer.status_code} {answer.text[:300]}", begin)
        self.journal.count("answers")
        return answer

    def _failed(self, what: str, begin: float) -> GaveUp:
        self.journal.count("failed")
        at = time.strftime("%H:%M:%S")
        return GaveUp(f"{at} failed after {time.monotonic() - begin:.2f} s: {what}")


class Wearer(Elder):
    """Looks through the gateway; acts as the portal does, on a channel to both replicas."""

    def __post_init__(self) -> None:
        super().__post_init__()
        assert isinstance(self.suite, Fleet)
        self.settings = replace(self.settings, tls=self.suite.certificates("portal"))

    def _did(self, deed: str, asked: Any) -> bool:
        lane = "safety" if deed == "Acknowledge" else ""
        address = os.environ[address_variable("eldercare", lane, "ADDR")]
        service = "xianban.common.v1.AlertService"
        with channel(address, service, process="eldercare", settings=self.settings) as opened:
            bearer = f"Bearer {self._token('dispatcher')}"
            call = getattr(AlertServiceStub(opened), f"{deed}Alert")
            try:
                call(asked, metadata=[("authorization", bearer)], timeout=10)
            except grpc.RpcError as error:
                self.journal.count(f"wearer {error.code().name}")
                raise
        self.journal.count("answers")
        return True

    def _standing(self, rule: str) -> dict[str, Any] | None:
        try:
            found = super()._standing(rule)
        except httpx.HTTPError as error:
            self.journal.count("failed")
            self.journal.problem(f"{time.strftime('%H:%M:%S')} wearer: {error!r}")
            raise
        self.journal.count("answers")
        return found


@dataclass
class Upgrade:
    """What is changed under which load; `calm` seconds lie before, between and after."""

    fleet: Fleet
    seed: int
    calm: float = 2.0
    journal: Journal = field(default_factory=Journal)
    replaced: dict[str, float] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0
    release: Path | None = None

    def run(self) -> dict[str, Any]:
        """Figures, findings among them."""
        with self.load() as begin:
            time.sleep(self.calm)
            done = self.change()
            time.sleep(self.calm)
            seconds = time.monotonic() - begin
        done |= self.afterwards()
        self._settle()
        audit = self.fleet.command("audit", "verify")
        self.fleet.stop()
        return {"seconds": round(seconds, 1)} | done | self._figures(audit)

    def change(self) -> dict[str, Any]:
        """The schema first, then process after process, then the gateway's routes."""
        self.release = next_release(self.fleet.data / "next")
        migrating = time.monotonic()
        self.fleet.command("migrate", release=self.release)
        migrated = round(time.monotonic() - migrating, 1)
        time.sleep(self.calm)
        self.roll()
        edge = self.fleet.replicas["edge"].process
        assert edge is not None
        edge.send_signal(signal.SIGHUP)
        return {"migrated_seconds": migrated}

    def afterwards(self) -> dict[str, Any]:
        """The portal has no second one: how long nobody gets a page."""
        begin = time.monotonic()
        self._replace(self.fleet.replicas["portal"])
        self.fleet.wait_until_ready()
        return {
            "pages_gone_seconds": round(time.monotonic() - begin, 1),
            "events_by_release": self._events_by_release(),
        }

    def roll(self) -> None:
        """Every process is ended and started while its second one serves."""
        for wave in self._waves():
            self.fleet.together(wave, self._replace)
            time.sleep(self.calm)

    def _waves(self) -> list[list[str]]:
        """One of everything that there are two of; the other one; the uplink, which is alone."""
        names = self.fleet.replicas
        of = {letter: [n for n in names if n.endswith(f"-{letter}")] for letter in "ab"}
        return [of["a"], of["b"], ["uplink"]]

    def _replace(self, replica: Replica) -> None:
        begin = time.monotonic()
        self.exits[replica.name] = replica.stop()
        replica.start(self.release)
        self.replaced[replica.name] = round(time.monotonic() - begin, 1)

    @contextmanager
    def load(self) -> Iterator[float]:
        stop = threading.Event()
        clients = [
            Impatient(self.fleet, person, self.journal, random.Random(self.seed + number), stop)
            for number, person in enumerate(RESIDENTS)
        ]
        wearer = Wearer(self.fleet, self.journal, random.Random(self.seed + 99), stop)
        threads = [threading.Thread(target=one.run, daemon=True) for one in (*clients, wearer)]
        for thread in threads:
            thread.start()
        try:
            yield time.monotonic()
        finally:
            stop.set()
            for thread in threads:
                thread.join(240)
            self.slowest = max(client.slowest for client in clients)

    def _settle(self) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end:
            time.sleep(3)
            with opened(self._settings()) as stores:
                if not unsent(stores):
                    break
        time.sleep(5)

    def _settings(self) -> Settings:
        return Settings.load({"data": self.fleet.data, "database": self.fleet.database}, environ={})

    def _figures(self, audit: str) -> dict[str, Any]:
        with opened(self._settings()) as stores:
            found = findings(stores, self.journal)
            events = {"unsent": unsent(stores)} | stores.counts()
        if "✗" in audit or "✓" not in audit:
            found.append(f"audit: {audit}")
        counts = self.journal.counts
        return {
            "replaced": self.replaced,
            "killed": sorted(name for name, code in self.exits.items() if code),
            "slowest_call_seconds": round(self.slowest, 1),
            "calls": counts["answers"] + counts["failed"],
            "failed": counts["failed"],
            "clients": dict(sorted(counts.items())),
            "accepted": {
                "reservations": len(self.journal.reservations),
                "payments": len(self.journal.payments),
                "passages": len(self.journal.passages),
                "presses": len(self.journal.presses),
                "alarms": len(self.journal.alarms),
            },
            "events": events,
            "findings": found,
        }

    def _events_by_release(self) -> dict[str, dict[str, int]]:
        """Events written by this release's code before and beside the next one's, and by that."""
        told: dict[str, dict[str, int]] = {}
        engine = create_engine(self.fleet.database)
        with engine.connect() as conn:
            for service in installed_services(None):
                query = f"SELECT coalesce({COLUMN}, 'n'), count(*) FROM {service.name}.outbox"
                found = {row[0]: row[1] for row in conn.execute(text(f"{query} GROUP BY 1"))}
                told[service.name] = {"n": found.get("n", 0), "n+1": found.get(NEXT, 0)}
        engine.dispose()
        return told
