"""The uplink's MQTT client: messages in with their acknowledgement in our hands, words out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from xianban_sensing.broker_files import UPLINK_USER
from xianban_sensing.convert import UPLINK
from xianban_sensing.uplink.letters import Letter

__all__ = ["Mailbox", "secure"]

_log = structlog.get_logger("xianban.sensing")


_TOPIC: Final = UPLINK.format("+")
_PREFIX, _SUFFIX = UPLINK.split("{}")
_AT_LEAST_ONCE: Final = 1
# Unacknowledged messages that the broker may have under way to us (MQTT 5, 3.1.2.11.3).
_RECEIVE_MAXIMUM: Final = 5000
_WEEK_SECONDS: Final = 7 * 86_400


def secure(client: mqtt.Client, url: SplitResult, ca: str) -> None:
    """TLS where the URL asks for it; `ca` is a PEM file, "" for the system's own."""
    if url.scheme == "mqtts":
        client.tls_set(ca_certs=ca or None)


class Mailbox:
    """A persistent session: what comes while we are away waits in the broker."""

    def __init__(
        self, url: str, client_id: str, secret: str, take: Callable[[Letter], None], ca: str = ""
    ) -> None:
        self._url = urlsplit(url)
        self._take = take
        self._v5 = self._url.fragment != "v3"
        self.connected = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if self._v5 else False,
            protocol=mqtt.MQTTv5 if self._v5 else mqtt.MQTTv311,
            manual_ack=True,
        )
        self._client.username_pw_set(
            unquote(self._url.username or UPLINK_USER), unquote(self._url.password or secret)
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 5)
        secure(self._client, self._url, ca)

    def open(self) -> None:
        """Connects in the background, again and again while the broker is away."""
        port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)
        session: dict[str, Any] = {}
        if self._v5:
            kept = Properties(PacketTypes.CONNECT)
            kept.SessionExpiryInterval = _WEEK_SECONDS
            kept.ReceiveMaximum = _RECEIVE_MAXIMUM
            session = {"properties": kept, "clean_start": False}
        self._client.connect_async(self._url.hostname or "127.0.0.1", port, 30, **session)
        self._client.loop_start()

    def tell(self, topic: str, payload: bytes) -> bool:
        """Publishes for a wearer; kept by the broker for a device that is away. False: not now."""
        if not self.connected.is_set():
            return False
        sent = self._client.publish(topic, payload, _AT_LEAST_ONCE, retain=True)
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            _log.warning("broker_refused", reason=str(reason))
            return
        client.subscribe(_TOPIC, _AT_LEAST_ONCE)
        self.connected.set()
        _log.info("broker_connected", host=self._url.hostname, port=self._url.port)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self.connected.clear()
        if reason.is_failure:
            _log.warning("broker_lost", reason=str(reason))

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        device = message.topic.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        mid, qos = message.mid, message.qos

        def acknowledge() -> None:
            client.ack(mid, qos)

        self._take(
            Letter(device, bytes(message.payload), datetime.now(UTC), acknowledge, _trace(message))
        )


def _trace(message: mqtt.MQTTMessage) -> str:
    """W3C trace context that a device or gateway sent as a user property (MQTT 5)."""
    properties = getattr(message, "properties", None)
    pairs: list[tuple[str, str]] = getattr(properties, "UserProperty", None) or []
    return next((value for name, value in pairs if name == "traceparent"), "")
