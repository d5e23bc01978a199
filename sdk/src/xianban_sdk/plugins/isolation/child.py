"""One process of a plugin: started, asked over its lanes, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from xianban.plugin.v1.plugin_pb2 import Cancel, FromPlugin, Ready, Start, ToPlugin

from xianban_sdk import telemetry
from xianban_sdk.plugins.isolation.failures import PluginGone
from xianban_sdk.plugins.isolation.lane import Lane
from xianban_sdk.plugins.isolation.usage import Usage
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.sandbox.frames import Closed, Malformed, Reader, send
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

__all__ = ["Child", "hand_on"]

_START_SECONDS: Final = 20.0
# What a plugin may say of itself at its start, and a line that it logs.
# A third of what the host gets where both want the same CPU.
_NICE: Final = 5
_MOST_SAID: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Ends:
    """Our side's sockets and the plugin's, in the same order: control, door, lanes."""

    ours: Sequence[socket.socket]
    theirs: Sequence[socket.socket]


class Child:
    """A running plugin; ``gone`` is called once when it has ended, however that came."""

    def __init__(
        self,
        start: Start,
        environment: Mapping[str, str],
        door: Callable[[socket.socket], None] | None,
    ) -> None:
        self.plugin = start.plugin
        self._start = start
        self._ending = threading.Lock()
        with ExitStack() as theirs:
            ends = _ends(start.bounds.calls_at_once, theirs)
            self._process = _spawn(ends.theirs, environment)
        self._control, door_end, *lanes = ends.ours
        self.lanes = [
            Lane(lane, start.bounds.reply_bytes, partial(self._cancel, number))
            for number, lane in enumerate(lanes)
        ]
        self._said = Reader(self._control, FromPlugin, _MOST_SAID)
        try:
            self.ready = self._begin()
        except BaseException:
            self.kill()
            for end in ends.ours:
                end.close()
            raise
        if door is None:
            door_end.close()
        else:
            door(door_end)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def watch(self, gone: Callable[[str], None], idle: Callable[[], bool]) -> None:
        """Hands on what the plugin logs, and tells when its process has ended, and how.

        One that goes on working while nobody asks it (``idle``) is ended.
        """
        background(f"plugin-{self.plugin}-watch", lambda: self._listen(gone, idle))

    def discard(self) -> None:
        """Ends it before anybody watches or asks it."""
        self.kill()
        for end in (self._control, *self.lanes):
            end.close()

    def kill(self) -> None:
        """Ends the process and what it may have started, now.

        Our ends stay open for whoever waits on them: they hear at once that nobody is there.
        """
        # One at a time: what is reaped has given its number away.
        with self._ending:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _cancel(self, lane: int) -> None:
        with suppress(Closed, OSError):
            send(self._control, ToPlugin(cancel=Cancel(lane=lane)))

    def _begin(self) -> Ready:
        try:
            send(self._control, ToPlugin(start=self._start))
            told = self._first_answer()
        except (Closed, Malformed, TimeoutError) as error:
            raise PluginGone(f"{self.plugin} did not start: {self._end() or error}") from error
        if told.HasField("failure"):
            raise PluginRefused(f"{self.plugin}: {told.failure.text}")
        return told.ready

    def _first_answer(self) -> FromPlugin:
        end = time.monotonic() + _START_SECONDS
        while True:
            self._control.settimeout(max(end - time.monotonic(), 0.001))
            told = self._said.read()
            if not told.HasField("log_line"):
                return told
            hand_on(self.plugin, told)

    def _listen(self, gone: Callable[[str], None], idle: Callable[[], bool]) -> None:
        # The next process is started from this thread: its way back to our one CPU would hold
        # the interpreter, and so every call, for more than a millisecond.
        _roam()
        offence = ""
        # Gone by itself, also before the first look, or no plugin of ours any more.
        with suppress(Closed, Malformed, OSError):
            offence = self._hear(Usage(self.pid, idle))
        self.kill()
        self._control.close()
        gone(offence or self._end())

    def _hear(self, usage: Usage) -> str:
        """Hands on log lines until the process must end; why it must."""
        if self.ready.confinement["scratch"]:
            usage.watch_scratch(Path(self._start.scratch), self._start.bounds.scratch_bytes)
        while not usage.offence:
            self._control.settimeout(usage.every)
            try:
                hand_on(self.plugin, self._said.read())
            except TimeoutError:
                usage.look()
        return usage.offence

    def _end(self) -> str:
        """How the process ended, in words; "" while it runs."""
        end = time.monotonic() + 1
        while self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        code = self._process.returncode
        if code is None:
            return ""
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _ends(lanes: int, theirs: ExitStack) -> _Ends:
    pairs = [
        socket.socketpair(),
        # Each wish for a connection is one packet.
        socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET),
        *(socket.socketpair() for _ in range(lanes)),
    ]
    return _Ends([one for one, _ in pairs], [theirs.enter_context(other) for _, other in pairs])


def _spawn(
    theirs: Sequence[socket.socket], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    numbers = [end.fileno() for end in theirs]
    with _on_every_cpu():
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, numbers
            [sys.executable, "-I", "-m", "xianban_sdk.sandbox", *map(str, numbers)],
            pass_fds=numbers,
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    with suppress(OSError):
        # Its threads take it over. Where there is too little for all, the host comes first.
        after = min(os.getpriority(os.PRIO_PROCESS, 0) + _NICE, 19)
        os.setpriority(os.PRIO_PROCESS, process.pid, after)
    return process


@contextmanager
def _on_every_cpu() -> Iterator[None]:
    """A service keeps to one CPU: what this thread starts meanwhile does not share it with us."""
    own = os.sched_getaffinity(0)
    _roam()
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _roam() -> None:
    with suppress(OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def hand_on(plugin: str, told: FromPlugin) -> None:
    """A line that the plugin logged goes into our log, in the trace that it belongs to."""
    line = told.log_line
    write = {"error": log.error, "warning": log.warning}.get(line.level, log.info)
    with telemetry.remote(line.traceparent):
        write("plugin_said", plugin=plugin, text=line.text)
