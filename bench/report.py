"""The results as tables for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = {
    "direct": "direct gRPC (Unix socket)",
    "gateway": "through the gateway (JSON)",
    "peer": "FastAPI + SQLAlchemy async ORM",
    "bare": "bare grpcio handler",
}


def show(found: dict[str, Any]) -> None:
    """Prints everything."""
    console = Console(width=110)
    about = found["about"]
    console.print(
        f"[bold]xianban bench[/] {about['at']} · Python {about['python']} · {about['cpus']} CPUs · "
        f"load {about['load_before']:.1f} · {about['backend']}"
    )
    for kind, told in found["compared"]["calls"].items():
        console.print(_calls(kind, told))
        for pair, ratio in told["ratios_of_cpu"].items():
            print(
                f"  {pair:24} {ratio['median']:5.2f} ×   ({ratio['min']:.2f} … {ratio['max']:.2f})"
            )
    console.print(_pairs("Layer alone", "µs", found["layers_us"]))
    console.print(_pairs("Events", "per second", found["events_per_s"]))
    start = found["start"]
    console.print(
        f"Start: first {start['first_s']} s, second {start['second_s']} s to /healthz 200"
    )
    console.print(_pairs("Memory (PSS)", "MB after start", start["memory_mb"]))
    console.print(_pairs("Idle CPU", "share", found["compared"]["idle_cpu_share"]))


def _calls(kind: str, told: dict[str, Any]) -> Table:
    table = Table(title=kind, title_justify="left")
    for heading in ("", "CPU µs/call", "(spread)", "Envoy µs", "calls/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label in NAMES.items():
        one = told[name]
        cpu = one["cpu_us"]
        table.add_row(
            label,
            f"{cpu['median']:.0f}",
            f"{cpu['min']:.0f}–{cpu['max']:.0f}",
            f"{one['envoy_cpu_us']['median']:.0f}" if name == "gateway" else "",
            f"{one['calls_per_s']['median']:.0f}",
            f"{one['p50_ms']['median']:.1f}",
            f"{one['p99_ms']['median']:.1f}",
        )
    return table


def _pairs(title: str, unit: str, told: dict[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column(unit, justify="right")
    for name, value in told.items():
        table.add_row(name, f"{value:,.4g}" if isinstance(value, float) else str(value))
    return table
