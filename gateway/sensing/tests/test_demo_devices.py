"""The demo's devices say what their models can read, at any hour, and never what would alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from xianban_plugin_sensing_gps_locator.plugin import register_device_adapter as locators
from xianban_plugin_sensing_home_set.plugin import register_device_adapter as sets
from xianban_plugin_sensing_wristband.plugin import register_device_adapter as bands
from xianban_sensing.hookspecs import Measured
from xianban_sensing.uplink.demo_devices import PLAYED, Played

START = datetime(2026, 11, 28, tzinfo=UTC)
ADAPTERS = {
    "demo-band": bands()[0],
    "demo-home": sets()[0],
    "demo-gps": locators()[0],
}


@pytest.mark.parametrize("played", PLAYED, ids=lambda one: one.device)
def test_every_word_can_be_read_and_is_calm(played: Played) -> None:
    for quarter in range(96):
        now = START + timedelta(minutes=15 * quarter)
        found = list(ADAPTERS[played.device].parse(played.say(now), now))
        assert found
        assert all(isinstance(one, Measured) for one in found), found
        values = {one.kind: one.value for one in found if isinstance(one, Measured)}
        assert values.get("oxygen-saturation", 97) >= 94
        assert 50 <= values.get("heart-rate", 70) <= 95
        assert values.get("smoke", 0) == values.get("gas", 0) == 0


@pytest.mark.parametrize("played", PLAYED, ids=lambda one: one.device)
def test_nothing_that_was_promised_is_left_out_and_taken_for_silence(played: Played) -> None:
    adapter = ADAPTERS[played.device]
    said = {one.kind for one in adapter.parse(played.say(START), START)}
    assert {promise.kind for promise in adapter.promises} <= said
