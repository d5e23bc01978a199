"""A battery told low, until each device that told of it is charged or speaks no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.alerts import Alert, Alerts
from xianban_sdk.readings import Reading, Readings, Shown
from xianban_sdk.readings.rearming import rearm
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.alarms import BATTERY_LOW, BOOK
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.alarms import Alarms
from xianban_eldercare.repository.responders import silences
from xianban_eldercare.vitals import BATTERY, CHARGED, KINDS

__all__ = ["charged", "look_again"]

# A dead device's kinds fall silent together, give or take what it sends seldom.
_TOGETHER: Final = timedelta(minutes=5)


def charged(stored: Iterable[pb.RawReading], *, uow: UnitOfWork) -> None:
    """A device that tells its battery may have been charged; rules see what they raised alone."""
    look_again({one.subject for one in stored if one.kind == BATTERY}, uow=uow)


def look_again(subjects: Iterable[str], *, uow: UnitOfWork) -> None:
    """One device's good battery is no other's: the alert is over with the last of them."""
    for alert in Alarms(uow.conn, MACHINE).standing(BATTERY_LOW, subjects):
        if not any(_low(alert, uow)):
            # A device that comes back from its silence with a low battery tells anew.
            rearm(BATTERY_LOW, alert.subject, BATTERY, uow=uow)
            Alerts(uow, BOOK).cleared(BATTERY_LOW, alert.subject)


def _low(alert: Alert, uow: UnitOfWork) -> Iterator[str]:
    """The devices that are still worn, heard, and not charged since they told."""
    told = _told(alert)
    known = Readings(uow.conn, MACHINE, KINDS).latest(alert.subject)
    batteries = {one.device: one for one in known if one.kind.code == BATTERY}
    for device, fell_silent in silences(uow.conn, alert.subject).items():
        heard = [one.heard_at or one.received_at for one in known if one.device == device]
        if fell_silent and max(heard, default=fell_silent) <= fell_silent + _TOGETHER:
            continue  # its silence has an alarm of its own
        if device in told and not _is_good(batteries.get(device), told[device], uow):
            yield device


def _told(alert: Alert) -> Mapping[str, datetime]:
    """Device → when it told last."""
    told: dict[str, datetime] = {}
    for one in alert.reasons:
        device, at = one.params.get("device", ""), one.observed_at or alert.raised_at
        told[device] = max(at, told.get(device, at))
    return told


def _is_good(battery: Reading | None, since: datetime, uow: UnitOfWork) -> bool:
    told = battery.then(uow.clock.now()) if battery else None
    return isinstance(told, Shown) and told.value >= CHARGED and told.observed_at > since
