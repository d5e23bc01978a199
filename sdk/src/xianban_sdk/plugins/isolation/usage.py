"""What a plugin's process uses of the machine, read from the kernel."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from xianban_sdk.sandbox.confinement import CPU_SECONDS

__all__ = ["LOOK_SECONDS", "Usage", "memory_of"]

LOOK_SECONDS: Final = 10.0
# A plugin may tidy up after a call; half of a CPU for nobody is something else.
_SHARE: Final = 0.5
_LOOK_AT_SCRATCH_SECONDS: Final = 1.0
_BLOCK: Final = 512
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12


class Usage:
    """Looks now and then for what no limit of the kernel's stops."""

    def __init__(self, pid: int, idle: Callable[[], bool]) -> None:
        self._pid = pid
        self._idle = idle
        self._was_idle = False
        self._used, self._looked = _cpu_of(pid), time.monotonic()
        self._scratch: tuple[Path, int] | None = None
        self.every = LOOK_SECONDS
        self.offence = ""

    def watch_scratch(self, scratch: Path, most: int) -> None:
        """Where the kernel does not bound the directory: often, and never as surely."""
        self._scratch, self.every = (scratch, most), _LOOK_AT_SCRATCH_SECONDS

    def look(self) -> None:
        """Sets ``offence`` when the process must end."""
        if self._scratch is not None and _size_of(self._scratch[0]) > self._scratch[1]:
            self.offence = "writing more than it may"
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look_at_cpu()

    def _look_at_cpu(self) -> None:
        """Moves the limit of CPU time on; working while nobody asks it is an offence."""
        used, idle, now = _cpu_of(self._pid), self._idle(), time.monotonic()
        share = (used - self._used) / (now - self._looked)
        if idle and self._was_idle and share > _SHARE:
            self.offence = "working while nobody asked"
        self._used, self._was_idle, self._looked = used, idle, now
        soft = int(used) + CPU_SECONDS
        resource.prlimit(self._pid, resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _size_of(directory: Path) -> int:
    found = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                found += (Path(folder, name).lstat().st_blocks) * _BLOCK
    return found


def memory_of(pid: int) -> int:
    """Bytes of memory that the process holds; 0 when there is none."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _cpu_of(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return 0.0  # it has ended; whoever listens to it finds out by itself, and says so
    # The name in parentheses may hold anything; the numbers come after the last one.
    numbers = told.rpartition(")")[2].split()
    return (int(numbers[_USER]) + int(numbers[_SYSTEM])) / _TICKS
