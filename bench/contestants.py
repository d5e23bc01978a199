"""Starts what is compared: the suite, the peer and the bare handler, on copies of the same rows."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from xianban_identity.demo import issue_token
from xianban_parking.app import app as parking
from xianban_sdk.rpc.methods import service_descriptor
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

ROOT = Path(__file__).parents[1]
# The suite is started the way the system tests start it.
sys.path.insert(0, str(ROOT / "tests/system"))
from suite import Suite, free_port  # noqa: E402

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


class Field:
    """Everything that runs during the comparison."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.suite = Suite(directory / "suite")
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def settings(self) -> Settings:
        return Settings.load({"data": self.suite.data, "issuer": self.suite.url}, environ={})

    def token(self) -> str:
        return issue_token(self.settings, "resident", "parking")

    def copy(self, name: str) -> Path:
        """The suite's rows as they are now."""
        target = self.directory / name
        source, copied = sqlite3.connect(self.suite.data / "parking.db"), sqlite3.connect(target)
        with source, copied:
            source.backup(copied)
        return target

    def start_peer(self) -> Contestant:
        port = free_port()
        database = f"sqlite+aiosqlite:///{self.copy('peer.db')}"
        environment = {
            "BENCH_DATABASE": database,
            "BENCH_SECRET": self._secret(),
            "BENCH_ISSUER": self.suite.url,
            "BENCH_ACTIONS": ",".join(_actions()),
        }
        command = ["granian", "--interface", "asgi", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--no-access-log", "bench.peer:app"]
        process = self._run([str(ROOT / ".venv/bin" / command[0]), *command[1:]], environment)
        _wait(lambda: httpx.get(f"http://127.0.0.1:{port}/none").status_code == 404)
        pids = (process.pid, *_children(process.pid))
        return Contestant("peer", "http", f"127.0.0.1:{port}", pids)

    def start_bare(self) -> Contestant:
        socket, database = self.directory / "bare.sock", self.copy("bare.db")
        command = [sys.executable, "-m", "bench.chain", str(database), str(socket), self._secret()]
        process = self._run(command, {})
        _wait(socket.exists)
        return Contestant("bare", "grpc", f"unix:{socket}", (process.pid,))

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
