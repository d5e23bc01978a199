"""Plays the demo's devices, so that a demo district has an elder whose day can be seen.

They speak as any device does: with their own secret, on their own topic, through the broker. What
they say depends on the clock alone: a quieter pulse at night, steps by day, a door now and then.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from xianban_sdk.clock import SHANGHAI, Clock

from xianban_sensing.convert import UPLINK
from xianban_sensing.seed import DEMO_SECRET
from xianban_sensing.uplink.mailbox import secure

__all__ = ["PLAYED", "DemoDevices", "Played"]

_MINUTE: Final = 60.0
_HOME: Final = (30.9183, 121.4561)
_SECONDS_OF_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Played:
    """A demo device: what it says now, and how often."""

    device: str
    seconds: float
    say: Callable[[datetime], bytes]


def _day(now: datetime) -> float:
    """0 in the middle of the night, 1 in the middle of the afternoon."""
    local = now.astimezone(SHANGHAI)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return (1 - math.cos(2 * math.pi * (seconds - 3 * 3600) / _SECONDS_OF_A_DAY)) / 2


def _ripple(now: datetime, period: float, width: float) -> float:
    return width * math.sin(now.timestamp() * 2 * math.pi / period)


def _band(now: datetime) -> bytes:
    day = _day(now)
    return _json(
        hr=round(62 + 14 * day + _ripple(now, 700, 4)),
        spo2=round(96.4 + _ripple(now, 1300, 1.2)),
        rr=round(14 + 3 * day + _ripple(now, 900, 1)),
        temp=round(36.3 + 0.4 * day + _ripple(now, 3000, 0.1), 1),
        steps=round(3200 * day),
        bat=90,
    )


def _set(now: datetime) -> bytes:
    at_home = _ripple(now, 5400, 1) > -0.8
    moving = _day(now) > 0.25 and _ripple(now, 1700, 1) > 0
    return _json(smoke=0, gas=0, door=0 if at_home else 1, motion=int(moving), bat=95)


def _locator(now: datetime) -> bytes:
    local = now.astimezone(SHANGHAI)
    return _sentence(local.utctimetuple(), *_HOME)


def _json(**told: Any) -> bytes:
    return orjson.dumps(told)


def _sentence(utc: Any, latitude: float, longitude: float) -> bytes:
    """One GGA of a receiver with a good fix (NMEA 0183)."""
    clock = f"{utc.tm_hour:02}{utc.tm_min:02}{utc.tm_sec:02}.00"
    body = (
        f"GNGGA,{clock},{_degrees(latitude, 2)},N,{_degrees(longitude, 3)},E,1,10,0.9,4.0,M,0.0,M,,"
    )
    check = 0
    for letter in body.encode():
        check ^= letter
    return f"${body}*{check:02X}\r\n".encode()


def _degrees(value: float, digits: int) -> str:
    whole = int(value)
    return f"{whole:0{digits}}{(value - whole) * 60:07.4f}"


PLAYED: Final = (
    Played("demo-band", _MINUTE, _band),
    Played("demo-home", 5 * _MINUTE, _set),
    Played("demo-gps", 5 * _MINUTE, _locator),
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
