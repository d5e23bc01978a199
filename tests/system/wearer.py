"""A wristband as its firmware behaves: it repeats an SOS until it has heard of it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from xianban_sensing.seed import DEMO_SECRET

UP, DOWN = "xianban/v1/devices/{}/up", "xianban/v1/devices/{}/down"
_REPEAT_SECONDS = 2.0


class Wristband:
    """The demo's wristband on a broker; `heard` is what its display has shown, in order."""

    def __init__(self, port: int, device: str = "demo-band") -> None:
        self._device = device
        self._heard_of_sos = threading.Event()
        self._listens = threading.Event()
        self.heard: list[str] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
        self._client.username_pw_set(device, DEMO_SECRET)
        self._client.on_connect = self._subscribe
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port, keepalive=10)
        self._client.loop_start()
        assert self._listens.wait(20), "no broker"

    def measure(self, **numbers: float) -> None:
        """Publishes numbers of now; as firmware does, again until the broker has them."""
        payload, end = orjson.dumps(numbers), time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(RuntimeError, ValueError):  # not connected just now
                self._client.publish(UP.format(self._device), payload, 1).wait_for_publish(5)
                return
            time.sleep(0.1)
        raise TimeoutError("the broker took nothing in 20 s")

    def press(self, event: str) -> None:
        """Presses the button; the band goes on saying so until it is heard."""
        self._heard_of_sos.clear()
        payload = orjson.dumps({"ev": "sos", "id": event})

        def insist() -> None:
            while not self._heard_of_sos.is_set():
                self._client.publish(UP.format(self._device), payload, 1)
                self._heard_of_sos.wait(_REPEAT_SECONDS)

        threading.Thread(target=insist, daemon=True).start()

    def close(self) -> None:
        self._heard_of_sos.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(DOWN.format(self._device), 1)
        self._listens.set()

    def _hear(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        word = orjson.loads(message.payload)["cmd"]
        if not self.heard or self.heard[-1] != word:
            self.heard.append(word)
        if word not in ("held", "over"):
            self._heard_of_sos.set()
