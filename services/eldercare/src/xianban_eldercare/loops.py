"""Background work of the service."""

from __future__ import annotations

from threading import Event

from xianban_sdk.app import Resources
from xianban_sdk.playbooks import keep_playbooks
from xianban_sdk.readings.upkeep import keep_readings
from xianban_sdk.readings.watch import DeviceWatch

from xianban_eldercare.forewarning import read_weather
from xianban_eldercare.granting import grant_subsidies
from xianban_eldercare.handlers.ingest import on_facts
from xianban_eldercare.mustering import read_responders
from xianban_eldercare.rostering import roster_plans

__all__ = ["LOOPS"]


def watch_devices(resources: Resources, stop: Event) -> None:
    """Notices devices that fall silent (C2)."""
    DeviceWatch(resources.db, on_facts, clock=resources.clock, ids=resources.ids).run(stop)


LOOPS = (
    keep_readings,
    watch_devices,
    roster_plans,
    grant_subsidies,
    keep_playbooks,
    read_weather,
    read_responders,
)
