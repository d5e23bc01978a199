"""What a vendor may plug into parking 智慧停车.

Three families: `register_*` hooks bring capabilities and are read once at start-up; nouns
contribute to a decision; there are no vetoes. Everything a plugin imports is in this module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import pluggy
from xianban_sdk.carrying import carries, carries_nothing
from xianban_sdk.hook_versions import since
from xianban_sdk.public.cameras import CameraEvent, CameraEvents, Dropped, Sight, Unread
from xianban_sdk.public.traffic import (
    Flow,
    TrafficClosure,
    TrafficClosures,
    TrafficReading,
    TrafficSource,
    TrafficStretch,
    TrafficUnread,
)

API_VERSION = "1.1"

__all__ = [
    "CallbackOutcome",
    "CameraEvent",
    "CameraEvents",
    "Concession",
    "ConcessionRequest",
    "Dropped",
    "Feed",
    "FileFormat",
    "Flow",
    "Gate",
    "GateDecision",
    "GateEvent",
    "Geocoder",
    "LotFacts",
    "LotObservation",
    "PaymentOrder",
    "PaymentProvider",
    "PaymentStart",
    "Place",
    "Rejected",
    "Remembering",
    "Sight",
    "TrafficClosure",
    "TrafficClosures",
    "TrafficReading",
    "TrafficSource",
    "TrafficStretch",
    "TrafficUnread",
    "Unread",
    "hookimpl",
    "hookspec",
    "register_camera_events",
    "register_feed",
    "register_file_format",
    "register_gate",
    "register_geocoder",
    "register_payment",
    "register_traffic",
    "tariff_concessions",
]

hookspec = pluggy.HookspecMarker("xianban.parking")
hookimpl = pluggy.HookimplMarker("xianban.parking")


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A car park's lasting facts, as a feed tells them."""

    lot: str
    """The id after `lots/`: lower case letters, digits and hyphens."""
    names: Mapping[str, str]
    """By locale, at least one."""
    latitude: float
    longitude: float
    capacity: int
    address: str = ""
    area: str = ""
    operator: str = ""
    accessible_places: int = 0
    ev_places: int = 0
    park_and_ride: bool = False
    max_height_cm: int = 0
    opening_hours: str = ""
    """OSM opening_hours syntax."""
    polygon: tuple[tuple[float, float], ...] = ()
    """(latitude, longitude), closed ring."""
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class LotObservation:
    """One count, raw as the feed gave it: never clamped, never guessed."""

    lot: str
    observed_at: datetime
    free: int | None = None
    occupied: int | None = None
    capacity: int | None = None
    """As told in this message; absent: the lot's own."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be read; the others go on."""

    item: str
    """The item's id, or "line 17"."""
    field: str
    reason: str
    raw: str = dataclasses.field(default="", compare=False)
    """The item as it came, shortened; imports keep it aside."""


class Feed(Protocol):
    """A source of lots and counts (shape of ParkAPI v3)."""

    id: str
    """The id after `feeds/`."""
    names: Mapping[str, str]
    mode: Literal["pull", "push", "replay"]
    cadence: timedelta
    """How often counts are promised; lateness is judged by it."""

    @carries_nothing("it is asked for counts of car parks")
    def read(self, now: datetime) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Reads what is new (modes pull and replay); called outside any transaction."""
        ...

    @carries_nothing("counts of car parks")
    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Reads a pushed body (mode push); PermissionError: the sender did not prove itself."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A feed that can also tell what it told before, for charts and forecasts."""

    @carries_nothing("it is asked for counts of car parks")
    def history(self, since: datetime, until: datetime) -> Iterator[LotObservation]:
        """The counts after `since` up to and including `until`."""
        ...


class FileFormat(Protocol):
    """A kind of file that `xianban import parking` can load."""

    id: str

    @carries_nothing("the beginning of a file of car parks and counts")
    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins so (64 KiB at most) is of this kind."""
        ...

    @carries_nothing("a file of car parks and counts")
    def read(self, path: Path) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Reads item by item; what cannot be read is told with its line."""
        ...


@dataclass(frozen=True, slots=True)
class GateEvent:
    """A vehicle passed a gate."""

    event_id: str
    """The camera's own id; the same id is the same event."""
    lot: str
    gate: str
    direction: Literal["in", "out"]
    plate: str
    """As read; normalised by parking."""
    occurred_at: datetime
    confidence: float = 1.0
    token: str = ""
    """A reservation token shown at the gate (QR), if any."""


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What the gate shall do."""

    command: Literal["open", "pay", "refuse"]
    reason: str
    display: Mapping[str, str] = field(default_factory=dict[str, str])
    """By locale."""
    due_fen: int = 0


class Gate(Protocol):
    """A kind of gate: LPR camera and barrier."""

    id: str
    """The id after `gates/`."""

    @carries("parking.stay", "request", "gate.parse")
    def parse(
        self, body: bytes, content_type: str, headers: Mapping[str, str], now: datetime
    ) -> Iterator[GateEvent | Rejected]:
        """Reads the camera's message; PermissionError: the sender did not prove itself."""
        ...


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What shall be paid."""

    payment: str
    """Our id; the provider's idempotency key."""
    amount_fen: int
    title: str
    callback_url: str
    return_url: str


@dataclass(frozen=True, slots=True)
class PaymentStart:
    """Where the person goes to pay."""

    pay_url: str
    provider_reference: str


@dataclass(frozen=True, slots=True)
class CallbackOutcome:
    """What a provider's callback says, once its signature held."""

    callback_id: str
    """Same id, same callback."""
    payment: str
    state: Literal["authorised", "captured", "failed", "refunded"]
    amount_fen: int
    occurred_at: datetime
    failure: str = ""
    """A provider's reason, UPPER_SNAKE."""
    refund: str = ""
    """Our id of the refund that this is about, with state `refunded`."""


class PaymentProvider(Protocol):
    """A way to pay."""

    id: str
    names: Mapping[str, str]

    @carries("parking.payment", "request", "payment.start")
    def start(self, order: PaymentOrder) -> PaymentStart:
        """Opens an order with the provider; the same order again answers the same."""
        ...

    @carries("parking.payment", "request", "payment.callback")
    def callback(self, body: bytes, headers: Mapping[str, str]) -> CallbackOutcome:
        """Reads a callback; raises PermissionError when the signature does not hold."""
        ...

    @carries("parking.payment", "request", "payment.refund")
    def refund(self, payment: str, refund: str, amount_fen: int) -> None:
        """Gives money back; `refund` is the idempotency key."""
        ...


@dataclass(frozen=True, slots=True)
class ConcessionRequest:
    """What a concession may know: no name, no plate."""

    lot: str
    area: str
    start: datetime
    end: datetime
    vehicle_kind: str
    """"car", "electric", "large" or "motorcycle"."""
    rights: frozenset[str]
    """Rights of the resident, e.g. "disabled-permit", "carer"; empty for a plugin that does not
    declare the purpose, and without the resident's consent to it."""


@dataclass(frozen=True, slots=True)
class Concession:
    """One reduction of a fee; exactly one of the three is set."""

    key: str
    names: Mapping[str, str]
    percent: int = 0
    """1..100 off what remains."""
    free_minutes: int = 0
    """The first minutes cost nothing."""
    amount_fen: int = 0
    """Off what remains, never below zero."""


@dataclass(frozen=True, slots=True)
class Place:
    """A named place."""

    names: Mapping[str, str]
    latitude: float
    longitude: float


class Geocoder(Protocol):
    """Finds places by words."""

    id: str

    @carries_nothing("the name of a place, without who looks for it")
    def find(self, query: str, limit: int) -> list[Place]:
        """The best matches first; empty when nothing fits."""
        ...


@hookspec
def register_feed() -> list[Feed]:  # type: ignore[empty-body]
    """Brings feeds of car parks and counts."""


@hookspec
def register_file_format() -> list[FileFormat]:  # type: ignore[empty-body]
    """Brings kinds of files that can be imported; the first that recognises a file reads it."""


@hookspec
def register_gate() -> list[Gate]:  # type: ignore[empty-body]
    """Brings kinds of gates whose cameras report vehicles."""


@hookspec
def register_camera_events() -> list[CameraEvents]:  # type: ignore[empty-body]
    """Brings protocols by which camera events are pushed; words alone, never a picture."""


@hookspec
def register_payment() -> list[PaymentProvider]:  # type: ignore[empty-body]
    """Brings ways to pay."""


@hookspec
def register_geocoder() -> list[Geocoder]:  # type: ignore[empty-body]
    """Brings geocoders; the first that knows the place is taken."""


@hookspec
@since("1.1")
def register_traffic() -> list[TrafficSource]:  # type: ignore[empty-body]
    """Brings traffic control centres: how traffic moves on the ways to car parks (DATEX II)."""


@hookspec
@carries("parking.concession", "consent")
def tariff_concessions(request: ConcessionRequest) -> list[Concession]:  # type: ignore[empty-body]
    """Contributes reductions of one stay's fee; all apply, largest first, never below zero."""
