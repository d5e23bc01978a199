"""Eligibility: protobuf ⇄ domain and rows, with the reasons in the caller's language."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from xianban.eldercare.v1 import eligibility_pb2 as pb
from xianban_sdk import i18n

from xianban_eldercare.convert.care_files import resident_of
from xianban_eldercare.domain.eligibility import GBT, UNIFIED, Granted, Held
from xianban_eldercare.handlers.eligibility import Entitled
from xianban_eldercare.repository.rows import OfficialLevelRow

__all__ = ["eligibility", "entered", "official_level"]

_PACKAGE: Final = "xianban_eldercare"
_SCALES: Final = {GBT: pb.LEVEL_SCALE_GBT_42195, UNIFIED: pb.LEVEL_SCALE_SH_UNIFIED}


def entered(level: pb.OfficialLevel, actor: str, now: datetime) -> OfficialLevelRow:
    """What somebody copied from the notice."""
    return OfficialLevelRow(
        resident=resident_of(level.name),
        level=level.level,
        valid_from=level.valid_from,
        valid_until=level.valid_until,
        decided_by=level.decided_by,
        reference=level.reference,
        entered_by=actor,
        updated_at=now,
    )


def official_level(row: OfficialLevelRow) -> pb.OfficialLevel:
    shown = pb.OfficialLevel(
        name=f"residents/{row.resident}/officialLevel",
        level=row.level,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        decided_by=row.decided_by,
        reference=row.reference,
        entered_by=row.entered_by,
    )
    shown.update_time.FromDatetime(row.updated_at)
    return shown


def eligibility(found: Entitled, locale: str) -> pb.Eligibility:
    shown = pb.Eligibility(
        name=f"residents/{found.resident}/eligibility",
        date=found.day.isoformat(),
        levels=[_level(found, scale, held, locale) for scale, held in found.held.items()],
        benefits=[_benefit(one, locale) for one in found.benefits],
    )
    if found.official is not None:
        shown.official_level.CopyFrom(official_level(found.official))
    return shown


def _level(found: Entitled, scale: str, held: Held, locale: str) -> pb.KnownLevel:
    if scale == UNIFIED and found.official is not None:
        own = found.official
        said = {"by": own.decided_by, "first": own.valid_from, "last": own.valid_until}
        source = i18n.text("level-source-official", locale, _PACKAGE, **said)
    else:
        source = i18n.text("level-source-assessed", locale, _PACKAGE)
    return pb.KnownLevel(
        scale=_SCALES[scale],
        level=held.level,
        title=_title(scale, held.level, locale),
        source=source,
        outdated=held.outdated,
    )


def _title(scale: str, level: int, locale: str) -> str:
    return i18n.text(f"level-{scale}-{level}", locale, _PACKAGE)


def _benefit(one: Granted, locale: str) -> pb.Benefit:
    shown = pb.Benefit(
        benefit=one.benefit.key,
        title=one.benefit.texts[locale],
        eligible=one.given is not None,
        explanation=_explained(one, locale),
        conditions=one.benefit.conditions[locale],
        rules=one.schedule.version,
        source=one.schedule.sources[locale],
    )
    if one.given is not None:
        shown.hours_per_week = one.given.hours_per_week
        shown.visits_per_week = one.given.visits_per_week
        shown.paid_percent = one.given.paid_percent
    return shown


def _explained(one: Granted, locale: str) -> str:
    scale = i18n.text(f"scale-{one.schedule.scale}", locale, _PACKAGE)
    level = _title(one.schedule.scale, one.held.level, locale) if one.held else ""
    return i18n.text(f"benefit-{one.why}", locale, _PACKAGE, scale=scale, level=level)
