"""Attempts leave notify: to RabbitMQ for the worker, or to a thread where there is no broker."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection
from xianban.notify.v1 import events_pb2
from xianban_sdk import telemetry
from xianban_sdk.app import Resources
from xianban_sdk.messaging import BusUnavailable, DeliveryStopped, Event, Inbox
from xianban_sdk.messaging.event import event_type
from xianban_sdk.messaging.traces import publishing
from xianban_sdk.repository import MachineScope
from xianban_sdk.signatures import installed_secret
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.telemetry import log

from xianban_notify.domain import Delivery, Message, Preferences, State
from xianban_notify.handlers.admitting import Admitted, admit, unwanted
from xianban_notify.handlers.answers import token_of
from xianban_notify.handlers.delivering import channels_of, deliver, outcome_event
from xianban_notify.handlers.receipts import receipt_of
from xianban_notify.handlers.sending import BEGIN_WITHIN, withdraw
from xianban_notify.handlers.wording import Words, code_words, words
from xianban_notify.repository.deliveries import Asked, Attempts, Deliveries
from xianban_notify.repository.messages import by_id
from xianban_notify.repository.preferences import Address, addresses_by_id, preferences_of

MACHINE: Final = MachineScope("notify")
TOGETHER: Final = 100
_THREADS: Final = 8
_ROUTING_KEY: Final = "notify.v1.delivery_requested"


@dataclass(frozen=True)
class Parcel:
    """One attempt, ready to leave."""

    event: Event
    asked: events_pb2.DeliveryRequested
    delivery: str
    people: frozenset[str]
    """Of whom the channel's plugin will be told: the recipient, and whom the message is about."""
    alarm: bool
    unwanted: str = ""


class Carrier(Protocol):
    """Takes attempts to where the channels are."""

    # True: what is carried is lost with this process, so it is marked before.
    marks_first: bool

    def carry(self, parcels: Sequence[Parcel]) -> list[str]:
        """Returns the attempts that are safe there; the others are offered again."""
        ...

    def close(self) -> None: ...


class ThreadCarrier:
    """No broker: the same function as the worker's, in threads of this process."""

    marks_first = True

    def __init__(self, resources: Resources, inbox: Inbox) -> None:
        self._resources = resources
        self._inbox = inbox
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="notify-delivery")

    def carry(self, parcels: Sequence[Parcel]) -> list[str]:
        for parcel in parcels:
            self._pool.submit(self._deliver, parcel)
        return [parcel.event.id for parcel in parcels]

    def _deliver(self, parcel: Parcel) -> None:
        clock = self._resources.clock
        with (
            telemetry.remote(parcel.event.traceparent),
            telemetry.span(f"deliver {parcel.asked.channel}"),
        ):
            told = deliver(parcel.asked, self._resources.hooks, clock.now())
            outcome = outcome_event(parcel.event, told, clock.now())
        try:
            self._inbox.deliver([outcome])
        except DeliveryStopped:
            log.warning("outcome_lost_at_stop", attempt=told.attempt)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class QueueCarrier:
    """To the worker's queue, each confirmed."""

    marks_first = False

    def __init__(self, url: str) -> None:
        # Imported here: a laptop without a broker does not pay for kombu.
        from xianban_sdk.messaging.work_queue import WorkOutlet

        from xianban_notify.queues import ATTEMPTS

        self._outlet = WorkOutlet(url, ATTEMPTS)
        self._outlet.observe()

    def carry(self, parcels: Sequence[Parcel]) -> list[str]:
        carried: list[str] = []
        try:
            with publishing([parcel.event for parcel in parcels]) as events:
                for event, parcel in zip(events, parcels, strict=True):
                    self._outlet.put(event, parcel.asked)
                    carried.append(event.id)
        except BusUnavailable as error:
            log.warning("attempts_wait", error=str(error))
        return carried

    def close(self) -> None:
        self._outlet.close()


def parcels(conn: Connection, resources: Resources, asked: Sequence[Asked]) -> list[Parcel]:
    """What the worker needs of each; attempts whose matter is gone are left out."""
    deliveries = Deliveries(conn, MACHINE).by_id(one.delivery for one in asked)
    messages = by_id(conn, {one.message for one in deliveries.values()})
    addresses = addresses_by_id(conn, {one.address for one in deliveries.values()})
    recipients = {one.recipient for one in deliveries.values()}
    wishes = preferences_of(conn, recipients | {one.subject for one in messages.values()} - {""})
    packed = _Packing(resources, messages, addresses, wishes, conn)
    made: list[Parcel] = []
    for one in asked:
        delivery = deliveries.get(one.delivery)
        if delivery is None or delivery.state is not State.SENDING:
            continue
        parcel = packed.parcel(one, delivery)
        made += [parcel] if parcel else []
    return made


@dataclass(frozen=True)
class _Packing:
    resources: Resources
    messages: Mapping[str, Message]
    addresses: Mapping[str, Address]
    wishes: Mapping[str, Preferences]
    conn: Connection

    def parcel(self, asked: Asked, delivery: Delivery) -> Parcel | None:
        locale = self.wishes[delivery.recipient].locale
        address, message = self.addresses.get(delivery.address), self.messages.get(delivery.message)
        if address is None:
            return None
        code = address.code if delivery.message == address.id else ""
        if message is None and not code:
            return None
        said = words(message, locale) if message else code_words(code, locale)
        requested = self._requested(asked, delivery, address, said, locale)
        if message is not None:
            requested.link = f"{self._site}/messages/{message.id}"
            requested.group = f"{message.domain}:{message.link}" if message.link else ""
            if message.alert:
                secret = installed_secret("notify-receipts", self.resources.settings)
                requested.answer_token = token_of(delivery.id, secret)
        event = self._event(asked, delivery, requested, message)
        if message is None:
            return Parcel(event, requested, delivery.id, frozenset({delivery.recipient}), False)
        people = frozenset({delivery.recipient, message.subject} - {""})
        why = self._unwanted(message, delivery)
        return Parcel(event, requested, delivery.id, people, message.urgent, why)

    def _unwanted(self, message: Message, delivery: Delivery) -> str:
        channel = channels_of(self.resources.hooks).get(delivery.channel)
        now = self.resources.clock.now()
        return unwanted(message, delivery, channel, self.wishes, conn=self.conn, now=now)

    @property
    def _site(self) -> str:
        return self.resources.settings.issuer.rstrip("/")

    def _requested(
        self, asked: Asked, delivery: Delivery, address: Address, said: Words, locale: str
    ) -> events_pb2.DeliveryRequested:
        secret = installed_secret("notify-receipts", self.resources.settings)
        receipt = receipt_of(delivery.id, secret)
        return events_pb2.DeliveryRequested(
            attempt=asked.id,
            key=delivery.key,
            number=asked.number,
            channel=delivery.channel,
            address=address.value,
            title=said.title,
            body=said.body,
            locale=locale,
            urgent=delivery.urgent,
            receipt_url=f"{self._site}/api/notify/v1/receipts/{receipt}",
            begin_before_s=int((asked.created_at + BEGIN_WITHIN).timestamp()),
        )

    def _event(
        self,
        asked: Asked,
        delivery: Delivery,
        requested: events_pb2.DeliveryRequested,
        message: Message | None,
    ) -> Event:
        return Event(
            id=asked.id,
            source="/services/notify",
            type=event_type(requested),
            routing_key=_ROUTING_KEY,
            subject=delivery.recipient,
            aggregate=f"deliveries/{delivery.id}",
            time=asked.created_at,
            data=b"",
            traceparent=message.traceparent if message else "",
        )


class Dispatcher:
    """Hands on what waits. One is active per database."""

    def __init__(self, resources: Resources, carrier: Carrier) -> None:
        self._resources = resources
        self._carrier = carrier
        self._channels = channels_of(resources.hooks)
        # After a start nobody knows what the one before had handed on without noting it.
        self._unsure = not carrier.marks_first

    def step(self) -> int:
        """Returns how many attempts left. No transaction is open while they do."""
        with self._resources.db.read() as conn:
            waiting = Attempts(conn).waiting(TOGETHER)
            ready = parcels(conn, self._resources, waiting) if waiting else []
        if not waiting:
            self._unsure = False
            return 0
        known = {parcel.event.id for parcel in ready}
        self._mark([one.id for one in waiting if one.id not in known])
        ready = [parcel for parcel in ready if self._admit(parcel)]
        known = {parcel.event.id for parcel in ready}
        for parcel in ready:
            parcel.asked.maybe_again = self._unsure
        if self._carrier.marks_first:
            self._mark(list(known))
        carried = self._carrier.carry(ready)
        if not self._carrier.marks_first:
            self._mark(carried)
            self._unsure = len(carried) < len(ready)
        return len(carried)

    def _admit(self, parcel: Parcel) -> bool:
        """Whether it leaves now; one that never may ends here, one that may not yet waits."""
        channel = self._channels.get(parcel.asked.channel)
        decided = Admitted(ended=parcel.unwanted)
        if not parcel.unwanted:
            decided = admit(channel, parcel.people, self._resources, alarm=parcel.alarm)
        if decided.ended:
            resources = self._resources
            with open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids) as uow:
                withdraw(uow, parcel.delivery, decided.ended)
            self._mark([parcel.event.id])
        parcel.asked.capability = decided.capability
        return decided.leaves

    def _mark(self, ids: Sequence[str]) -> None:
        if ids:
            with self._resources.db.begin() as conn:
                Attempts(conn).handed(ids, self._resources.clock.now())


def carrier_of(resources: Resources, inbox: Inbox) -> Carrier:
    """The broker's, or this process's own threads."""
    broker = resources.settings.broker
    return QueueCarrier(broker) if broker else ThreadCarrier(resources, inbox)


def wait_for(event: threading.Event, stop: threading.Event, seconds: float) -> None:
    """Until there is something, or it is time to look."""
    if not stop.is_set():
        event.wait(seconds)
    event.clear()
