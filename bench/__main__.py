"""``python -m bench``: runs everything, writes bench/results/latest.json, prints the tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.backends import Backend, backend
from bench.compare import compare
from bench.contestants import Field
from bench.measure import pss_mb
from bench.report import show

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--on", nargs="+", choices=("sqlite", "backends"), default=_there())
    asked = parser.parse_args()
    found: dict[str, Any] = {"about": _about(), "plugins": _plugins(), "on": {}}
    for name in asked.on:
        with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
            under = backend(name, Path(directory))
            try:
                told = _all(under, Path(directory), asked.rounds, asked.seconds)
            finally:
                under.close()
        found["on"][under.name] = told
        # Kept at once: what one database told stays when the next one fails.
        asked.output.parent.mkdir(exist_ok=True)
        asked.output.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    show(found)
    print(f"\nWritten to {asked.output}")


def _there() -> list[str]:
    return ["sqlite", "backends"] if os.environ.get("XIANBAN_TEST_DATABASE") else ["sqlite"]


def _all(under: Backend, directory: Path, rounds: int, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    field = Field(directory, under)
    try:
        found["start"] = _start(field)
        found["compared"] = compare(field, rounds, seconds)
        found["memory_mb_loaded"] = _memory(field)
        found["overload"] = _overload(field)
    finally:
        field.stop()
    found["layers_us"] = _layers(directory, under)
    found["events_per_s"] = _events(under)
    found["ingest"] = _ingest(directory, under)
    found["wristbands"] = _wristbands(directory, under)
    return found


def _start(field: Field) -> dict[str, Any]:
    first, second = field.start_suite()
    return {
        "first_s": round(first, 2),
        "second_s": round(second, 2),
        "memory_mb": _memory(field),
    }


def _memory(field: Field) -> dict[str, float]:
    return {
        name: round(pss_mb(field.suite.pid(name)), 1) for name in ("services", "portal", "edge")
    }


def _overload(field: Field) -> dict[str, Any]:
    from bench.overload import measure

    return measure(field)


def _layers(directory: Path, under: Backend) -> dict[str, float]:
    from bench.layers import measure

    # On SQLite the service makes its own file.
    return measure(directory, under.of("layers") if under.name == "postgresql" else "")


def _events(under: Backend) -> dict[str, Any]:
    from bench.events import measure

    return measure(under)


def _ingest(directory: Path, under: Backend) -> dict[str, Any]:
    from bench.ingest import Place, measure

    if under.name == "sqlite":
        return measure(Place(directory))
    broker = os.environ.get("XIANBAN_TEST_BROKER", "")
    return measure(Place(directory, under.of("ingest"), broker))


def _plugins() -> dict[str, Any]:
    from bench import plugins, zoo

    return {"called": plugins.measure(), "beside_the_zoo": zoo.measure()}


def _wristbands(directory: Path, under: Backend) -> dict[str, Any]:
    from bench.wristbands import measure

    return measure(directory / "wristbands", under)


def _about() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
