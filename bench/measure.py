"""CPU time, memory and pinning of processes, from /proc."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xianban_sdk.app import installed_services


@dataclass(frozen=True)
class Used:
    """CPU µs of a process so far: in its calls, and in the threads that work off what they left."""

    calls: float = 0.0
    behind: float = 0.0

    def __add__(self, other: Used) -> Used:
        return Used(self.calls + other.calls, self.behind + other.behind)

    def __sub__(self, other: Used) -> Used:
        return Used(self.calls - other.calls, self.behind - other.behind)

    def per(self, count: float) -> Used:
        """A share of it."""
        return Used(self.calls / count, self.behind / count)


def used(pids: Iterable[int]) -> Used:
    """User and system time of all threads.

    The suite names the threads that run beside calls after their service (relay, sealer, timers,
    loops) or as consumers; all others, the log's writer too, serve calls.
    """
    total = Used()
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            total += _of(task)
    return total


def _of(task: Path) -> Used:
    try:
        spent = int((task / "schedstat").read_text().split()[0]) / 1000
        name = (task / "comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return Used()  # it has ended since
    beside = name.partition("-")[0] in _beside() and "-" in name
    return Used(behind=spent) if beside else Used(calls=spent)


@cache
def _beside() -> frozenset[str]:
    return frozenset({"consume", "inbox", *(each.name for each in installed_services(None))})


def pss_mb(pid: int) -> float:
    """Proportional set size: shared pages are counted once over all who share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no Pss of {pid}")


def pin(pid: int, cpu: int) -> None:
    """Every thread of a process on one CPU; a machine with fewer CPUs is left alone."""
    if cpu not in os.sched_getaffinity(0):
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {cpu})


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, least and most."""
    found = sorted(values)
    return {
        "median": round(statistics.median(found), 2),
        "min": round(found[0], 2),
        "max": round(found[-1], 2),
    }
