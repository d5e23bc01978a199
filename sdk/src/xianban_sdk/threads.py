"""Threads that the system knows by name: ``top -H`` and the bench tell what each one uses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["background"]

_LONGEST = 15  # the kernel keeps no more


def background(name: str, run: Callable[[], object]) -> threading.Thread:
    """A started daemon thread; its name is the kernel's too (Python does that from 3.14 on)."""

    def named() -> None:
        with suppress(OSError):  # no /proc: macOS
            task = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
            task.write_text(name[:_LONGEST])
        run()

    thread = threading.Thread(target=named, name=name, daemon=True)
    thread.start()
    return thread
