"""What a bad plugin costs a good one beside it: `python -m bench.zoo [NAME…]`.

Host and plugins as in a service: one process on one CPU, each plugin in tier 1. A good plugin is
asked all the time; beside it a thread of the same host asks a second one, which is good in the
quiet windows and the bad one in the attacked windows. Both kinds take turns, and who comes first
takes turns, too, so that what else the machine does meets both. Each attack begins with a fresh
process: one that is left alone already attacks nobody. A second holds a restart and calls between.

Told are, of the good plugin's calls, p99 of both kinds, their ratio, and the ratio of the host's
own CPU a call. Of each kind the quarter of windows counts that was disturbed least: the bad plugin
is in all attacked ones, what else the machine does only adds, and is in some. Also the host's
growth, and that it is still the same process. The control, first and last, attacks with a good
plugin: how far its ratio is from 1 is what this machine can't tell apart now, and beyond `NOISE`
the figures of waiting say nothing: then that is the verdict.

`a program` is no plugin: it computes and touches memory on another CPU, for nobody, with a plugin's
priority. What it costs is the machine's (CPUs share caches and power), and no host could contain
it: beside it a reader sees what of a plugin's row is the machine's. The verdict leaves it out.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from xianban_parking import hookspecs
from xianban_parking.hookspecs import ConcessionRequest
from xianban_sdk import telemetry
from xianban_sdk.plugins import NOBODY, Hooks, build
from xianban_sdk.plugins.isolation import open_plugin, source_in
from xianban_sdk.plugins.isolation.usage import memory_of
from xianban_sdk.plugins.manifest import parse_manifest
from xianban_sdk.settings import Settings

from bench.measure import pin

ZOO = Path(__file__).parent.parent / "tests" / "zoo"
CONTROL, AGAIN = "good", "good, again"
PROGRAM = "a program"
COMPUTES = "while True: bytearray(32 * 1024 * 1024)"
BAD = (
    *("raises", "hangs", "sleeps", "swallows", "forks", "escapes", "exits", "segfaults"),
    *("fills-disk", "stops-thread", "lies", "lies-inside", "huge-reply", "leaks", "reads-secrets"),
    *("opens-sockets", "html"),
)
ROUNDS, SECONDS, LIMIT = 16, 1.0, 0.25
# As traffic comes: not back to back, or the host itself is what is measured.
PAUSE = 0.002
BOUND, NOISE = 1.2, 0.1
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STAY = ConcessionRequest("a", "310120", NOON, NOON + timedelta(hours=3), "car", frozenset())
HOOK = "tariff_concessions"
HOST = max(os.sched_getaffinity(0))
ELSEWHERE = os.sched_getaffinity(0) - {HOST} or {HOST}


@dataclass
class Seen:
    """Of windows of one kind: CPU seconds a call, median and p99 in µs of each window."""

    calls: int = 0
    cpu: list[float] = field(default_factory=list[float])
    p50: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])


def measure(names: tuple[str, ...] = BAD) -> dict[str, Any]:
    """Plugin → p99 beside it and beside a good one."""
    pin(os.getpid(), HOST)
    found: dict[str, Any] = {}
    with _logged(), _hooks("good") as good:
        rows = {CONTROL: "good", PROGRAM: PROGRAM, **{one: one for one in names}, AGAIN: "good"}
        for row, name in rows.items():
            found[row] = _beside(good, name)
            print(f"{row:15}", json.dumps(found[row]), file=sys.stderr, flush=True)
    return found | {"verdict": verdict(found)}


def verdict(found: dict[str, Any]) -> str:
    """What may be read from these figures."""
    off = max(abs(found[name]["ratio"] - 1) for name in (CONTROL, AGAIN))
    if off > NOISE:
        return f"machine too noisy: two good plugins differ by {off:.0%} in p99"
    over = [name for name, one in found.items() if name != PROGRAM and one["ratio"] > BOUND]
    return f"over the bound: {', '.join(over)}" if over else f"all within {BOUND - 1:.0%}"


def _beside(good: Hooks, name: str) -> dict[str, Any]:
    pid, before = os.getpid(), memory_of(os.getpid())
    quiet, attacked = Seen(), Seen()
    for number in range(ROUNDS):
        with _hooks("good") as neighbour, _attacker(name, neighbour) as bad:
            pair = [(neighbour, quiet), (bad, attacked)]
            for beside, seen in reversed(pair) if number % 2 else pair:
                _window(good, beside, seen)
    return {
        "calls": attacked.calls,
        "quiet_p99_us": round(_undisturbed(quiet.p99)),
        "p99_us": round(_undisturbed(attacked.p99)),
        "ratio": round(_undisturbed(attacked.p99) / _undisturbed(quiet.p99), 2),
        "p50_ratio": round(_undisturbed(attacked.p50) / _undisturbed(quiet.p50), 2),
        "cpu_ratio": round(_undisturbed(attacked.cpu) / _undisturbed(quiet.cpu), 2),
        "grown_mb": round((memory_of(os.getpid()) - before) / 2**20, 1),
        "same_process": os.getpid() == pid,
    }


def _window(good: Hooks, beside: Hooks, seen: Seen) -> None:
    """Asks the good plugin for a while, and the other one at the same time."""
    with _asked(beside):
        found, cpu = list[float](), time.thread_time()
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            begun = time.perf_counter()
            [result] = good.each(HOOK, about=NOBODY, request=STAY)
            found.append(time.perf_counter() - begun)
            assert result.error is None, result.error
            time.sleep(PAUSE)
        cpu = time.thread_time() - cpu
    seen.calls += len(found)
    seen.cpu.append(cpu / len(found))
    seen.p50.append(statistics.median(found) * 1e6)
    seen.p99.append(statistics.quantiles(found, n=100)[-1] * 1e6)


def _undisturbed(of_windows: list[float]) -> float:
    return statistics.quantiles(of_windows, n=4)[0]


@contextmanager
def _asked(hooks: Hooks) -> Iterator[None]:
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            hooks.each(HOOK, LIMIT, about=NOBODY, request=STAY)
            over.wait(PAUSE)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _logged() -> Iterator[None]:
    """As a service does, to a file: what a bad plugin is told in the log costs its host, too."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), log_file=f"{folder}/log")
        telemetry.configure(settings, "bench")
        yield


@contextmanager
def _attacker(name: str, neighbour: Hooks) -> Iterator[Hooks]:
    """Whoever is asked in the attacked windows."""
    if name != PROGRAM:
        with _hooks(name) as bad:
            yield bad
        return
    program = subprocess.Popen([sys.executable, "-c", COMPUTES])
    # As the host does with a plugin; where there is one CPU alone, both share it.
    os.sched_setaffinity(program.pid, ELSEWHERE)
    os.setpriority(os.PRIO_PROCESS, program.pid, 5)
    try:
        yield neighbour
    finally:
        program.kill()
        program.wait()


@contextmanager
def _hooks(name: str) -> Iterator[Hooks]:
    with tempfile.TemporaryDirectory() as folder:
        hooks = build("parking", hookspecs, [])
        directory = ZOO / name
        manifest = parse_manifest((directory / "plugin.toml").read_bytes(), directory)
        settings = Settings(data=Path(folder))
        hooks.take_up(open_plugin(source_in(directory), manifest, hookspecs, settings=settings))
        try:
            yield hooks
        finally:
            hooks.close()


def main() -> None:
    load = os.getloadavg()[0]
    told = measure(tuple(sys.argv[1:]) or BAD)
    print(json.dumps({"load_before": load, **told}, indent=2))


if __name__ == "__main__":
    main()
