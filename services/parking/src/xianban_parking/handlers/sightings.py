"""What cameras tell becomes incidents: one per car park and sight, however many cameras see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice

from xianban_sdk.alerts import Alerts, Finding, Place, Reason
from xianban_sdk.errors import InvalidArgument, NotFound
from xianban_sdk.plugins import STRANGER, Hooks
from xianban_sdk.public.cameras import LONGEST
from xianban_sdk.storage import UnitOfWork

from xianban_parking.alarms import BOOK, SEVERITIES
from xianban_parking.handlers.counts import Outcome
from xianban_parking.handlers.feeds import checked
from xianban_parking.hookspecs import CameraEvent, CameraEvents, Dropped, Unread
from xianban_parking.repository import MACHINE, Cameras, Lots, Sightings
from xianban_parking.repository.cameras import CameraRow, SightingRow
from xianban_parking.repository.rows import LotRow
from xianban_parking.settings import rules

__all__ = ["Pushed", "parse_events", "take_sighting"]

FUTURE = timedelta(minutes=5)
# A relay that was away delivers late; what is older is history and rouses nobody.
OLDEST = timedelta(hours=6)
MOST_EVENTS = 500
PARSE_SECONDS = 2.0

Pushed = list[CameraEvent | Unread | Dropped]


def parse_events(
    feed_id: str,
    body: bytes,
    content_type: str,
    headers: Mapping[str, str],
    now: datetime,
    hooks: Hooks,
) -> Pushed:
    """A pushed body, read by its plugin; a sender that did not prove itself is refused."""
    plugin, feed = _feed(hooks, feed_id)
    result = hooks.run(
        plugin,
        "camera_events.parse",
        lambda: list(islice(feed.parse(body, content_type, headers, now), MOST_EVENTS + 1)),
        PARSE_SECONDS,
        about=STRANGER,
    )
    checked(result.error, plugin)
    if len(result.value) > MOST_EVENTS:
        raise InvalidArgument("TOO_MANY_EVENTS", field="body", max=MOST_EVENTS)
    return result.value


def _feed(hooks: Hooks, feed_id: str) -> tuple[str, CameraEvents]:
    for result in hooks.registered("register_camera_events"):
        for feed in result.value or ():
            if feed.id == feed_id:
                return result.plugin, feed
    raise NotFound("CAMERA_FEED_NOT_FOUND", field="camera_feed", feed=feed_id)


def take_sighting(told: CameraEvent | Unread, *, uow: UnitOfWork) -> Outcome:
    """Raises, joins or clears the incident; the same event again changes nothing."""
    if isinstance(told, Unread):
        return Outcome(told.item[:LONGEST], False, False, told.field[:LONGEST], told.reason[:64])
    item = f"{told.camera} {told.rule}"[:LONGEST]
    camera = Cameras(uow.conn, MACHINE).find(told.camera) if _is_word(told.camera) else None
    if camera is None:
        return Outcome(item, False, False, "camera", "CAMERA_NOT_REGISTERED")
    if wrong := _wrong(told, camera, uow.clock.now()):
        return Outcome(item, False, False, *wrong)
    lot = Lots(uow.conn, MACHINE).locked(camera.lot)
    fresh = _noted(told, camera, uow)
    if fresh:
        _moved(told, camera, lot, uow)
    return Outcome(item, duplicate=not fresh)


def _wrong(told: CameraEvent, camera: CameraRow, now: datetime) -> tuple[str, str] | None:
    least = rules().camera_confidence_percent / 100
    checks = (
        ("camera", "CAMERA_AUTHORITY_ENDED", camera.end_at <= now),
        ("sight", "SIGHT_NOT_COVERED", str(told.sight) not in camera.sights),
        ("rule", "OUT_OF_RANGE", not _is_word(told.rule)),
        ("place", "OUT_OF_RANGE", bool(told.place) and not _is_word(told.place)),
        ("occurred_at", "FROM_THE_FUTURE", told.occurred_at > now + FUTURE),
        ("occurred_at", "TOO_OLD", told.occurred_at < now - OLDEST),
        ("confidence", "OUT_OF_RANGE", not 0 <= told.confidence <= 1),
        ("confidence", "CONFIDENCE_TOO_LOW", told.holds and told.confidence < least),
    )
    return next(((field, reason) for field, reason, fails in checks if fails), None)


def _is_word(text: str) -> bool:
    """Nothing else than words travels here, whatever a plugin let through."""
    return 0 < len(text) <= LONGEST and text.isprintable()


def _noted(told: CameraEvent, camera: CameraRow, uow: UnitOfWork) -> bool:
    """False: known already, or overtaken by what the rule said later."""
    sightings = Sightings(uow.conn, MACHINE)
    known = sightings.of(camera.id, told.rule)
    if known is not None and known.occurred_at >= told.occurred_at:
        return False
    sightings.put(
        SightingRow(
            camera=camera.id,
            rule=told.rule,
            lot=camera.lot,
            sight=str(told.sight),
            holds=told.holds,
            occurred_at=told.occurred_at,
        )
    )
    Cameras(uow.conn, MACHINE).change(camera.id, last_event_at=told.occurred_at)
    return True


def _moved(told: CameraEvent, camera: CameraRow, lot: LotRow, uow: UnitOfWork) -> None:
    alerts, subject = Alerts(uow, BOOK), f"lots/{lot.id}"
    if told.holds:
        alerts.raise_(_finding(told, camera, lot))
    elif not Sightings(uow.conn, MACHINE).any_holds(lot.id, str(told.sight)):
        alerts.cleared(str(told.sight), subject, at=told.occurred_at)


def _finding(told: CameraEvent, camera: CameraRow, lot: LotRow) -> Finding:
    name = lot.names.get("zh-CN") or next(iter(lot.names.values()), lot.id)
    where = f"{camera.place} {told.place}".strip()
    params = {
        "lot": name,
        "lot_en": lot.names.get("en") or name,
        "place": where,
        "camera": camera.id,
        "percent": str(round(told.confidence * 100)),
    }
    return Finding(
        rule=str(told.sight),
        subject=f"lots/{lot.id}",
        subject_display=name,
        severity=SEVERITIES[told.sight],
        area=lot.area,
        place=Place(lot.latitude, lot.longitude, 50),
        reasons=[Reason("reason-camera", params, told.occurred_at)],
        at=told.occurred_at,
    )
