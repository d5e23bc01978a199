"""Plays the demo's devices, so that a demo district has an elder whose day can be seen.

They speak as any device does: with their own secret, on their own topic, through the broker. What
they say is a calm day by the clock alone (`played.day`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from xianban_sdk.clock import Clock

from xianban_sensing.convert import UPLINK
from xianban_sensing.played.day import band_of, locator_of, set_of
from xianban_sensing.seed import DEMO_SECRET
from xianban_sensing.uplink.mailbox import secure

__all__ = ["PLAYED", "DemoDevices", "Played"]

_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Played:
    """A demo device: what it says now, and how often."""

    device: str
    seconds: float
    say: Callable[[datetime], bytes]


PLAYED: Final = (
    Played("demo-band", _MINUTE, band_of),
    Played("demo-home", 5 * _MINUTE, set_of),
    Played("demo-gps", 5 * _MINUTE, locator_of),
)


class DemoDevices:
    """One MQTT client per device; only beside the embedded broker of a demo."""

    def __init__(self, url: str, clock: Clock, ca: str = "") -> None:
        self._url = urlsplit(url)
        self._ca = ca
        self._clock = clock

    def loops(self) -> Iterator[Callable[[threading.Event], None]]:
        """One loop per device."""
        for played in PLAYED:
            yield lambda stop, played=played: self._play(played, stop)

    def _play(self, played: Played, stop: threading.Event) -> None:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{played.device}-played")
        client.username_pw_set(played.device, DEMO_SECRET)
        secure(client, self._url, self._ca)
        client.reconnect_delay_set(1, 10)
        host, port = self._url.hostname or "127.0.0.1", self._url.port or 1883
        client.connect_async(host, port)
        client.loop_start()
        pause = 5.0
        while not stop.wait(pause):
            client.publish(UPLINK.format(played.device), played.say(self._clock.now()), 1)
            pause = played.seconds
        client.disconnect()
        client.loop_stop()
