"""A release rolled over another under load, a migration first: no call fails, nothing is lost."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest
from backing import empty_queues, fresh_database

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from fleet import Fleet
from upgrade import Upgrade

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(1800),
]


def test_every_service_is_replaced_by_its_next_release_and_no_call_fails(
    tmp_path, backends, monkeypatch
):
    database, broker = backends
    empty_queues(broker)
    fleet = Fleet(tmp_path / "data", fresh_database(database), broker)
    for name, value in fleet.addresses().items():
        monkeypatch.setenv(name, value)
    try:
        fleet.start()
        figures = Upgrade(fleet, seed=3).run()
    finally:
        fleet.stop()
        gc.collect()
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    assert figures["findings"] == [], figures
    assert figures["failed"] == 0
    assert figures["calls"] > 100
    # Both releases' code wrote on the next one's schema.
    assert all(figures["events_by_release"][name]["n+1"] for name in ("parking", "eldercare"))
    # uvicorn ends as the signal says, after it has drained.
    assert set(figures["killed"]) <= {"portal"}
