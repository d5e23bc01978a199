"""Protobuf to domain and back; pure."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import readings_pb2
from xianban.parking.v1 import resources_pb2 as rs
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.plugins import CapabilityToken

from xianban_sensing.domain.car_parks import CarPark, Count
from xianban_sensing.domain.devices import Device, State
from xianban_sensing.handlers.admitting import Speaker
from xianban_sensing.plugins import Model
from xianban_sensing.repository import CommandRow

__all__ = [
    "RESIDENTS",
    "STATES",
    "UPLINK",
    "admission",
    "binding",
    "car_park",
    "command",
    "count",
    "credential",
    "device",
    "device_id",
    "downlink_topic",
    "instant",
    "model",
    "speaker",
]

STATES = {
    pb.DEVICE_STATE_ACTIVE: State.ACTIVE,
    pb.DEVICE_STATE_DISABLED: State.DISABLED,
    pb.DEVICE_STATE_RETIRED: State.RETIRED,
}
_SHOWN = {state: shown for shown, state in STATES.items()}
# A device that speaks for somebody, not for a place.
RESIDENTS = "residents/"
UPLINK = "xianban/v1/devices/{}/up"
_DOWNLINK = "xianban/v1/devices/{}/down"


def device_id(name: str) -> str:
    """`devices/{id}` → the id."""
    return name.partition("/")[2]


def downlink_topic(device: str) -> str:
    """Where a device listens."""
    return _DOWNLINK.format(device)


def device(found: Device) -> pb.Device:
    shown = pb.Device(
        name=f"devices/{found.id}",
        model=found.model,
        display_name=found.display_name,
        organisation=found.organisation,
        area=found.area,
        state=_SHOWN[found.state],
        subject=found.subject,
        domain=found.domain,
        clock_offset_s=found.clock_offset_s,
    )
    shown.create_time.FromDatetime(found.created_at)
    if found.bound_at is not None:
        shown.bind_time.FromDatetime(found.bound_at)
    if found.last_seen_at is not None:
        shown.last_seen_time.FromDatetime(found.last_seen_at)
    return shown


def credential(found: Device, secret: str) -> pb.DeviceCredential:
    return pb.DeviceCredential(
        device=device(found),
        secret=secret,
        uplink_topic=UPLINK.format(found.id),
        downlink_topic=downlink_topic(found.id),
    )


def binding(found: Device) -> pb.Binding:
    return pb.Binding(
        sequence=found.sequence,
        device=found.id,
        model=found.model,
        subject=found.subject,
        domain=found.domain,
        active=found.state is State.ACTIVE,
        secret_hash=found.secret_hash,
    )


def command(found: CommandRow, model: Model | None) -> pb.Command:
    """In the words of the device's model; without a display there is nothing to send."""
    said = (found.device, found.command, found.text, found.event)
    return pb.Command(
        sequence=found.sequence,
        device=found.device,
        key=found.key,
        command=found.command,
        text=found.text,
        payload=model.render(*said) if model else b"",
        traceparent=found.traceparent,
        event=found.event,
    )


def model(found: Model, locale: str) -> pb.DeviceModel:
    adapter = found.adapter
    names = adapter.names
    return pb.DeviceModel(
        name=adapter.model,
        display_name=names.get(locale) or next(iter(names.values()), adapter.model),
        plugin=found.plugin,
        has_display=adapter.has_display,
        promises=[
            readings_pb2.ReadingPromise(
                kind=one.kind, unit=one.unit, cadence_seconds=one.cadence_seconds
            )
            for one in adapter.promises
        ],
    )


def car_park(lot: rs.Lot) -> CarPark:
    return CarPark(
        lot=lot.name,
        name=lot.display_name,
        address=lot.address,
        longitude=lot.position.longitude,
        latitude=lot.position.latitude,
        capacity=lot.capacity,
        operator=lot.operator,
        opening_hours=lot.opening_hours,
        max_height_cm=lot.max_height_cm,
        reservable=lot.reservable,
        accessible=lot.accessible_places > 0,
        electric=lot.ev_places > 0,
        park_and_ride=lot.park_and_ride,
    )


def count(lot: rs.Lot) -> Count:
    found = lot.occupancy
    return Count(
        free=found.free if found.HasField("free") else None,
        capacity=found.capacity,
        verdict=rs.Verdict.Name(found.verdict).removeprefix("VERDICT_").lower(),
        counted_at=instant(found.observe_time) if found.HasField("observe_time") else None,
    )


def instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def speaker(told: pb.Speaker) -> Speaker:
    """Whom a message may tell of."""
    person = told.subject.removeprefix(RESIDENTS).split("/")[0]
    return Speaker(person, told.model, told.read_for_alarms)


def admission(given: CapabilityToken) -> pb.Admission:
    """By what right it may be read, if by any."""
    return pb.Admission(capability=given.id, basis=given.basis) if given.people else pb.Admission()
