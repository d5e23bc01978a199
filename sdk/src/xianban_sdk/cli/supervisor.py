"""Keeps a district's processes running: starts them, starts the dead ones again, stops them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from xianban_sdk.parent import end_with_parent

__all__ = ["Child", "Supervisor"]

# Who ran well and died starts again at once; who keeps dying waits longer each time.
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
_STEADY = 10.0  # seconds of running after which a crash counts as a first one again


@dataclass
class Child:
    """One process and what is known of it."""

    name: str
    arguments: Sequence[str]
    # Higher ranks call lower ones: they end first.
    rank: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    delay: float = 0.0
    due: float = 0.0


@dataclass
class Supervisor:
    """Runs `xianban` subcommands as child processes until it is told to stop.

    Start and watch from the main thread: processes end with the thread that started them.
    """

    run: Path
    logs: Path
    environment: Mapping[str, str]
    grace: float = 10.0
    children: list[Child] = field(default_factory=list[Child])
    stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, *arguments: str, rank: int = 0) -> None:
        """Adds a process; `arguments` follow `xianban`."""
        self.children.append(Child(name, arguments, rank))

    def start(self) -> None:
        """Starts every process."""
        for directory in (self.run, self.logs):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for child in self.children:
            self._spawn(child)

    def watch(self) -> None:
        """Starts dead processes again, until `stopping` is set."""
        while not self.stopping.is_set():
            # Not `stopping.wait`: a signal's handler sets it in this thread, which must not hold
            # the event's lock then.
            time.sleep(0.05)
            for child in self.children:
                self._revive(child)

    def stop(self) -> None:
        """Asks every process to end, callers before those they call; kills those that do not."""
        self.stopping.set()
        for rank in sorted({child.rank for child in self.children}, reverse=True):
            self._end([child for child in self.children if child.rank == rank])

    def _end(self, children: Sequence[Child]) -> None:
        for child in children:
            if child.process and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + self.grace
        for child in children:
            if child.process:
                _end(child.process, end - time.monotonic())
            self._pid_file(child).unlink(missing_ok=True)

    def _spawn(self, child: Child) -> None:
        with self._log(child) as log:
            child.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "xianban_sdk.cli", *child.arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                # Ctrl-C goes to the supervisor alone; it ends the others in order.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        child.started = time.monotonic()
        self._pid_file(child).write_text(str(child.process.pid))

    def _revive(self, child: Child) -> None:
        if child.process is None or child.process.poll() is None:
            return
        now = time.monotonic()
        if not child.due:
            steady = now - child.started > _STEADY
            doubled = min(max(child.delay * 2, _FIRST_DELAY), _LONGEST_DELAY)
            child.delay = 0.0 if steady else doubled
            child.due = now + child.delay
        if now >= child.due:
            child.due = 0.0
            child.restarts += 1
            self._spawn(child)

    def _log(self, child: Child) -> IO[bytes]:
        return (self.logs / f"{child.name}.log").open("ab")

    def _pid_file(self, child: Child) -> Path:
        return self.run / f"{child.name}.pid"


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
