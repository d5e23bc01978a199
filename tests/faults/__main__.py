"""`make faults`: fifty kills on SQLite, fifty on PostgreSQL and RabbitMQ; results as JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

from backing import is_own_broker  # noqa: E402 - the folders above are no packages
from campaign import Campaign  # noqa: E402
from places import on_backends, on_sqlite  # noqa: E402

RESULTS = HERE / "results" / "latest.json"


def main() -> int:
    options = _options()
    results: dict[str, Any] = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
    folder = Path(tempfile.mkdtemp(prefix="xianban-faults-"))
    if "sqlite" in options.on:
        campaign = on_sqlite(folder / "sqlite", kills=options.kills, seed=options.seed)
        results["sqlite"] = _run(campaign, options.minutes)
    if "backends" in options.on:
        results["backends"] = _on_backends(folder, options)
    RESULTS.parent.mkdir(exist_ok=True)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(kept | results, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    bad = any(part.get("findings") for part in results.values() if isinstance(part, dict))
    if bad:
        sys.stdout.write(f"kept: {folder}\n")
    else:
        shutil.rmtree(folder)
    return int(bad)


def _on_backends(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    database = os.environ.get("XIANBAN_TEST_DATABASE", "")
    broker = os.environ.get("XIANBAN_TEST_BROKER", "")
    if not database or not is_own_broker(broker):
        return {"skipped": "no PostgreSQL and RabbitMQ of our own: see tools/backends.sh"}
    campaign = on_backends(
        folder / "backends", database, broker, kills=options.kills, seed=options.seed, restarts=5
    )
    return _run(campaign, options.minutes)


def _run(campaign: Campaign, minutes: float) -> dict[str, Any]:
    try:
        campaign.suite.start()
        campaign.until = time.monotonic() + minutes * 60
        return campaign.run()
    finally:
        campaign.suite.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--minutes", type=float, default=60, help="no kills after so long")
    parser.add_argument(
        "--on", nargs="+", choices=["sqlite", "backends"], default=["sqlite", "backends"]
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
