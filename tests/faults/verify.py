"""Holds the stores against the journal: nothing accepted is lost, nothing is there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from journal import Journal
from sqlalchemy import Connection, func, select
from xianban.common.v1 import messages_pb2
from xianban_notify.repository import message
from xianban_parking.repository import metadata
from xianban_sdk.alerts.tables import alert
from xianban_sdk.app import database_url, installed_services
from xianban_sdk.demo import person_id
from xianban_sdk.messaging.consumers import describe
from xianban_sdk.messaging.event import matches
from xianban_sdk.settings import Settings
from xianban_sdk.storage import Database, install_keys
from xianban_sdk.storage.masters import installed_keyring
from xianban_sdk.storage.tables import dead_letter, inbox, outbox

PARKING = metadata.tables
RELATION_CHANGED = "identity.v1.relation_changed"
CAPTURED = frozenset({"captured", "refunded", "partially_refunded"})


@dataclass
class Stores:
    """Every service's database, opened for reading after the suite has ended."""

    connections: dict[str, Connection]

    def rows(self, service: str, table: Any, *where: Any) -> list[Any]:
        query = select(table).where(*where)
        return list(self.connections[service].execute(query))

    def counts(self) -> dict[str, int]:
        """How much was relayed and settled in all."""
        services = list(self.connections)
        return {
            "published": sum(len(self.rows(service, outbox)) for service in services),
            "settled": sum(len(self.rows(service, inbox)) for service in services),
            "messages": len(self.rows("notify", message)),
        }


@contextmanager
def opened(settings: Settings) -> Iterator[Stores]:
    install_keys(installed_keyring(settings))
    with ExitStack() as stack:
        connections: dict[str, Connection] = {}
        for service in installed_services(None):
            url = database_url(service.name, settings)
            db = Database.open(url, owner=service.name)
            stack.callback(db.close)
            connections[service.name] = stack.enter_context(db.read())
        yield Stores(connections)


def unsent(stores: Stores) -> int:
    """Events that have not left yet."""
    count = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
    return sum(conn.execute(count).scalar_one() for conn in stores.connections.values())


def findings(stores: Stores, journal: Journal) -> list[str]:
    """Every promise that was not kept; empty is right."""
    return [
        *journal.problems,
        *_reservations(stores, journal),
        *_payments(stores, journal),
        *_stays(stores, journal),
        *_ledger(stores),
        *_receipts(stores),
        *_events(stores),
        *_messages(stores),
        *_alarms(stores, journal),
    ]


def _reservations(stores: Stores, journal: Journal) -> Iterator[str]:
    rows = {row.id: row for row in stores.rows("parking", PARKING["reservation"])}
    plates = Counter(row.plate for row in rows.values())
    for name, plate in journal.reservations.items():
        row = rows.get(name.rsplit("/", 1)[1])
        if row is None:
            yield f"lost: {name}"
        elif plates[plate] != 1:
            yield f"{plates[plate]} reservations of {plate}, which reserved once"
        elif (row.state == "cancelled") != (name in journal.cancelled):
            yield f"{name} is {row.state}; cancelled by its resident: {name in journal.cancelled}"
    for plate in journal.refused - set(journal.reservations.values()):
        if plates[plate]:
            yield f"refused, yet there: a reservation of {plate}"


def _payments(stores: Stores, journal: Journal) -> Iterator[str]:
    rows = {row.id: row for row in stores.rows("parking", PARKING["payment"])}
    payables = Counter(row.payable for row in rows.values())
    for name, fen in journal.payments.items():
        row = rows.get(name.rsplit("/", 1)[1])
        if row is None:
            yield f"lost: {name}"
        elif row.amount_fen != fen or payables[row.payable] != 1:
            yield f"{name}: {row.amount_fen} fen for {fen}, {payables[row.payable]} of its stay"
        elif (row.state in CAPTURED) != (name in journal.paid):
            yield f"{name} is {row.state}; paid at the provider: {name in journal.paid}"


def _stays(stores: Stores, journal: Journal) -> Iterator[str]:
    events = Counter(row.event_id for row in stores.rows("parking", PARKING["gate_event"]))
    for event in journal.passages:
        if events[event] != 1:
            yield f"passage {event} is there {events[event]} times"
    held = Counter(row.plate for row in stores.rows("parking", PARKING["vehicle"]))
    for plate in journal.vehicles:
        if held[plate] != 1:
            yield f"vehicle {plate} is there {held[plate]} times"


def _ledger(stores: Stores) -> Iterator[str]:
    sums: Counter[str] = Counter()
    for row in stores.rows("parking", PARKING["ledger_entry"]):
        sums[row.posting] += row.amount_fen
    yield from (f"posting {posting} is off by {off} fen" for posting, off in sums.items() if off)


def _receipts(stores: Stores) -> Iterator[str]:
    rows = stores.rows("parking", PARKING["receipt"])
    paid = {
        row.id for row in stores.rows("parking", PARKING["payment"]) if row.captured_at is not None
    }
    if paid != {row.payment for row in rows}:
        yield "receipts and captured payments differ"
    numbers: dict[str, list[int]] = {}
    for row in rows:
        series, _, number = row.number.rpartition("-")
        numbers.setdefault(series, []).append(int(number))
    for series, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"receipts of {series} have gaps: {sorted(found)}"


def _events(stores: Stores) -> Iterator[str]:
    """Each consumer settled each event that is for it, once; none was given up."""
    sent = {
        row.id: row.routing_key
        for service in stores.connections
        for row in stores.rows(service, outbox)
    }
    if waiting := unsent(stores):
        yield f"{waiting} events have not left"
    for service in installed_services(None):
        patterns = [describe(function).pattern for function in service.consumers]
        patterns.append(RELATION_CHANGED)
        wanted = {event for event, key in sent.items() if any(matches(p, key) for p in patterns)}
        rows = stores.rows(service.name, inbox)
        settled = Counter(row.event_id for row in rows)
        if service.name != "identity" and wanted - settled.keys():
            yield f"{service.name} missed {len(wanted - settled.keys())} events"
        if doubled := [event for event, times in settled.items() if times > 1]:
            yield f"{service.name} applied {len(doubled)} events twice"
        for letter in stores.rows(service.name, dead_letter):
            yield f"dead letter of {service.name}: {letter.routing_key}: {letter.error}"


def _messages(stores: Stores) -> Iterator[str]:
    asked: set[tuple[str, str, str]] = set()
    for service in stores.connections:
        for row in stores.rows(service, outbox, outbox.c.routing_key.like("%message_requested")):
            told = messages_pb2.MessageRequested.FromString(row.data)
            asked.add((service, told.recipient, told.dedupe_key))
    found = Counter(
        (row.domain, row.recipient, row.dedupe_key) for row in stores.rows("notify", message)
    )
    if asked - found.keys():
        yield f"{len(asked - found.keys())} messages were never told"
    if doubled := [key for key, times in found.items() if times > 1]:
        yield f"{len(doubled)} messages were told twice"


def _alarms(stores: Stores, journal: Journal) -> Iterator[str]:
    """Each press is one alarm, and the daughter was called once for each alarm."""
    rows = {row.id: orjson.loads(row.detail)["rule"] for row in stores.rows("eldercare", alert)}
    pressed = sum(rule == "sos" for rule in rows.values())
    if pressed != len(journal.presses):
        yield f"{pressed} calls for help of {len(journal.presses)} presses"
    called = Counter(
        row.dedupe_key.split("/")[0]
        for row in stores.rows("notify", message, message.c.recipient == person_id("daughter"))
        if row.template == "eldercare-alert-told"
    )
    for name, what in journal.alarms.items():
        one = name.rsplit("/", 1)[1]
        if one not in rows:
            yield f"lost: {name} of {what}"
        elif called[one] != 1:
            yield f"the daughter was called {called[one]} times for {name} of {what}"


__all__ = ["Stores", "findings", "opened", "unsent"]
