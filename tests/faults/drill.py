"""The drill: a district under load is backed up, works on, is destroyed and brought back.

Prints RPO (what the clients were promised after the backup, and is gone) and RTO (from the loss to
the first ready answer), and holds what is there again against the clients' own journal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

from backing import empty_queues, fresh_database  # noqa: E402 - the folders above are no packages
from campaign import RESIDENTS  # noqa: E402
from journal import Journal  # noqa: E402
from resident import GaveUp, Resident  # noqa: E402
from sqlalchemy import create_engine, make_url, text  # noqa: E402
from suite import XIANBAN, Suite  # noqa: E402
from verify import Stores, findings, opened, unsent  # noqa: E402
from xianban_parking.repository import metadata  # noqa: E402
from xianban_sdk.settings import Settings  # noqa: E402

KINDS = {"reservations": "reservation", "payments": "payment", "passages": "gate_event"}
SETTLE_SECONDS = 90.0


@dataclass
class Dated(Journal):
    """Also when each thing was asked for and when it was promised."""

    times: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)


class Dating(Resident):
    asked = 0.0

    def _until(self, ask: Any) -> Any:
        self.asked = time.time()

        def unless_lost() -> Any:
            if self.stop.is_set():
                raise GaveUp("the district is gone")
            return ask()

        return super()._until(unless_lost)

    def _keep(self, where: dict[str, Any], key: str, value: Any) -> None:
        super()._keep(where, key, value)
        kind = next(name for name in KINDS if getattr(self.journal, name) is where)
        assert isinstance(self.journal, Dated)
        self.journal.times[kind, key.rsplit("/", 1)[-1]] = (self.asked, time.time())


@dataclass
class Drill:
    """`before` and `after` are seconds of load on either side of the backup."""

    folder: Path
    arguments: tuple[str, ...] = ()
    before: float = 20.0
    after: float = 10.0
    seed: int = 5
    journal: Dated = field(default_factory=Dated)

    def __post_init__(self) -> None:
        self.suite = Suite(self.folder / "data", self.arguments)
        self.backup, self.keys = self.folder / "backup", self.folder / "keys"

    def run(self) -> dict[str, Any]:
        """Figures, findings among them."""
        try:
            self.suite.start()
            told, took, lost_at = self._until_the_loss()
            restored, rto = self._bring_back(lost_at)
            audit = self.suite.command("audit", "verify", "--json")
            self._settle()
        finally:
            self.suite.stop()
        cut = datetime.fromisoformat(told["cut"]).timestamp()
        return {
            "backup_seconds": round(took, 1),
            "backup_bytes": sum(f.stat().st_size for f in self.backup.rglob("*") if f.is_file()),
            "rpo_seconds": round(lost_at - cut, 1),
            "rto_seconds": round(rto, 1),
            "restore_said": restored,
            "retries_of_clients": self.journal.counts["retries"],
        } | self._reckoning(cut, audit)

    def _until_the_loss(self) -> tuple[dict[str, Any], float, float]:
        with self._load():
            time.sleep(self.before)
            begin = time.monotonic()
            keys = ("--keys", str(self.keys))
            told = json.loads(self._command("backup", str(self.backup), *keys, "--json"))
            took = time.monotonic() - begin
            time.sleep(self.after)
            lost_at = time.time()
            self._destroy()
        return told, took, lost_at

    def _destroy(self) -> None:
        """Everything at once: processes, files, keys, rows. The broker keeps what waits in it."""
        assert self.suite.process is not None
        # The supervisor first: it would start another in place of one that is gone.
        self.suite.process.kill()
        self.suite.process.wait()
        for path in self.suite.run.glob("*.pid"):
            # Its processes end with it, some sooner than this.
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int(path.read_text()), signal.SIGKILL)
        shutil.rmtree(self.suite.data)
        if database := self._option("--database"):
            _empty(database)

    def _bring_back(self, lost_at: float) -> tuple[dict[str, Any], float]:
        keys = ("--keys", str(self.keys))
        restored = json.loads(self._command("restore", str(self.backup), *keys, "--json"))
        self.suite.start()
        return restored, time.time() - lost_at

    def _command(self, *arguments: str) -> str:
        options = [("--data", str(self.suite.data)), ("--database", self._option("--database"))]
        if arguments[0] == "restore":
            options.append(("--broker", self._option("--broker")))
        said = [part for name, value in options if value for part in (name, value)]
        done = subprocess.run(
            [XIANBAN, *arguments, *said], capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _option(self, name: str) -> str:
        given = self.suite.arguments
        return given[given.index(name) + 1] if name in given else ""

    @contextmanager
    def _load(self) -> Iterator[None]:
        stop = threading.Event()
        clients = [
            Dating(self.suite, person, self.journal, random.Random(self.seed + number), stop)
            for number, person in enumerate(RESIDENTS)
        ]
        threads = [threading.Thread(target=one.run, daemon=True) for one in clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            # Calls that the loss met are nobody's promise.
            problems = list(self.journal.problems)
            stop.set()
            for client in clients:
                client.http.close()
            for thread in threads:
                thread.join(10)
            self.journal.problems[:] = problems

    def _settle(self) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end:
            time.sleep(2)
            if self.suite.health()["status"] != "unavailable":
                break
        time.sleep(8)

    def _reckoning(self, cut: float, audit: str) -> dict[str, Any]:
        settings = {"data": self.suite.data, "database": self._option("--database")}
        with opened(Settings.load(settings, environ={})) as stores:
            found = list(self.journal.problems)
            counts = {kind: self._kept(stores, kind, cut, found) for kind in KINDS}
            # What holds whatever the clients know: ledger, receipts, events, messages.
            found += findings(stores, Journal())
            waiting = unsent(stores)
        broken = [one for one in json.loads(audit) if one["firstBadRow"]]
        found += [f"audit of {one['service']}: {one['reason']}" for one in broken]
        rows = sum(one["rows"] for one in json.loads(audit))
        return {"promised": counts, "unsent": waiting, "audit_rows": rows, "findings": found}

    def _kept(self, stores: Stores, kind: str, cut: float, found: list[str]) -> dict[str, int]:
        key = "event_id" if kind == "passages" else "id"
        there = [getattr(r, key) for r in stores.rows("parking", metadata.tables[KINDS[kind]])]
        counts = {"before": 0, "kept": 0, "after": 0, "lost": 0}
        for (of, name), (asked, promised) in self.journal.times.items():
            if of != kind or asked < cut < promised:
                continue  # under way at the cut: either is right
            when = "before" if promised <= cut else "after"
            counts[when] += 1
            if when == "after":
                counts["lost"] += name not in there
            elif there.count(name) == 1:
                counts["kept"] += 1
            else:
                found.append(f"{kind}: {name} is there {there.count(name)} times")
        return counts


def _empty(url: str) -> None:
    """The server is new, the database of the same name has nothing in it."""
    name = make_url(url).database
    engine = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        conn.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()


def on_backends(folder: Path, database: str, broker: str, **seconds: float) -> Drill:
    """A process per service, on a database of its own."""
    empty_queues(broker)
    arguments = ("--split", "--database", fresh_database(database), "--broker", broker)
    return Drill(folder, arguments, **seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/drill.sh")
    parser.add_argument("--before", type=float, default=20, help="seconds of load before")
    parser.add_argument("--after", type=float, default=10, help="seconds of load after the backup")
    parser.add_argument(
        "--on", nargs="+", choices=["sqlite", "backends"], default=["sqlite", "backends"]
    )
    options = parser.parse_args()
    seconds = {"before": options.before, "after": options.after}
    database, broker = (os.environ.get(f"XIANBAN_TEST_{x}", "") for x in ("DATABASE", "BROKER"))
    results: dict[str, Any] = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    with tempfile.TemporaryDirectory(prefix="xianban-drill-") as folder:
        if "sqlite" in options.on:
            results["sqlite"] = Drill(Path(folder) / "sqlite", **seconds).run()
        if "backends" in options.on and database and broker:
            made = on_backends(Path(folder) / "backends", database, broker, **seconds)
            results["backends"] = made.run()
    sys.stdout.write(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return int(any(one["findings"] for one in results.values() if isinstance(one, dict)))


if __name__ == "__main__":
    raise SystemExit(main())
