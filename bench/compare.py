"""Interleaved rounds: everybody answers the same calls in turn; CPU time per call, and ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.contestants import CLIENT_CPU, ROOT, SERVER_CPU, Contestant, Field
from bench.measure import Used, pin, spread, used
from bench.work import KINDS

Cell = dict[str, Any]
# A service that has just started still learns its forecasts.
SETTLED = 0.08
# What a reservation left behind is worked off when no more than this is used beside calls.
WORKED_OFF = 0.03
LOOK, LONGEST_LOOKS = 0.25, 80
FIGURES = (
    "cpu_us",
    "behind_us",
    "envoy_cpu_us",
    "database_cpu_us",
    "calls_per_s",
    "p50_ms",
    "p99_ms",
)
# Theirs ÷ ours: more than 1 is in our favour. "+" adds a cost that is told apart in the tables.
RATIOS: dict[str, tuple[tuple[str, str], ...]] = {
    "peer/direct": (("direct", "cpu_us"),),
    "peer/gateway": (("gateway", "cpu_us"),),
    "peer/(gateway+behind)": (("gateway", "cpu_us"), ("gateway", "behind_us")),
    "peer/(gateway+behind+envoy)": (
        ("gateway", "cpu_us"),
        ("gateway", "behind_us"),
        ("gateway", "envoy_cpu_us"),
    ),
}


def compare(field: Field, rounds: int, seconds: float) -> dict[str, Any]:
    """All cells of all rounds, and what follows from them."""
    contestants = [*field.suite_contestants(), field.start_peer(), field.start_bare()]
    for one in contestants:
        for pid in one.pids:
            pin(pid, SERVER_CPU)
        for pid in one.extra:
            pin(pid, CLIENT_CPU)
    idle = {one.name: _settled(one) for one in contestants}
    cells: dict[str, dict[str, list[Cell]]] = {kind: defaultdict(list) for kind in KINDS}
    for number in range(rounds):
        for kind in KINDS:
            order = contestants if number % 2 == 0 else contestants[::-1]
            for one in order:
                cells[kind][one.name].append(_cell(field, one, kind, seconds, idle[one.name]))
    shares = {name: round(share.calls + share.behind, 4) for name, share in idle.items()}
    return {
        "idle_cpu_share": shares,
        "calls": {kind: _summary(cells[kind]) for kind in KINDS},
    }


def _settled(one: Contestant) -> Used:
    """The share of a CPU that is used while nobody calls, once the start's own work is done."""
    share = _share(one, 4.0)
    for _ in range(20):
        if share.calls + share.behind < SETTLED:
            break
        share = _share(one, 3.0)
    return share


def _share(one: Contestant, seconds: float) -> Used:
    before = used(one.pids)
    time.sleep(seconds)
    return (used(one.pids) - before).per(seconds * 1_000_000)


def _cell(field: Field, one: Contestant, kind: str, seconds: float, idle: Used) -> Cell:
    client = _client(one, kind, seconds)
    _say(client, field.token())
    assert client.stdout is not None
    client.stdout.readline()
    servers = {pid: used((pid,)) for pid in field.backend.processes(one.rows)}
    before, began = [used(one.pids), used(one.extra)], time.monotonic()
    _say(client, "go")
    done = json.loads(client.stdout.readline())
    within = used(one.pids) - before[0]
    _work_off(one, idle)
    lasted = time.monotonic() - began
    own, envoy = used(one.pids) - before[0], used(one.extra) - before[1]
    database = _since(servers)
    client.wait(10)
    count = done["calls"]
    if not count or done["failed"] > count * 0.01:
        raise RuntimeError(f"{one.name} {kind}: {done}")
    return {
        "cpu_us": (within.calls - idle.calls * done["seconds"] * 1_000_000) / count,
        "behind_us": max(own.behind - idle.behind * lasted * 1_000_000, 0.0) / count,
        "envoy_cpu_us": (envoy.calls + envoy.behind) / count,
        "database_cpu_us": (database.calls + database.behind) / count,
        "calls_per_s": count / done["seconds"],
        "p50_ms": done["p50_ms"],
        "p99_ms": done["p99_ms"],
        "failed": done["failed"],
    }


def _since(before: dict[int, Used]) -> Used:
    """What those of the database server's processes used that are still there."""
    there = [pid for pid in before if Path(f"/proc/{pid}").exists()]
    return sum((used((pid,)) - before[pid] for pid in there), Used())


def _client(one: Contestant, kind: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.client", one.transport, one.target, kind]
    return subprocess.Popen(
        [*command, "--seconds", str(seconds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: _pin_self(CLIENT_CPU),
    )


def _say(client: subprocess.Popen[str], line: str) -> None:
    assert client.stdin is not None
    client.stdin.write(line + "\n")
    client.stdin.flush()


def _work_off(one: Contestant, idle: Used) -> None:
    """Waits until relay, consumers and sealer have nothing left of these calls."""
    for _ in range(LONGEST_LOOKS):
        if _share(one, LOOK).behind < idle.behind + WORKED_OFF:
            return
    raise TimeoutError(f"{one.name} does not come to rest")


def _pin_self(cpu: int) -> None:
    if cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {cpu})


def _summary(cells: dict[str, list[Cell]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: {figure: spread(cell[figure] for cell in told) for figure in FIGURES}
        for name, told in cells.items()
    }
    rounds = [dict(zip(cells, told, strict=True)) for told in zip(*cells.values(), strict=True)]
    ratios = {
        name: [one["peer"]["cpu_us"] / sum(one[who][what] for who, what in parts) for one in rounds]
        for name, parts in RATIOS.items()
    }
    ratios["direct/bare"] = [one["direct"]["cpu_us"] / one["bare"]["cpu_us"] for one in rounds]
    ratios["(direct+behind)/bare"] = [
        (one["direct"]["cpu_us"] + one["direct"]["behind_us"]) / one["bare"]["cpu_us"]
        for one in rounds
    ]
    found["ratios_of_cpu"] = {name: spread(values) for name, values in ratios.items()}
    return found
