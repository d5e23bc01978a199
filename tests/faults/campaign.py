"""One campaign: a load of residents, seeded kills, then the reckoning."""

from __future__ import annotations

import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from elder import Elder
from journal import Journal
from resident import Resident
from suite import Suite
from verify import findings, opened, unsent
from xianban_sdk.settings import Settings

RESIDENTS = ("resident", "daughter", "guardian")
SETTLE_SECONDS = 90.0
SERVE_SECONDS = 240.0


@dataclass
class Campaign:
    """What is killed how often, under which seed; `broker` restarts the broker, if there is one."""

    suite: Suite
    seed: int
    kills: int
    targets: Sequence[str]
    broker: Callable[[], None] | None = None
    broker_restarts: int = 0
    # Some kills hit a process that is still starting.
    impatience: float = 0.2
    journal: Journal = field(default_factory=Journal)
    killed: dict[str, int] = field(default_factory=dict[str, int])
    recoveries: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    restarted: int = 0
    until: float = float("inf")

    def run(self) -> dict[str, Any]:
        """Load and kills; returns the figures, findings among them."""
        begin = time.monotonic()
        stop = threading.Event()
        threads = [self._resident(n, person, stop) for n, person in enumerate(RESIDENTS)]
        threads.append(self._elder(stop))
        try:
            self._kill_at_random()
        finally:
            stop.set()
            for thread in threads:
                thread.join(SERVE_SECONDS)
        # Kept before the reckoning: what was promised must outlive a fault of this very program.
        self.journal.write(self.suite.data / "journal.json")
        self._settle()
        audit = self.suite.command("audit", "verify", check=False)
        self.suite.stop()
        return self._figures(time.monotonic() - begin, audit)

    def _resident(self, number: int, person: str, stop: threading.Event) -> threading.Thread:
        source = random.Random(self.seed * 100 + number)
        resident = Resident(self.suite, person, self.journal, source, stop)
        thread = threading.Thread(target=resident.run, name=person, daemon=True)
        thread.start()
        return thread

    def _elder(self, stop: threading.Event) -> threading.Thread:
        elder = Elder(self.suite, self.journal, random.Random(self.seed * 100 + 99), stop)
        thread = threading.Thread(target=elder.run, name="elder", daemon=True)
        thread.start()
        return thread

    def _kill_at_random(self) -> None:
        source = random.Random(self.seed)
        # Evenly over the run, never at its very end.
        step = self.kills // (self.broker_restarts + 1)
        for number in range(self.kills):
            time.sleep(source.uniform(0.2, 3.0))
            if time.monotonic() > self.until:
                return
            if self.broker and number and step and number % step == 0:
                self._restart_broker()
            target = source.choice(self.targets)
            self.suite.kill(target)
            self.killed[target] = self.killed.get(target, 0) + 1
            if source.random() >= self.impatience:
                self._wait_until_served(target)

    def _restart_broker(self) -> None:
        if self.broker and self.restarted < self.broker_restarts:
            self.restarted += 1
            self.broker()

    def _wait_until_served(self, target: str) -> None:
        begin = time.monotonic()
        # The gateway answers 200 from the old world for a moment: first the kill must be seen.
        time.sleep(0.05)
        self.suite.wait_until_ready(SERVE_SECONDS)
        self.recoveries.setdefault(target, []).append(time.monotonic() - begin)

    def _settle(self) -> None:
        """Everything leaves, callbacks and refunds included."""
        self.suite.wait_until_ready(SERVE_SECONDS)
        end = time.monotonic() + SETTLE_SECONDS
        quiet = 0
        while quiet < 3 and time.monotonic() < end:
            quiet = quiet + 1 if self._is_quiet() else 0
            time.sleep(1.0)

    def _is_quiet(self) -> bool:
        return self.callbacks()["waiting"] == 0 and self.suite.health()["status"] == "ready"

    def callbacks(self) -> dict[str, int]:
        """The provider's own books: signed callbacks sent, taken, waiting."""
        path = self.suite.data / "sandbox-pay" / "orders.sqlite3"
        query = (
            "select count(*), coalesce(sum(attempts), 0), count(distinct payment) from deliveries"
        )
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as books:
            total, attempts, payments = books.execute(query).fetchone()
            (waiting,) = books.execute(
                "select count(*) from deliveries where sent_at is null"
            ).fetchone()
        return {"waiting": waiting, "attempts": attempts, "repeats": attempts - payments} | {
            "deliveries": total
        }

    def _figures(self, seconds: float, audit: str) -> dict[str, Any]:
        settings = Settings.load({"data": self.suite.data, **self._database()}, environ={})
        with opened(settings) as stores:
            found = findings(stores, self.journal)
            events = {"unsent": unsent(stores)} | stores.counts()
        if "✗" in audit or "✓" not in audit:
            found.append(f"audit: {audit}")
        return {
            "seed": self.seed,
            "seconds": round(seconds, 1),
            "kills": sum(self.killed.values()),
            "killed": self.killed,
            "broker_restarts": self.restarted,
            "accepted": self._accepted(),
            "clients": dict(sorted(self.journal.counts.items())),
            "callbacks": self.callbacks(),
            "events": events,
            "recovery_seconds": {
                target: _percentiles(found) for target, found in sorted(self.recoveries.items())
            },
            "audit": audit.splitlines(),
            "findings": found,
        }

    def _database(self) -> dict[str, str]:
        arguments = self.suite.arguments
        if "--database" not in arguments:
            return {}
        return {"database": arguments[arguments.index("--database") + 1]}

    def _accepted(self) -> dict[str, int]:
        journal = self.journal
        return {
            "reservations": len(journal.reservations),
            "cancellations": len(journal.cancelled),
            "passages": len(journal.passages),
            "vehicles": len(journal.vehicles),
            "payments": len(journal.payments),
            "paid": len(journal.paid),
            "presses": len(journal.presses),
            "alarms": len(journal.alarms),
        }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"n": len(values)} | ({"p50": round(values[0], 2)} if values else {})
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return {
        "n": len(values),
        "p50": round(cuts[9], 2),
        "p95": round(cuts[18], 2),
        "max": round(max(values), 2),
    }
