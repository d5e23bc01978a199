"""Signing keys, certificates, workload keys and the master secret change under running calls."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest
from backing import empty_queues, fresh_database

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from fleet import Fleet
from rotation import Rotation

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(1800),
]


def test_no_call_fails_while_every_key_is_changed(tmp_path, backends, monkeypatch):
    database, broker = backends
    empty_queues(broker)
    fleet = Fleet(tmp_path / "data", fresh_database(database), broker, proven=True)
    for name, value in fleet.addresses().items():
        monkeypatch.setenv(name, value)
    try:
        fleet.start()
        figures = Rotation(fleet, seed=4).run()
    finally:
        fleet.stop()
        gc.collect()
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    assert figures["findings"] == [], figures
    assert figures["failed"] == 0
    assert figures["signing_keys_new"] == 1
