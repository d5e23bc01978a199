"""The demo's devices speak models that first-party plugins read."""

from __future__ import annotations

from importlib.metadata import entry_points

from xianban_sensing.seed import demo_data


def models():
    plugins = [point.load() for point in entry_points(group="xianban.sensing")]
    return {adapter.model for plugin in plugins for adapter in plugin.register_device_adapter()}


def test_every_demo_device_can_be_read():
    assert {device["model"] for device in demo_data()["device"]} <= models()


def test_the_demo_shows_each_model():
    shown = {device["model"] for device in demo_data()["device"]}
    assert {"json-wristband", "health-box", "home-set", "gps-locator"} <= shown
