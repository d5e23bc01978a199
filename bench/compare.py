"""Interleaved rounds: everybody answers the same calls in turn; CPU time per call, and ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

from bench.contestants import CLIENT_CPU, ROOT, SERVER_CPU, Contestant, Field
from bench.measure import cpu_us, pin, spread
from bench.work import KINDS

Cell = dict[str, Any]
# A service that has just started still learns its forecasts.
SETTLED = 0.08
# Ours against theirs; a ratio is theirs ÷ ours in CPU per call, so more than 1 is in our favour.
PAIRS = (("direct", "peer"), ("gateway", "peer"), ("gateway", "direct"), ("bare", "direct"))


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
                cells[kind][one.name].append(_cell(one, kind, field.token(), seconds, idle))
    return {
        "idle_cpu_share": {name: round(share, 4) for name, share in idle.items()},
        "calls": {kind: _summary(cells[kind]) for kind in KINDS},
    }


def _settled(one: Contestant) -> float:
    """The share of a CPU that is used while nobody calls, once the start's own work is done."""
    for _ in range(20):
        share = _idle(one)
        if share < SETTLED:
            return share
    return share


def _idle(one: Contestant, seconds: float = 3.0) -> float:
    before = sum(map(cpu_us, one.pids))
    time.sleep(seconds)
    return (sum(map(cpu_us, one.pids)) - before) / (seconds * 1_000_000)


def _cell(one: Contestant, kind: str, token: str, seconds: float, idle: dict[str, float]) -> Cell:
    command = [sys.executable, "-m", "bench.client", one.transport, one.target, kind]
    client = subprocess.Popen(
        [*command, "--seconds", str(seconds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: _pin_self(CLIENT_CPU),
    )
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(token + "\n")
    client.stdin.flush()
    client.stdout.readline()
    before = [sum(map(cpu_us, pids)) for pids in (one.pids, one.extra)]
    client.stdin.write("go\n")
    client.stdin.flush()
    done = json.loads(client.stdout.readline())
    after = [sum(map(cpu_us, pids)) for pids in (one.pids, one.extra)]
    client.wait(10)
    if not done["calls"] or done["failed"] > done["calls"] * 0.01:
        raise RuntimeError(f"{one.name} {kind}: {done}")
    gross = (after[0] - before[0]) / done["calls"]
    return {
        "cpu_us": gross - idle[one.name] * done["seconds"] * 1_000_000 / done["calls"],
        "cpu_us_gross": gross,
        "envoy_cpu_us": (after[1] - before[1]) / done["calls"],
        "calls_per_s": done["calls"] / done["seconds"],
        "p50_ms": done["p50_ms"],
        "p99_ms": done["p99_ms"],
        "failed": done["failed"],
    }


def _pin_self(cpu: int) -> None:
    if cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {cpu})


def _summary(cells: dict[str, list[Cell]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: {
            figure: spread(cell[figure] for cell in told)
            for figure in (
                "cpu_us",
                "cpu_us_gross",
                "envoy_cpu_us",
                "calls_per_s",
                "p50_ms",
                "p99_ms",
            )
        }
        for name, told in cells.items()
    }
    found["ratios_of_cpu"] = {
        f"{theirs}/{ours}": spread(
            his["cpu_us"] / mine["cpu_us"]
            for mine, his in zip(cells[ours], cells[theirs], strict=True)
        )
        for ours, theirs in PAIRS
    }
    found["ratios_of_cpu"]["peer/(gateway+envoy)"] = spread(
        his["cpu_us"] / (mine["cpu_us"] + mine["envoy_cpu_us"])
        for mine, his in zip(cells["gateway"], cells["peer"], strict=True)
    )
    return found
