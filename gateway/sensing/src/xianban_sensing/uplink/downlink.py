"""What wearers are told: a domain's words from the registry, and the uplink's own at once."""

from __future__ import annotations

import threading
from typing import Final

import grpc
from xianban.sensing.v1 import devices_pb2 as pb
from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk import i18n, telemetry
from xianban_sdk.errors import XianbanError
from xianban_sdk.telemetry import log

from xianban_sensing.convert import downlink_topic
from xianban_sensing.plugins import Models
from xianban_sensing.uplink.bindings import Bindings
from xianban_sensing.uplink.mailbox import Mailbox

__all__ = ["Downlink"]

_LOOK_SECONDS: Final = 0.25
_LOCALE: Final = "zh-CN"


class Downlink:
    """Sends the newest word per device; a word that could not be sent is sent later."""

    def __init__(
        self, registry: UplinkServiceStub, mailbox: Mailbox, bindings: Bindings, models: Models
    ) -> None:
        self._registry = registry
        self._mailbox = mailbox
        self._bindings = bindings
        self._models = models
        self._sequence = 0

    def run(self, stop: threading.Event) -> None:
        """Looks for new words until told to stop. After a start all that still hold are said
        again: the same word twice is harmless, a lost one is not."""
        while not stop.wait(_LOOK_SECONDS):
            try:
                self._follow()
            except (grpc.RpcError, XianbanError) as error:
                log.debug("registry_away", error=repr(error)[:200])

    def feedback(self, device: str, word: str, event: str) -> None:
        """The uplink's own word: what it knows before any service has spoken;
        `event` is what it answers."""
        binding = self._bindings.of(device)
        model = self._models.get(binding.model) if binding else None
        text = i18n.text(f"feedback-{word}", _LOCALE, "xianban_sensing")
        said = model.render(device, word, text, event) if model else b""
        if said:
            self._mailbox.tell(downlink_topic(device), said)

    def _follow(self) -> None:
        if not self._mailbox.connected.is_set():
            return
        asked = pb.ListCommandsRequest(after_sequence=self._sequence)
        for command in self._registry.ListCommands(asked).commands:
            with telemetry.remote(command.traceparent), telemetry.span("downlink"):
                sent = not command.payload or self._mailbox.tell(
                    downlink_topic(command.device), command.payload
                )
            if not sent:
                return
            self._sequence = command.sequence
