"""CPU time, memory and pinning of processes, from /proc."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable
from pathlib import Path

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def cpu_us(pid: int) -> float:
    """User and system time of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


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
