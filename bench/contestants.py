"""Starts what is compared: the suite, the peer and the bare handler, on copies of the same rows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import make_url
from xianban_identity.demo import issue_token
from xianban_parking.app import app as parking
from xianban_sdk.rpc.methods import service_descriptor
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

from bench.backends import Backend

ROOT = Path(__file__).parents[1]
# The suite is started the way the system tests start it.
sys.path.insert(0, str(ROOT / "tests/system"))
from suite import Suite  # noqa: E402
from xianban_sdk.testing.ports import free_port  # noqa: E402

SERVER_CPU, CLIENT_CPU = 0, 1


@dataclass
class Contestant:
    """Somebody who answers the three calls."""

    name: str
    transport: str
    target: str
    pids: tuple[int, ...]
    extra: tuple[int, ...] = ()
    """Processes whose time is told beside (Envoy)."""
    rows: str = "suite"
    """Whose database it works on."""


class Field:
    """Everything that runs during the comparison."""

    def __init__(self, directory: Path, backend: Backend) -> None:
        self.directory = directory
        self.backend = backend
        self.suite = Suite(directory / "suite", backend.suite_arguments())
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def settings(self) -> Settings:
        return Settings.load({"data": self.suite.data, "issuer": self.suite.url}, environ={})

    def token(self) -> str:
        return issue_token(self.settings, "resident", "parking")

    def start_suite(self) -> tuple[float, float]:
        """Starts it twice; rivals get their copy of the rows in between. Gives both times."""
        first = self.suite.start().seconds
        self.suite.stop()
        self.backend.copy(self.suite.data)
        return first, self.suite.start().seconds

    def start_peer(self) -> Contestant:
        port = free_port()
        environment = {
            "BENCH_DATABASE": _async(self.backend.of("peer")),
            "BENCH_SECRET": self._secret(),
            "BENCH_ISSUER": self.suite.url,
            "BENCH_ACTIONS": ",".join(_actions()),
        }
        command = ["granian", "--interface", "asgi", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--no-access-log", "bench.peer:app"]
        process = self._run([str(ROOT / ".venv/bin" / command[0]), *command[1:]], environment)
        _wait(lambda: httpx.get(f"http://127.0.0.1:{port}/none").status_code == 404)
        pids = (process.pid, *_children(process.pid))
        return Contestant("peer", "http", f"127.0.0.1:{port}", pids, rows="peer")

    def start_bare(self) -> Contestant:
        socket, database = self.directory / "bare.sock", self.backend.of("bare")
        command = [sys.executable, "-m", "bench.chain", database, str(socket), self._secret()]
        process = self._run(command, {})
        _wait(socket.exists)
        return Contestant("bare", "grpc", f"unix:{socket}", (process.pid,), rows="bare")

    def suite_contestants(self) -> list[Contestant]:
        services, edge = self.suite.pid("services"), self.suite.pid("edge")
        socket = self.settings.address("parking")
        return [
            Contestant("direct", "grpc", socket, (services,)),
            Contestant("gateway", "http", self.suite.address, (services,), (edge,)),
        ]

    def _secret(self) -> str:
        return installed_secret("master", self.settings).hex()

    def _run(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.directory / "contestants.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=os.environ | environment, cwd=ROOT, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def stop(self) -> None:
        for process in self.started:
            process.terminate()
        for process in self.started:
            process.wait(10)
        self.suite.stop()


def _async(url: str) -> str:
    """The same database by the driver that an asyncio service takes."""
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    made = make_url(url)
    made = made.set(drivername=drivers[made.get_backend_name()])
    return made.render_as_string(hide_password=False)


def _actions() -> list[str]:
    """Every RPC that parking's policy speaks of."""
    services = [service_descriptor(name) for name in parking.servicers]
    return [method.name for service in services for method in service.methods]


def _children(pid: int) -> tuple[int, ...]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return tuple(int(child) for child in found)


def _wait(ready) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if ready():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("a contestant does not answer")
