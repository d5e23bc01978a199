"""Places and where a locator was: protobuf ⇄ rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import orjson
from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.readings import Shown
from xianban_sdk.readings.convert import judged
from xianban_sdk.readings.rules import Standing
from xianban_sdk.storage.instant import from_micros
from xianban_sdk.wire import position

from xianban_eldercare.convert import searches
from xianban_eldercare.handlers.whereabouts import Near, Seen, Sighted
from xianban_eldercare.repository.whereabouts_rows import FenceRow

__all__ = ["fence", "names_of", "searched", "whereabouts", "written"]

_PACKAGE: Final = "xianban_eldercare"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def names_of(name: str) -> tuple[str, str]:
    """`residents/{r}/…/{id}` → (r, id)."""
    parts = name.split("/")
    return parts[1], parts[3]


def fence(row: FenceRow, standings: list[Standing]) -> pb.Fence:
    away = [one.since for one in standings if one.raised]
    made = pb.Fence(
        name=f"residents/{row.resident}/fences/{row.id}",
        display_name=row.display_name,
        center=readings_pb2.Position(**orjson.loads(row.center)),
        radius_m=row.radius_m,
        start_minute=row.start_minute,
        end_minute=row.end_minute,
        active=row.active,
        away=bool(away),
        version=row.version,
    )
    if away:
        made.away_time.FromDatetime(from_micros(min(away)))
    return made


def written(resident: str, number: str, given: pb.Fence) -> FenceRow:
    """What somebody wrote; id, version and time are the service's."""
    center = {
        "latitude": given.center.latitude,
        "longitude": given.center.longitude,
        "accuracy_m": 0.0,
    }
    return FenceRow(
        id=number,
        resident=resident,
        display_name=given.display_name,
        center=orjson.dumps(center).decode(),
        radius_m=given.radius_m,
        start_minute=given.start_minute,
        end_minute=given.end_minute,
        active=given.active,
        version=0,
        updated_at=_EPOCH,
    )


def whereabouts(found: Seen, now: datetime, locale: str) -> pb.Whereabouts:
    made = pb.Whereabouts(
        name=f"residents/{found.resident}/whereabouts",
        display_name=found.display_name,
        sentence=_sentence(found, now, locale),
        battery=judged(found.sighted.battery, now, locale),
    )
    if (last := _sighting(found.sighted, now)) is not None:
        made.last.CopyFrom(last)
    if found.search is not None:
        made.search.CopyFrom(searches.search(found.search, now, locale))
    return made


def searched(made: pb.Search, sighted: Sighted | None, now: datetime, locale: str) -> pb.Search:
    """The search with what is shared while it runs."""
    if sighted is not None:
        made.battery.CopyFrom(judged(sighted.battery, now, locale))
        if (last := _sighting(sighted, now)) is not None:
            made.last.CopyFrom(last)
    return made


def _sighting(found: Sighted, now: datetime) -> pb.Sighting | None:
    if found.last is None or found.place is None:
        return None
    verdict = found.last.shown(now).verdict.value
    made = pb.Sighting(
        position=position(found.place),
        verdict=readings_pb2.ReadingVerdict.ValueType(verdict),
        age_seconds=max(int((now - found.last.observed_at).total_seconds()), 0),
        clock_wrong=found.last.clock_wrong,
    )
    made.observe_time.FromDatetime(found.last.observed_at)
    return made


def _sentence(found: Seen, now: datetime, locale: str) -> str:
    """What a daughter wants to know first; a place that is old is called old."""
    last = found.sighted.last
    if last is None or found.sighted.place is None:
        return i18n.text("whereabouts-never", locale, _PACKAGE, name=found.display_name)
    where = _where(found.near, locale)
    minutes = max(int((now - last.observed_at).total_seconds() // 60), 0)
    key = "whereabouts-seen" if isinstance(last.shown(now), Shown) else "whereabouts-old"
    ago = i18n.text("whereabouts-minutes", locale, _PACKAGE, minutes=minutes)
    if minutes >= 120:
        ago = i18n.text("whereabouts-hours", locale, _PACKAGE, hours=minutes // 60)
    return i18n.text(key, locale, _PACKAGE, name=found.display_name, where=where, ago=ago)


def _where(near: Near | None, locale: str) -> str:
    if near is None:
        return i18n.text("whereabouts-somewhere", locale, _PACKAGE)
    place = near.place or i18n.text("whereabouts-home", locale, _PACKAGE)
    if near.metres == 0:
        return i18n.text("whereabouts-inside", locale, _PACKAGE, place=place)
    if near.metres < 1000:
        away = max(int(round(near.metres, -1)), 10)
        return i18n.text("whereabouts-metres", locale, _PACKAGE, place=place, metres=away)
    kilometres = f"{near.metres / 1000:.1f}"
    return i18n.text("whereabouts-far", locale, _PACKAGE, place=place, kilometres=kilometres)
