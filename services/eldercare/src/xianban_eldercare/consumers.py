"""What elder care does on hearing of events, its own included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from xianban.common.v1 import alerts_pb2, hand_overs_pb2, readings_pb2
from xianban.eldercare.v1 import bed_events_pb2, organisations_pb2
from xianban_sdk import i18n
from xianban_sdk.messaging import Event, consumer
from xianban_sdk.readings.watch import bound, unbound
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import stamp

from xianban_eldercare.convert.organisations import bed_key
from xianban_eldercare.handlers import batteries, geofence, searches, stays
from xianban_eldercare.handlers.ingest import on_facts
from xianban_eldercare.handlers.referral_offers import on_bed_given_back
from xianban_eldercare.handlers.sos import RULE
from xianban_eldercare.repository import MACHINE, Presses
from xianban_eldercare.repository.responders import speaking_for
from xianban_eldercare.vitals import KINDS

__all__ = ["CONSUMERS"]

_DOMAIN: Final = "eldercare"
# A wearer's words; a display shows what was said last.
_LOCALE: Final = "zh-CN"
# What became of a call is news for a day.
_WORDS_HOLD: Final = timedelta(days=1)
# Who presses without end hears of the newest.
_ANSWERED: Final = 10
_OVER: Final = (alerts_pb2.ALERT_STATE_RESOLVED, alerts_pb2.ALERT_STATE_CLOSED)
_WORDS: Final = {
    alerts_pb2.ALERT_STATE_ACKNOWLEDGED: "acknowledged",
    alerts_pb2.ALERT_STATE_DISPATCHED: "coming",
    alerts_pb2.ALERT_STATE_RESOLVED: "over",
    alerts_pb2.ALERT_STATE_CLOSED: "over",
}


@consumer("sensing.v1.device_bound")
def on_device_bound(event: readings_pb2.DeviceBound, *, uow: UnitOfWork, meta: Event) -> None:
    """From now on its silence is noticed."""
    if event.domain == _DOMAIN:
        bound(event, KINDS, uow=uow, on_facts=on_facts)


@consumer("sensing.v1.device_unbound")
def on_device_unbound(event: readings_pb2.DeviceUnbound, *, uow: UnitOfWork, meta: Event) -> None:
    """Nobody waits for it any more."""
    if event.domain == _DOMAIN:
        unbound(event, uow=uow, on_facts=on_facts)
        geofence.unworn(event.subject, event.device, uow=uow)
        batteries.look_again([event.subject], uow=uow)


@consumer("eldercare.v1.alert_changed")
def on_alert_changed(event: alerts_pb2.AlertChanged, *, uow: UnitOfWork, meta: Event) -> None:
    """Whoever called for help is told on their wrist what has become of it; who is found is no
    longer looked for."""
    alert = event.alert
    if alert.rule == searches.RULE and alert.state in _OVER:
        by = (event.step.actor, event.step.actor_display)
        if not event.step.actor_display:
            by = (alert.acknowledged_by, alert.acknowledged_by_display)
        searches.found_by_alert(alert.name, by, uow=uow)
    if alert.rule != RULE or alert.state not in _WORDS:
        return
    word = _WORDS[alert.state]
    by = alert.acknowledged_by_display
    key = f"wearer-{word}" if by or word != "acknowledged" else "wearer-answered"
    text = i18n.text(key, _LOCALE, "xianban_eldercare", by=by)
    for device, press in _to_answer(alert, over=word == "over", uow=uow):
        told = readings_pb2.DeviceCommandRequested(
            device=device,
            key=RULE,
            command=word,
            text=text,
            event=press,
            expire_time=stamp(uow.clock.now() + _WORDS_HOLD),
        )
        uow.emit(told, aggregate=f"devices/{device}", domain=_DOMAIN)


def _to_answer(
    alert: alerts_pb2.Alert, *, over: bool, uow: UnitOfWork
) -> Iterator[tuple[str, str]]:
    """Each device of the elder with each of its presses; one that was not pressed shows it too.

    Who called a press off was told so: it hears of the call again when all is over.
    """
    presses = Presses(uow.conn, MACHINE).of(alert.name.removeprefix("alerts/"))
    for device in speaking_for(uow.conn, alert.subject):
        own = [one for one in presses if one.device == device]
        yield from ((device, one.id) for one in own[:_ANSWERED] if over or not one.called_off_at)
        if not own:
            yield device, ""


@consumer("sensing.v1.devices_handed_over")
def on_devices_handed_over(
    event: hand_overs_pb2.DevicesHandedOver, *, uow: UnitOfWork, meta: Event
) -> None:
    """The referral's next step."""
    before = [
        {"device": one.device, "organisation": one.organisation, "area": one.area}
        for one in event.before
    ]
    stays.on_handed_over(event.request_id, before, uow=uow)


@consumer("eldercare.v1.bed_changed")
def on_bed_changed(event: bed_events_pb2.BedChanged, *, uow: UnitOfWork, meta: Event) -> None:
    """An elder who was to have it by a referral is told that it is gone."""
    held, free = organisations_pb2.BED_STATE_HELD, organisations_pb2.BED_STATE_FREE
    if (event.before, event.state) == (held, free) and event.resident:
        on_bed_given_back(bed_key(event.bed), event.resident, uow=uow)


CONSUMERS = [
    on_device_bound,
    on_device_unbound,
    on_alert_changed,
    on_devices_handed_over,
    on_bed_changed,
]
