"""Killed at random under load, the suite keeps its promises (the short form of make faults)."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
from backing import is_own_broker

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from campaign import Campaign
from places import on_backends, on_sqlite

# Whose server is killed leaves the refused socket to the collector (httpcore): collected here, it
# is not blamed on another test.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(1200),
]


def reckon(campaign: Campaign) -> dict:
    try:
        campaign.suite.start()
        figures = campaign.run()
    finally:
        campaign.suite.stop()
        gc.collect()
    assert figures["findings"] == [], figures
    assert figures["accepted"]["reservations"] > 0
    return figures


def test_nothing_accepted_is_lost_or_doubled_over_kills_on_sqlite(tmp_path):
    figures = reckon(on_sqlite(tmp_path / "data", kills=6, seed=1))
    assert figures["kills"] == 6


def test_nothing_is_lost_over_kills_and_a_broker_restart_on_postgresql_and_rabbitmq(
    tmp_path, backends
):
    database, broker = backends
    if not is_own_broker(broker):
        pytest.skip("this RabbitMQ is not that of tools/backends.sh, so it is not restarted here")
    figures = reckon(on_backends(tmp_path / "data", database, broker, kills=4, seed=2, restarts=1))
    assert figures["broker_restarts"] == 1
