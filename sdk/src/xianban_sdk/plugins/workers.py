"""Runs plugin code with an end: whoever overruns is left behind in its own thread.

A Python thread cannot be killed. The caller gets its answer in time all the same; the plugin is
quarantined by its host, and the process shows in its health that it wants a restart.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Overrun", "Workers"]


class Overrun(Exception):
    """The call did not end in its time."""


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

    def run(self, call: Callable[[], Any], seconds: float) -> Any:
        """The call's value; Overrun when it takes longer, its own error when it raises."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or _Worker(self._name)
        task = _Task(call, contextvars.copy_context())
        worker.tasks.put(task)
        if not task.done.wait(seconds):
            raise Overrun(f"no answer within {seconds:.3f} s")
        with self._lock:
            self._idle.append(worker)
        if task.error is not None:
            raise task.error
        return task.value
