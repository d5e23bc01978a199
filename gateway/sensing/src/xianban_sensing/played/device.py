"""One device on a broker, as its firmware would be: its own secret, its own topics, QoS 1."""

from __future__ import annotations

import queue
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from xianban_sensing.convert import UPLINK, downlink_topic
from xianban_sensing.played.payloads import displayed
from xianban_sensing.uplink.mailbox import secure

__all__ = ["BrokerAway", "BrokerRefuses", "Heard", "PlayedDevice", "where"]

_AT_LEAST_ONCE: Final = 1
_PATIENCE: Final = 10.0
_KEEPALIVE: Final = 20
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class BrokerAway(Exception):
    """Nobody answers, or nobody any more."""


class BrokerRefuses(Exception):
    """The broker does not know the device, or not with this secret."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the wearer's display shows."""

    word: str
    text: str
    earlier: bool
    """The broker kept it from before: no answer to what was said now."""


def where(url: SplitResult) -> tuple[str, int]:
    """(host, port) of a broker's URL; ValueError when it names none."""
    if url.scheme not in _PORTS or not url.hostname:
        raise ValueError("it takes mqtt://host[:port] or mqtts://host[:port]")
    return url.hostname, url.port or _PORTS[url.scheme]


class PlayedDevice:
    """Speaks and listens until it is closed; connects again by itself when the line breaks."""

    def __init__(
        self,
        url: SplitResult,
        device: str,
        secret: str,
        *,
        ca: str = "",
        patience: float = _PATIENCE,
    ) -> None:
        self._host, self._port = where(url)
        self._id = device
        self._patience = patience
        self._answered, self._listens = threading.Event(), threading.Event()
        self._refusal = ""
        self._heard: queue.Queue[Heard] = queue.Queue()
        # The real device, or the demo's, keeps its own session.
        client_id = f"{device}-simulated-{secrets.token_hex(4)}"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.username_pw_set(device, secret)
        self._client.connect_timeout = patience
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        secure(self._client, url, ca)

    def open(self) -> None:
        """Until the broker has let it in and listens for it; BrokerAway, BrokerRefuses."""
        try:
            self._client.connect(self._host, self._port, _KEEPALIVE)
        except OSError as error:
            reason = error.strerror or str(error) or "no answer"
            raise BrokerAway(f"{self._at} does not answer: {reason}.") from None
        self._client.loop_start()
        answered = self._answered.wait(self._patience)
        if self._refusal:
            raise BrokerRefuses(f"{self._at} refuses {self._id}: {self._refusal}.")
        if not answered or not self._listens.wait(self._patience):
            raise BrokerAway(f"{self._at} did not let {self._id} in for {self._patience:.0f} s.")

    def say(self, payload: bytes) -> None:
        """Returns when the broker has acknowledged it; BrokerAway when it does not."""
        sent = self._client.publish(UPLINK.format(self._id), payload, _AT_LEAST_ONCE)
        try:
            sent.wait_for_publish(self._patience)
        except (ValueError, RuntimeError) as error:
            raise BrokerAway(f"{self._at} is gone: {error}.") from None
        if not sent.is_published():
            raise BrokerAway(
                f"{self._at} did not acknowledge the message for {self._patience:.0f} s."
            )

    def hear(self, seconds: float) -> Heard | None:
        """The next word for the wearer, if one comes within these seconds."""
        try:
            return self._heard.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            return None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def _at(self) -> str:
        return f"The broker {self._host}:{self._port}"

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            client.subscribe(downlink_topic(self._id), _AT_LEAST_ONCE)
        self._answered.set()

    def _on_subscribe(self, *_: Any) -> None:
        self._listens.set()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        word, text = displayed(bytes(message.payload))
        self._heard.put(Heard(word, text, earlier=message.retain))
