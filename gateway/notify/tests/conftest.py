"""The message centre with a channel that does as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from xianban.common.v1 import messages_pb2
from xianban.notify.v1 import deliveries_pb2, preferences_pb2
from xianban.notify.v1 import messages_pb2 as pb
from xianban.notify.v1.deliveries_pb2_grpc import DeliveryServiceStub
from xianban.notify.v1.messages_pb2_grpc import MessageServiceStub
from xianban.notify.v1.preferences_pb2_grpc import PreferenceServiceStub
from xianban_notify.app import app
from xianban_notify.hookspecs import Attempt, Channel, Outcome, Verdict, hookimpl
from xianban_sdk import plugins
from xianban_sdk.demo import person_id
from xianban_sdk.messaging import BusUnavailable
from xianban_sdk.messaging.event import Event, event_type

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")


@dataclass
class FakeChannel:
    """Writes down what it gets; fails as often as told."""

    id: str
    needs: str
    takes_idempotency_key: bool = True
    urgent_only: bool = False
    carries_codes: bool = True
    browser_key: str = ""
    names: dict[str, str] = field(default_factory=lambda: {"zh-CN": "测试", "en": "Test"})
    got: list[Attempt] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    hold: threading.Event | None = None

    def deliver(self, attempt: Attempt) -> Outcome:
        self.got.append(attempt)
        if self.hold is not None:
            self.hold.wait(10)
        return self.answers.pop(0) if self.answers else Outcome(Verdict.SENT)


class FakePlugin:
    def __init__(self, channel: FakeChannel) -> None:
        words = {"notify.delivery": {"zh-CN": "送达", "en": "Delivery"}}
        hooks = frozenset({"register_channel"})
        self.manifest = plugins.manifest.Manifest(
            f"fake-{channel.id}", "0", "test", ">=0", hooks, purposes=words
        )
        self._channel = channel

    @hookimpl
    def register_channel(self) -> Channel | None:
        return self._channel


class Notify:
    """The service, and what people and domains do with it."""

    def __init__(self, service: Any, relations: Any, mail: FakeChannel, calls: FakeChannel) -> None:
        self.service, self.relations = service, relations
        self.mail, self.calls = mail, calls

    def messages(self, person: str) -> Any:
        return self.service.stub(MessageServiceStub, person)

    def deliveries(self, person: str) -> Any:
        return self.service.stub(DeliveryServiceStub, person)

    def preferences(self, person: str) -> Any:
        return self.service.stub(PreferenceServiceStub, person)

    def tell(self, key: str = "1", recipient: str = DAUGHTER, **fields: Any) -> None:
        """A domain's event arrives over the bus."""
        asked = {"template": "parking-receipt", "params": {"fee": "12.50"}, "dedupe_key": key}
        event = messages_pb2.MessageRequested(recipient=recipient, **asked | fields)
        resources = self.service.resources
        framed = Event(
            id=resources.ids.new(),
            source="/services/parking",
            type=event_type(event),
            routing_key="parking.v1.message_requested",
            subject=recipient,
            aggregate=f"residents/{recipient}",
            time=resources.clock.now(),
            data=event.SerializeToString(),
        )
        until(lambda: _published(resources.bus, framed))

    def confirmed(self, person: str, kind: str = "email", value: str = "") -> str:
        """An address of the person, entered and confirmed with the code that came."""
        channel = self.mail if kind == "email" else self.calls
        value = value or (f"{person}@example.org" if kind == "email" else "13900000009")
        number = {"email": 1, "phone": 2}[kind]
        asked = preferences_pb2.AddAddressRequest(
            parent=f"residents/{person_id(person)}",
            kind=number,
            value=value,
            request_id=self.request_id(),
        )
        made = self.preferences(person).AddAddress(asked)
        until(lambda: any(a.address == value for a in channel.got))
        body = next(a.body for a in reversed(channel.got) if a.address == value)
        code = "".join(c for c in body.partition(",")[0].partition("，")[0] if c.isdigit())
        verified = preferences_pb2.VerifyAddressRequest(
            name=made.name, code=code, request_id=self.request_id()
        )
        assert self.preferences(person).VerifyAddress(verified).verified
        channel.got.clear()
        return made.name

    def wish(self, person: str, **fields: Any) -> None:
        name = f"residents/{person_id(person)}/preferences"
        asked = preferences_pb2.UpdatePreferencesRequest(
            name=name,
            preferences=preferences_pb2.Preferences(name=name, **{"quiet": True} | fields),
            request_id=self.request_id(),
        )
        self.preferences(person).UpdatePreferences(asked)

    def listed(self, person: str = "daughter") -> list[pb.Message]:
        asked = pb.ListMessagesRequest(parent=f"residents/{person_id(person)}")
        return list(self.messages(person).ListMessages(asked).messages)

    def one(self, person: str = "daughter") -> pb.Message:
        until(lambda: len(self.listed(person)) > 0)
        return self.listed(person)[0]

    def shown(self, message: pb.Message, person: str = "daughter") -> list[Any]:
        """Deliveries beside the message centre's own."""
        asked = deliveries_pb2.ListDeliveriesRequest(parent=message.name)
        return list(self.deliveries(person).ListDeliveries(asked).deliveries)[1:]

    def state(self, message: pb.Message, person: str = "daughter") -> list[str]:
        name = deliveries_pb2.DeliveryState.Name
        return [name(d.state).removeprefix("DELIVERY_STATE_") for d in self.shown(message, person)]

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        until(condition)

    def request_id(self) -> str:
        return self.service.resources.ids.new()

    def later(self, **time_: float) -> None:
        self.service.resources.clock.advance(timedelta(**time_))


def _published(bus: Any, event: Event) -> bool:
    """As a relay does: again, while the subscriber is still starting."""
    try:
        bus.publish([event])
    except BusUnavailable:
        return False
    return True


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def centre(
    service_under_test: Callable[..., Any], relations: Any, monkeypatch: pytest.MonkeyPatch
) -> Notify:
    mail = FakeChannel("email", "email", takes_idempotency_key=False)
    calls = FakeChannel("phone", "phone", urgent_only=True)
    fakes = [FakePlugin(mail), FakePlugin(calls)]
    real = plugins.build
    monkeypatch.setattr(plugins, "build", lambda domain, specs, *_: real(domain, specs, fakes))
    return Notify(service_under_test(app), relations, mail, calls)
