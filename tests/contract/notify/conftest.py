"""The message centre under test, with channels that answer at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from xianban.common.v1 import messages_pb2
from xianban.notify.v1 import deliveries_pb2_grpc, messages_pb2_grpc, preferences_pb2_grpc
from xianban.notify.v1 import messages_pb2 as pb
from xianban_notify.app import app
from xianban_notify.consumers import on_message_requested
from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_notify.repository.deliveries import Deliveries
from xianban_notify.repository.messages import waits
from xianban_notify.repository.preferences import addresses_by_id
from xianban_sdk import plugins
from xianban_sdk.demo import person_id
from xianban_sdk.messaging import Event
from xianban_sdk.plugins.manifest import Manifest
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest

DAUGHTER = f"residents/{person_id('daughter')}"


@dataclass
class FakeChannel:
    id: str
    needs: str
    takes_idempotency_key: bool = True
    urgent_only: bool = False
    carries_codes: bool = True
    browser_key: str = ""
    names: dict[str, str] = field(default_factory=lambda: {"zh-CN": "测试", "en": "Test"})
    got: list[Attempt] = field(default_factory=list)

    def deliver(self, attempt: Attempt) -> Outcome:
        self.got.append(attempt)
        return Outcome(Verdict.SENT)


class FakePlugin:
    def __init__(self, channel: FakeChannel) -> None:
        words = {"notify.delivery": {"zh-CN": "送达", "en": "Delivery"}}
        hooks = frozenset({"register_channel"})
        self.manifest = Manifest(channel.id, "0", "test", ">=0", hooks, purposes=words)
        self._channel = channel

    @hookimpl
    def register_channel(self) -> Channel | None:
        return self._channel


class Notify:
    """Stubs in people's names, and what domains and time do."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service
        self._numbers = count(1)

    def messages(self, person: str) -> Any:
        return self.service.stub(messages_pb2_grpc.MessageServiceStub, person)

    def deliveries(self, person: str) -> Any:
        return self.service.stub(deliveries_pb2_grpc.DeliveryServiceStub, person)

    def preferences(self, person: str, locale: str = "en") -> Any:
        return self.service.stub(preferences_pb2_grpc.PreferenceServiceStub, person, locale=locale)

    def request_id(self) -> str:
        return f"notify-{next(self._numbers):06d}"

    def tell(self, recipient: str = "daughter", **fields: Any) -> pb.Message:
        """As a domain's event asks for it; returns the message."""
        resources = self.service.resources
        asked = messages_pb2.MessageRequested(
            recipient=person_id(recipient), template="parking-receipt", **fields
        )
        meta = Event(
            id=resources.ids.new(),
            source="/services/parking",
            type="xianban.common.v1.MessageRequested",
            routing_key="parking.v1.message_requested",
            subject="",
            aggregate="",
            time=resources.clock.now(),
            data=b"",
        )
        opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
        with opened as uow:
            on_message_requested(asked, uow=uow, meta=meta)
        listed = pb.ListMessagesRequest(parent=f"residents/{person_id(recipient)}")
        return self.messages(recipient).ListMessages(listed).messages[0]

    def code(self, name: str) -> str:
        """The code of an address, as it was sent there; on a broker no worker runs here."""
        with self.service.db.read() as conn:
            return addresses_by_id(conn, [name.rpartition("/")[2]])[name.rpartition("/")[2]].code

    def sent(self, message: pb.Message) -> list[str]:
        """The channels that a message went to, once that is decided."""
        self.until(lambda: not self._waits())
        with self.service.db.read() as conn:
            rows = Deliveries(conn, MachineScope("notify"))
            return [one.channel for one in rows.of_message(message.name.rpartition("/")[2])]

    def _waits(self) -> bool:
        with self.service.db.read() as conn:
            return waits(conn)

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)


@pytest.fixture
def notify(
    service_under_test: Callable[..., ServiceUnderTest],
    relations: RelationsWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> Notify:
    """The daughter acts for the elder in messages; the guardian is the child's."""
    mail = FakeChannel("email", "email")
    push = FakeChannel("webpush", "webpush", carries_codes=False, browser_key="key")
    fakes = [FakePlugin(mail), FakePlugin(push)]
    real = plugins.build
    monkeypatch.setattr(plugins, "build", lambda domain, specs, *_: real(domain, specs, fakes))
    relations.grant("daughter", "elder", "family", ["messages"])
    relations.grant("guardian", "child", "guardian", ["messages"])
    return Notify(service_under_test(app))
