"""What no limit of the kernel's stops is looked for."""

import os
import subprocess
import sys

import pytest
from xianban_sdk.plugins.isolation import usage
from xianban_sdk.plugins.isolation.usage import Usage, memory_of


@pytest.fixture
def spinning():
    made = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield made.pid
    made.kill()
    made.wait()


def looked_twice(pid, idle, monkeypatch):
    monkeypatch.setattr(usage, "LOOK_SECONDS", 0.2)
    found = Usage(pid, lambda: idle)
    for _ in range(2):
        end = os.times().elapsed + 1.0
        while os.times().elapsed < end:
            os.sched_yield()
        found.look()
    return found


def test_a_process_that_works_while_nobody_asks_it_is_an_offence(spinning, monkeypatch):
    monkeypatch.setattr(usage, "_SHARE", 0.01)
    assert "nobody asked" in looked_twice(spinning, True, monkeypatch).offence
    assert looked_twice(spinning, False, monkeypatch).offence == ""


def test_a_directory_that_grows_beyond_its_bound_is_an_offence(spinning, tmp_path):
    found = Usage(spinning, lambda: False)
    found.watch_scratch(tmp_path, 100_000)
    found.look()
    assert found.offence == ""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 200_000)
    found.look()
    assert "writing" in found.offence


def test_the_memory_of_nobody_is_none():
    assert memory_of(os.getpid()) > 1_000_000
    assert memory_of(0) == 0


def test_a_process_that_has_ended_already_is_no_offence():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert Usage(gone.pid, lambda: True).offence == ""
