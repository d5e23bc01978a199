"""What the peer answers: the same members as the transcoded messages."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class LatLng(Model):
    latitude: float
    longitude: float


class OccupancyOut(Model):
    free: int | None
    capacity: int
    observe_time: datetime | None
    receive_time: datetime | None
    age_seconds: int
    verdict: str
    source: str
    raw_free: int | None


class LotOut(Model):
    name: str
    display_name: str
    address: str
    position: LatLng
    polygon: list[LatLng]
    area: str
    operator: str
    capacity: int
    accessible_places: int
    ev_places: int
    park_and_ride: bool
    max_height_cm: int
    opening_hours: str
    open_now: bool
    occupancy: OccupancyOut
    reservable: bool
    reservable_places: int
    attribution: str
    price_summary: str
    honesty: float | None


class LotList(Model):
    lots: list[LotOut]
    next_page_token: str


class LineOut(Model):
    key: str
    text: str
    amount_fen: str


class QuoteOut(Model):
    total_fen: str
    tariff_version: int
    minutes: int
    lines: list[LineOut]


class ReservationIn(Model):
    lot: str
    plate: str
    start_time: datetime
    end_time: datetime
    accessible: bool = False
    ev_charging: bool = False
    request_id: str


class ReservationOut(Model):
    name: str
    lot: str
    lot_display: str
    plate: str
    state: str
    gate_token: str
    substitute: str
    accessible: bool
    ev_charging: bool
    quote: QuoteOut
    start_time: datetime
    end_time: datetime
    hold_until: datetime
    create_time: datetime
