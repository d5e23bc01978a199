"""Use cases of the device registry: load, ask the domain, save, tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from xianban_sdk.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from xianban_sdk.repository import covers
from xianban_sdk.storage import UnitOfWork

from xianban_sensing import events
from xianban_sensing.domain.devices import Device, DeviceRefusedError, State
from xianban_sensing.handlers.own_entities import devices_changed
from xianban_sensing.plugins import Models
from xianban_sensing.repository import MACHINE, CommandRow, Commands, Devices, Scope
from xianban_sensing.secret_hashes import new_secret, sealed

__all__ = [
    "HandOver",
    "Keeping",
    "NewDevice",
    "Wish",
    "bind",
    "command",
    "create",
    "hand_over",
    "put_state",
    "rotate",
    "unbind",
]


# Organisation and area.
Keeping = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What is written into the registry; an empty id is made here."""

    id: str
    model: str
    display_name: str
    organisation: str
    area: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a domain wants a device to show."""

    device: str
    key: str
    command: str
    text: str
    expires_at: datetime | None
    event: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody moves: all their devices go to (organisation, area); `back`: each to its own."""

    subject: str
    request_id: str
    to: Keeping
    back: bool
    keeping: Mapping[str, Keeping]


def create(new: NewDevice, *, models: Models, scope: Scope, uow: UnitOfWork) -> tuple[Device, str]:
    """The device and its secret, which nobody can read again."""
    if new.model not in models:
        raise InvalidArgument("DEVICE_MODEL_UNKNOWN", field="device.model", model=new.model)
    if not covers(scope.areas, new.area):
        raise NotFound("AREA_NOT_FOUND", field="device.area")
    secret = new_secret()
    made = Device(
        id=new.id or uow.ids.new(),
        model=new.model,
        display_name=new.display_name,
        organisation=new.organisation,
        area=new.area,
        state=State.ACTIVE,
        secret_hash=sealed(secret),
        created_at=uow.clock.now(),
    )
    if not Devices(uow.conn, scope).add(made):
        raise AlreadyExists("DEVICE_EXISTS", field="device_id")
    return made, secret


def bind(
    device_id: str, subject: str, domain: str, *, models: Models, scope: Scope, uow: UnitOfWork
) -> Device:
    """The device speaks for somebody or something from now on."""

    def bound(found: Device) -> Device:
        return found.bound(subject, domain, uow.clock.now())

    before, after = _change(device_id, bound, scope=scope, uow=uow)
    if before.subject != after.subject:
        events.tell_bound(after, models, uow)
        devices_changed([after], models, uow=uow)
    return after


def unbind(device_id: str, *, models: Models, scope: Scope, uow: UnitOfWork) -> Device:
    """The device speaks for nothing."""
    before, after = _change(device_id, Device.unbound, scope=scope, uow=uow)
    if before.subject:
        events.tell_unbound(before, uow)
        devices_changed([after], models, uow=uow)
    return after


def put_state(
    device_id: str, state: State, *, models: Models, scope: Scope, uow: UnitOfWork
) -> Device:
    """Enables, disables or retires a device."""
    before, after = _change(device_id, lambda found: found.put(state), scope=scope, uow=uow)
    if before.subject and not after.subject:
        events.tell_unbound(before, uow)
    if before.subject:
        devices_changed([after], models, uow=uow)
    return after


def rotate(device_id: str, *, scope: Scope, uow: UnitOfWork) -> tuple[Device, str]:
    """A new secret; the old one is refused as soon as the gateway hears of it."""
    secret = new_secret()
    devices = Devices(uow.conn, scope)
    found = devices.get(device_id)
    return devices.save(replace(found, secret_hash=sealed(secret))), secret


def hand_over(wanted: HandOver, *, uow: UnitOfWork) -> None:
    """Who answers for somebody's devices changes; what they speak for stays. The answer says how
    it was."""
    devices = Devices(uow.conn, MACHINE)
    before = devices.speaking_for(wanted.subject)
    for device in before:
        keeping = wanted.keeping.get(device.id) if wanted.back else wanted.to
        if keeping is not None:
            devices.save(replace(device, organisation=keeping[0], area=keeping[1]))
        elif device.organisation == wanted.to[0]:
            # Bound during the stay: it stays where it is, and must not speak of who has left.
            devices.save(device.unbound())
            events.tell_unbound(device, uow)
    events.tell_handed_over(wanted.subject, wanted.request_id, before, uow)


def command(wish: Wish, *, uow: UnitOfWork) -> None:
    """Keeps the newest per device, key and event until the uplink has sent it down."""
    if Devices(uow.conn, MACHINE).find(wish.device) is None:
        return  # nobody could see it
    trace = uow.call.traceparent
    said = (wish.command, wish.text, wish.expires_at, trace)
    Commands(uow.conn).put(CommandRow(wish.device, wish.key, *said, event=wish.event))


def _change(
    device_id: str, change: Callable[[Device], Device], *, scope: Scope, uow: UnitOfWork
) -> tuple[Device, Device]:
    devices = Devices(uow.conn, scope)
    before = devices.get(device_id)
    with _refusals():
        after = change(before)
    return before, after if after == before else devices.save(after)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DeviceRefusedError as refusal:
        raise FailedPrecondition(refusal.reason, field="name") from refusal
