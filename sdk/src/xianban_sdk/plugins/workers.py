"""Runs plugin code with an end: whoever overruns is left behind in its own thread.

A Python thread cannot be killed. The caller gets its answer in time all the same; the plugin is
quarantined by its host, and the process shows in its health that it wants a restart.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from xianban_sdk.deadline import current_deadline
from xianban_sdk.plugins.loaded import Doing
from xianban_sdk.threads import background

__all__ = ["CallerGone", "Overrun", "Workers"]


class Overrun(Exception):
    """The call did not end in its time."""


class CallerGone(Overrun):
    """Nobody waits for the answer any more; no fault of the plugin's."""


@dataclass(slots=True)
class _Task:
    call: Callable[[], Any]
    context: contextvars.Context
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self.context.run(self.call)
        except BaseException as error:
            # A plugin's sys.exit() is its own affair: it must not end our thread.
            self.error = error
        self.done.set()


class _Worker:
    def __init__(self, name: str) -> None:
        self.tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        # Daemon: a plugin that hangs for ever must not keep the process from ending.
        threading.Thread(target=self._loop, name=name, daemon=True).start()

    def _loop(self) -> None:
        while True:
            self.tasks.get().run()


class Workers:
    """The threads of one plugin, as many as calls run at the same time."""

    def __init__(self, plugin: str) -> None:
        self._name = f"plugin-{plugin}"
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self.set_aside = ""
        self.left_alone = 0.0
        self.since = time.monotonic()
        self.doing = Doing()

    def run(self, what: str, call: Callable[[], Any], seconds: float) -> Any:
        """The call's value; Overrun when it takes longer, its own error when it raises.

        Who overran once is set aside: its thread may hold what it likes for ever. A caller with
        less time than that goes before (CallerGone), and the call has its own time all the same.
        """
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or _Worker(self._name)
        task = _Task(call, contextvars.copy_context())
        worker.tasks.put(task)
        deadline = current_deadline.get()
        patience = seconds if deadline is None else min(seconds, deadline.remaining())
        if not task.done.wait(patience) and patience < seconds:
            self._watch(what, worker, task, seconds - max(patience, 0))
            raise CallerGone("nobody waits any more")
        self._settle(what, worker, task, seconds)
        if task.error is not None:
            raise task.error
        return task.value

    def _watch(self, what: str, worker: _Worker, task: _Task, seconds: float) -> None:
        """Nobody waits for the call; whether it ends in its time counts for the plugin alone."""

        def watch() -> None:
            task.done.wait(seconds)
            with suppress(Overrun):
                self._settle(what, worker, task, seconds)

        background(f"{self._name}-late", watch)

    def _settle(self, what: str, worker: _Worker, task: _Task, seconds: float) -> None:
        """Takes the thread back from a call that has ended."""
        if not task.done.is_set():
            self.since = time.monotonic()
            self.set_aside = f"{what}: no answer within {seconds:.3f} s"
            raise Overrun(f"no answer within {seconds:.3f} s")
        with self._lock:
            self._idle.append(worker)

    def close(self) -> None:
        """Nothing to end: idle threads end with the process."""
