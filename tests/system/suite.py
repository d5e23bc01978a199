"""Starts the real suite as a user does, and talks to it as people and programs do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import httpx
from xianban_sdk.testing.ports import free_port

ROOT = Path(__file__).parents[2]
XIANBAN = ROOT / ".venv/bin/xianban"
# The supervisor bounds its processes' ends, rank by rank; a suite that takes longer has a fault.
STOPPING = 90


def not_served(url: str, seconds: float, runs: Callable[[], bool] = lambda: True) -> str:
    """Waits until a whole suite is ready; what was answered last when it was not, "" when it is."""
    end = time.monotonic() + seconds
    last = "nothing answered"
    with httpx.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < end and runs():
            try:
                answer = client.get(f"{url}/healthz")
                if answer.status_code == 200:
                    return ""
                last = answer.text
            except httpx.HTTPError as error:
                last = repr(error)
            time.sleep(0.1)
    return last


@dataclass
class Suite:
    """One running suite."""

    data: Path
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    program: Path = XIANBAN
    port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    seconds: float = 0.0
    # Of the clock, as pytest times its tests.
    ended: float = float("inf")
    started: ClassVar[list[Suite]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def run(self) -> Path:
        from xianban_sdk.settings import Settings

        return Settings.load({"data": self.data}, environ={}).run

    def start(self) -> Suite:
        begin = time.monotonic()
        self.ended = float("inf")
        self.started.append(self)
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.program,
                    "up",
                    "--port",
                    str(self.port),
                    "--data",
                    str(self.data),
                    *self.arguments,
                ],
                env=os.environ
                | {"XIANBAN_MQTT_LISTEN": f"127.0.0.1:{self.mqtt_port}"}
                | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_ready()
        self.seconds = time.monotonic() - begin
        return self

    def wait_until_ready(self, seconds: float = 300) -> None:
        process = self.process
        why = not_served(self.url, seconds, lambda: process is None or process.poll() is None)
        if why:
            raise AssertionError(f"not ready: {why}\n{self.logs()}")

    def logs(self) -> str:
        files = [self.data / "up.log", *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(
            f"== {f.name}\n{f.read_text('utf-8')[-3000:]}" for f in files if f.exists()
        )

    def troubles(self) -> str:
        """The last warnings and errors of each process."""
        found: list[str] = []
        for log in sorted((self.data / "logs").glob("*.log")):
            lines = log.read_text("utf-8", "replace").splitlines()
            bad = [line for line in lines if '"level":"info"' not in line]
            found += [f"== {log.name}", *(line[:1000] for line in bad[-20:])]
        return "\n".join(found)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOPPING)
            except subprocess.TimeoutExpired:
                # Its processes end with it.
                self.process.kill()
                raise
            finally:
                self.ended = time.time()

    def pid(self, name: str) -> int:
        return int((self.run / f"{name}.pid").read_text())

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)

    def keep_dead(self, name: str) -> None:
        """Kills a process while its supervisor is stopped, so that nobody starts it again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        self.kill(name)

    def revive(self) -> None:
        """Lets the supervisor go on: it finds the dead process and starts it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def without(self, name: str, *, silent: bool = False) -> Iterator[None]:
        """For a while a process is dead; or silent, as behind a cut network: it holds its
        connections and answers nothing."""
        if silent:
            os.kill(self.pid(name), signal.SIGSTOP)
        else:
            self.keep_dead(name)
        try:
            yield
        finally:
            if silent:
                os.kill(self.pid(name), signal.SIGCONT)
            else:
                self.revive()

    def command(self, *arguments: str, check: bool = True) -> str:
        """Runs `xianban` against this suite."""
        environment = (
            os.environ
            | self.environment
            | {
                "XIANBAN_DATA": str(self.data),
                "XIANBAN_ISSUER": self.url,
            }
        )
        done = subprocess.run(
            [XIANBAN, *arguments], env=environment, capture_output=True, text=True, timeout=120
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def token(self, person: str, audience: str) -> str:
        return self.command("token", "--as", person, "--audience", audience)

    def api(self, person: str | None, audience: str = "parking") -> httpx.Client:
        headers = {"Accept-Language": "en"}
        if person is not None:
            headers["Authorization"] = f"Bearer {self.token(person, audience)}"
        return httpx.Client(base_url=f"{self.url}/api/{audience}/v1", headers=headers, timeout=15)

    def health(self) -> dict:
        return json.loads(httpx.get(f"{self.url}/healthz", timeout=5).text)
