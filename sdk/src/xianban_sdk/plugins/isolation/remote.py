"""A plugin in its own process, behind the same face as one in ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from xianban.plugin.v1.plugin_pb2 import FromPlugin, Ready, ToPlugin

from xianban_sdk import instruments
from xianban_sdk.deadline import current_deadline
from xianban_sdk.plugins.isolation.breaker import Breaker, Restarts
from xianban_sdk.plugins.isolation.failures import (
    CallerGone,
    PluginFailed,
    PluginGone,
    PluginUnavailable,
    is_fault,
    raised,
)
from xianban_sdk.plugins.isolation.processes import Line, PluginProcess, Surroundings
from xianban_sdk.plugins.isolation.usage import memory_of
from xianban_sdk.plugins.loaded import Doing
from xianban_sdk.plugins.workers import Overrun
from xianban_sdk.sandbox.frames import Closed, Malformed
from xianban_sdk.telemetry import log
from xianban_sdk.threads import background

__all__ = ["Remote"]

# Until when (monotonic) the hook call under way may take.
_until: ContextVar[float | None] = ContextVar("xianban_plugin_until", default=None)


class Remote:
    """One plugin's process, started anew when it dies, left alone when it fails too often."""

    def __init__(
        self,
        plugin: str,
        spawn: Callable[[], PluginProcess],
        room: Surroundings,
        seconds: float,
    ) -> None:
        self.plugin = plugin
        self.set_aside = ""
        self.since = time.monotonic()
        self._ended = 0
        self._spawn = spawn
        self._room = room
        self._seconds = seconds
        self._breaker = Breaker()
        self._restarts = Restarts()
        self._closed = False
        self._there = threading.Condition()
        self._child: PluginProcess | None = None
        self._free: list[Line] = []
        self._unobserve = instruments.PLUGIN_MEMORY.observe(self._memory)
        self.ready = self._install(spawn())

    # -- as a Runner ------------------------------------------------------------------------

    def run(self, what: str, call: Callable[[], Any], seconds: float) -> Any:
        """Runs the host's own code in this thread: what it calls of the plugin ends in time."""
        token = _until.set(time.monotonic() + seconds)
        try:
            return call()
        finally:
            _until.reset(token)

    def close(self) -> None:
        """Ends the plugin for good."""
        self._unobserve()
        with self._there:
            self._closed = True
            child = self._let_go()
        if child is not None:
            child.kill()
        self._room.close()

    @property
    def pid(self) -> int:
        """The process; 0 while there is none."""
        child = self._child
        return child.pid if child else 0

    @property
    def left_alone(self) -> float:
        """As a Runner says."""
        return self._breaker.left

    @property
    def doing(self) -> Doing:
        """How the process is doing."""
        memory = memory_of(self.pid) if self.pid else 0
        return Doing(memory, self._ended, self._breaker.left, dict(self.ready.confinement))

    def _memory(self) -> Iterable[instruments.Seen]:
        if self.pid:
            yield memory_of(self.pid), {"plugin": self.plugin}

    # -- as a Caller ------------------------------------------------------------------------

    def ask(self, asked: ToPlugin) -> FromPlugin:
        """One call over a lane; what comes of it is counted for and against the plugin."""
        self._admit()
        try:
            told = self._asked(asked)
            if told.HasField("failure"):
                raise raised(told.failure)
        except Exception as error:
            self._count(error)
            raise
        self._breaker.succeeded()
        return told

    def hand_in(self, file: Path) -> Path:
        """A copy of a file where the plugin can read it."""
        return self._room.hand_in(file)

    def take_back(self, copy: Path) -> None:
        """The copy goes."""
        self._room.take_back(copy)

    def _admit(self) -> None:
        if self.set_aside:
            raise PluginUnavailable(f"{self.plugin} is set aside: {self.set_aside}")
        pause = self._breaker.pause()
        if pause:
            raise PluginUnavailable(f"{self.plugin} failed too often, asked again in {pause:.1f} s")

    def _count(self, error: Exception) -> None:
        if isinstance(error, (CallerGone, PluginUnavailable)):
            self._breaker.withdrew()
            return
        if not is_fault(error):
            self._breaker.succeeded()
            return
        self._breaker.failed(raised=isinstance(error, (PluginFailed, OSError)))
        if pause := self._breaker.left:
            log.warning("plugin_paused", plugin=self.plugin, seconds=pause, error=str(error))
        if isinstance(error, MemoryError):
            # What it holds it would go on holding.
            self._end(self._child, "out of its memory")
        if self._breaker.hopeless:
            self._quarantine(f"it goes on failing: {error}")

    def _asked(self, asked: ToPlugin) -> FromPlugin:
        until = self._end_of_call()
        deadline = current_deadline.get()
        child, lane = self._turn(until)
        try:
            told = lane.ask(asked, until, deadline.is_abandoned if deadline else _never)
        except Overrun:
            background(f"plugin-{self.plugin}-late", lambda: self._reclaim(child, lane))
            _check_caller(self.plugin)
            raise
        except (Closed, Malformed, OSError) as error:
            self._end(child, str(error))
            lane.close()
            raise PluginGone(f"{self.plugin} ended during the call: {error}") from error
        self._give_back(child, lane)
        return told

    def _end_of_call(self) -> float:
        own, deadline = _until.get(), current_deadline.get()
        now = time.monotonic()
        end = now + self._seconds if own is None else own
        return end if deadline is None else min(end, now + deadline.remaining())

    # -- lanes ------------------------------------------------------------------------------

    def _turn(self, until: float) -> tuple[PluginProcess, Line]:
        """A lane for a call; nothing is begun when it is too late for an answer."""
        _check_caller(self.plugin)
        child, lane = self._lane(until)
        if time.monotonic() < until:
            return child, lane
        self._give_back(child, lane)
        _check_caller(self.plugin)
        raise Overrun(f"{self.plugin} has no time left for the call")

    def _lane(self, until: float) -> tuple[PluginProcess, Line]:
        """A free lane; waits for its turn, or for the process to be there again."""
        with self._there:
            while self._child is None or not self._free:
                left = until - time.monotonic()
                if self.set_aside or self._closed:
                    raise PluginUnavailable(f"{self.plugin} is set aside: {self.set_aside}")
                if left <= 0 or not self._there.wait(left):
                    raise Overrun(f"{self.plugin} had no turn for the call in its time")
            return self._child, self._free.pop()

    def _give_back(self, child: PluginProcess, lane: Line) -> None:
        with self._there:
            if child is self._child:
                self._free.append(lane)
                self._there.notify()
                return
        lane.close()

    def _reclaim(self, child: PluginProcess, lane: Line) -> None:
        """A call that nobody waits for ends by itself, or its process ends."""
        if reason := lane.reclaim():
            self._end(child, reason)
            lane.close()
            return
        self._give_back(child, lane)

    # -- the process ------------------------------------------------------------------------

    def _install(self, child: PluginProcess) -> Ready:
        with self._there:
            self._child, self._free = child, list(child.lanes)
            late = self._let_go() if self._closed else None
            self._there.notify_all()
        child.watch(lambda how: self._gone(child, how), self._idle)
        if late is not None:
            late.kill()
        return child.ready

    def _idle(self) -> bool:
        child = self._child
        return child is not None and len(self._free) == len(child.lanes)

    def _let_go(self) -> PluginProcess | None:
        """Nobody is asked any more; lanes in use are closed by who uses them."""
        child, free = self._child, self._free
        self._child, self._free = None, []
        for lane in free:
            lane.close()
        self._there.notify_all()
        return child

    def _end(self, child: PluginProcess | None, why: str) -> None:
        """Ends a process; the one that listens to it tells when it is gone."""
        if child is not None:
            log.warning("plugin_ended", plugin=self.plugin, reason=why)
            child.kill()

    def _gone(self, child: PluginProcess, how: str) -> None:
        with self._there:
            if child is not self._child:
                return
            self._let_go()
        log.error("plugin_gone", plugin=self.plugin, end=how)
        instruments.PLUGIN_RESTARTS.add(1, {"plugin": self.plugin})
        self._ended += 1
        self._come_back(how)

    def _come_back(self, how: str) -> None:
        pause = self._restarts.pause()
        if pause is None:
            self._quarantine(f"it ended {Restarts.MOST} times within a minute, last by {how}")
            return
        time.sleep(pause)
        self._start_anew()

    def _start_anew(self) -> None:
        try:
            self._room.sweep()
            self._install(self._spawn())
        except Exception as error:
            self._quarantine(f"it does not start any more: {error}")

    def _quarantine(self, reason: str) -> None:
        with self._there:
            if self._closed:
                return
            if not self.set_aside:
                self.set_aside, self.since = reason, time.monotonic()
            child = self._let_go()
        log.error("plugin_quarantined", plugin=self.plugin, error=reason)
        if child is not None:
            child.kill()


def _check_caller(plugin: str) -> None:
    deadline = current_deadline.get()
    if deadline is not None and deadline.over:
        raise CallerGone(f"nobody waits for {plugin} any more")


def _never() -> bool:
    return False
