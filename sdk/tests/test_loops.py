"""Loops that one process runs at a time, and the turns of sources."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from xianban_sdk.loops import Rota, alone
from xianban_sdk.storage import Database

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
Run = Callable[[Callable[[], object]], threading.Event]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts a loop; the file lock is between loops as it is between processes."""
    db = Database.open(f"sqlite:///{tmp_path}/own.db", owner="echo")
    resources: Any = SimpleNamespace(db=db)
    ends: list[tuple[threading.Event, threading.Thread]] = []

    def start(work: Callable[[], object]) -> threading.Event:
        stop = threading.Event()
        thread = threading.Thread(target=alone, args=(resources, stop, "tidy", 0.01, work))
        thread.start()
        ends.append((stop, thread))
        return stop

    yield start
    for stop, thread in ends:
        stop.set()
        thread.join(30)
    db.close()


def test_one_process_works_and_another_takes_over_when_it_ends(run: Run) -> None:
    first, second = threading.Event(), threading.Event()
    ended = run(first.set)
    assert first.wait(30)
    run(second.set)
    assert not second.wait(0.2)
    ended.set()
    assert second.wait(30)


def test_work_that_raises_is_done_again_by_the_same_process(run: Run) -> None:
    again = threading.Event()
    times: list[int] = []

    def work() -> None:
        times.append(1)
        if len(times) < 3:
            raise ValueError("a bad day")
        again.set()

    run(work)
    assert again.wait(30)


def test_a_source_is_asked_at_once_and_then_as_often_as_it_says() -> None:
    rota, cadence = Rota(), timedelta(minutes=5)
    assert rota.turn("weather", cadence, NINE)
    assert not rota.turn("weather", cadence, NINE + timedelta(minutes=4))
    assert rota.turn("traffic", cadence, NINE)
    assert rota.turn("weather", cadence, NINE + cadence)
