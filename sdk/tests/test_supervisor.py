"""A dead process starts again: at once when it ran well, later and later when it keeps dying.

None is left behind by a supervisor that is killed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from xianban_sdk.cli.supervisor import Child, Supervisor

DEAD: Any = SimpleNamespace(poll=lambda: 1)


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    made = Supervisor(tmp_path, tmp_path, {})

    def spawned(_: Supervisor, child: Child) -> None:
        child.process, child.started = DEAD, time.monotonic()

    monkeypatch.setattr(Supervisor, "_spawn", spawned)
    return made


def test_who_ran_well_starts_again_at_once(supervisor: Supervisor) -> None:
    child = Child("parking", ["serve", "parking"], process=DEAD, started=time.monotonic() - 60)
    supervisor._revive(child)
    assert (child.restarts, child.delay) == (1, 0.0)


def test_who_keeps_dying_waits_longer_each_time(supervisor: Supervisor) -> None:
    child = Child("parking", ["serve", "parking"], process=DEAD, started=time.monotonic())
    waits = []
    for _ in range(7):
        supervisor._revive(child)
        waits.append(child.delay)
        child.due = time.monotonic()  # the wait is over
        supervisor._revive(child)
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert child.restarts == 7


def test_who_runs_is_left_alone(supervisor: Supervisor) -> None:
    running: Any = SimpleNamespace(poll=lambda: None)
    child = Child("parking", ["serve", "parking"], process=running)
    supervisor._revive(child)
    assert child.restarts == 0


SUPERVISES = """
import sys
from pathlib import Path
from xianban_sdk.cli.supervisor import Supervisor

run, sys.executable = Path(sys.argv[1]), sys.argv[2]
supervisor = Supervisor(run, run, {})
supervisor.add("sleeper")
supervisor.start()
print(supervisor.children[0].process.pid, flush=True)
supervisor.watch()
"""


def test_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    sleeper.chmod(0o755)
    command = [sys.executable, "-c", SUPERVISES, tmp_path, sleeper]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        child = Path("/proc", supervising.stdout.readline().strip())
        assert child.exists()
        supervising.kill()
    end = time.monotonic() + 30
    while child.exists():
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.05)
