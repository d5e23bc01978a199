"""Protobuf to domain and back; pure."""

from __future__ import annotations

from xianban.common.v1 import readings_pb2
from xianban.sensing.v1 import devices_pb2 as pb

from xianban_sensing.domain import Device, State
from xianban_sensing.plugins import Model
from xianban_sensing.repository import CommandRow

__all__ = [
    "STATES",
    "UPLINK",
    "binding",
    "command",
    "credential",
    "device",
    "device_id",
    "downlink_topic",
    "model",
]

STATES = {
    pb.DEVICE_STATE_ACTIVE: State.ACTIVE,
    pb.DEVICE_STATE_DISABLED: State.DISABLED,
    pb.DEVICE_STATE_RETIRED: State.RETIRED,
}
_SHOWN = {state: shown for shown, state in STATES.items()}
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
    adapter = model.adapter if model and model.adapter.has_display else None
    return pb.Command(
        sequence=found.sequence,
        device=found.device,
        key=found.key,
        command=found.command,
        text=found.text,
        payload=adapter.render(found.command, found.text) if adapter else b"",
        traceparent=found.traceparent,
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
