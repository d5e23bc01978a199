"""What is run seldom breaks unseen: every module of the benchmarks can at least be imported."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What the peer is told by whoever starts it.
TOLD = """
import os
from bench.contestants import _actions
os.environ.update(
    BENCH_DATABASE="sqlite+aiosqlite:///peer.db",
    BENCH_SECRET="00" * 32,
    BENCH_ISSUER="http://127.0.0.1",
    BENCH_ACTIONS=",".join(_actions()),
)
"""


def test_every_module_of_the_benchmarks_can_be_imported() -> None:
    names = [one.name for one in pkgutil.iter_modules([str(ROOT / "bench")])]
    assert "peer" in names
    lines = [f"import bench.{name}" for name in names if name != "__main__"]
    command = [sys.executable, "-c", "\n".join([TOLD, *lines])]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
