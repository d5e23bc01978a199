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
    asked = parser.parse_args()
    found: dict[str, Any] = {"about": _about()}
    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        field = Field(Path(directory))
        try:
            found["start"] = _start(field)
            found["compared"] = compare(field, asked.rounds, asked.seconds)
            found["memory_mb_loaded"] = _memory(field)
        finally:
            field.stop()
        found["layers_us"] = _layers(Path(directory))
        found["events_per_s"] = _events(Path(directory))
    asked.output.parent.mkdir(exist_ok=True)
    asked.output.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    show(found)
    print(f"\nWritten to {asked.output}")


def _start(field: Field) -> dict[str, Any]:
    field.suite.start()
    first = field.suite.seconds
    field.suite.stop()
    field.suite.start()
    return {
        "first_s": round(first, 2),
        "second_s": round(field.suite.seconds, 2),
        "memory_mb": _memory(field),
    }


def _memory(field: Field) -> dict[str, float]:
    return {
        name: round(pss_mb(field.suite.pid(name)), 1) for name in ("services", "portal", "edge")
    }


def _layers(directory: Path) -> dict[str, float]:
    from bench.layers import measure

    return measure(directory)


def _events(directory: Path) -> dict[str, Any]:
    from bench.events import measure

    return measure(directory)


def _about() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "backend": "sqlite",
    }


if __name__ == "__main__":
    main()
