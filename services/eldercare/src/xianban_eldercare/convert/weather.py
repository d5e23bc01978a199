"""Weather and rounds: protobuf ⇄ rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.wire import stamp

from xianban_eldercare.convert.care_files import LEVELS as CARE_LEVELS
from xianban_eldercare.convert.weather_words import (
    HAZARDS,
    HOWS,
    KNOWLEDGE,
    LEVELS,
    PROPOSAL_STATES,
)
from xianban_eldercare.domain.weather import Knowledge, is_silent
from xianban_eldercare.handlers.rounds import Seen
from xianban_eldercare.handlers.weather import Found
from xianban_eldercare.repository.weather_rows import ForecastRow, SourceRow, WarningRow

__all__ = ["proposal", "proposal_key", "source", "warning", "weather"]

_PACKAGE: Final = "xianban_eldercare"


def proposal_key(name: str) -> tuple[str, str]:
    """`organisations/{o}/roundProposals/{p}` → (o, p)."""
    _, organisation, _, proposal_id = name.split("/")
    return organisation, proposal_id


def weather(name: str, found: Found, locale: str, now: datetime) -> pb.Weather:
    made = pb.Weather(
        name=name,
        knowledge=KNOWLEDGE[found.knowledge],
        sentence=_sentence(found, locale, now),
        warnings=[warning(one, found.sources, locale) for one in found.warnings],
        sources=[source(one, locale, now) for one in found.sources],
    )
    if found.hours:
        made.forecast.CopyFrom(_forecast(found.hours))
    return made


def warning(row: WarningRow, sources: Sequence[SourceRow], locale: str) -> pb.WeatherWarning:
    told: dict[str, dict[str, str]] = orjson.loads(row.words)
    words = told.get(locale) or next(iter(told.values()), dict[str, str]())
    names = {one.id: one.names for one in sources}
    return pb.WeatherWarning(
        name=f"weatherWarnings/{row.id}",
        hazard=HAZARDS[row.hazard],
        level=LEVELS[row.level],
        title=_title(row, locale),
        headline=words.get("headline") or words.get("event", ""),
        description=words.get("description", ""),
        instruction=words.get("instruction", ""),
        area_display=words.get("area", ""),
        sent_time=stamp(row.sent_at),
        onset_time=stamp(row.onset_at),
        expire_time=stamp(row.expires_at),
        source_display=_named(names[row.source], locale) if row.source in names else row.sender,
        web_uri=row.web,
    )


def source(row: SourceRow, locale: str, now: datetime) -> pb.WeatherSource:
    return pb.WeatherSource(
        name=f"weatherSources/{row.id}",
        display_name=_named(row.names, locale),
        read_time=stamp(row.read_at),
        silent=is_silent(row.read_at, now),
        unread_count=row.unread,
    )


def proposal(seen: Seen, organisation: str, locale: str) -> pb.RoundProposal:
    row = seen.row
    made = pb.RoundProposal(
        name=f"organisations/{organisation}/roundProposals/{row.id}",
        resident=f"residents/{row.resident}",
        hazard=HAZARDS[row.hazard],
        level=LEVELS[row.level],
        warning_display=_title(seen.warning, locale) if seen.warning else "",
        how=HOWS[row.how],
        points=row.points,
        reasons=[_reason(one, locale) for one in orjson.loads(row.reasons)],
        state=PROPOSAL_STATES[row.state],
        propose_time=stamp(row.proposed_at),
        settle_time=stamp(row.settled_at),
        settled_by_display=row.settled_by_display,
        visit=f"residents/{row.resident}/visits/{row.visit}" if row.visit else "",
        note=row.note,
    )
    if seen.file is not None:
        made.resident_display, made.address = seen.file.display_name, seen.file.address
        made.care_level = CARE_LEVELS[seen.file.care_level]
        contacts: list[dict[str, str]] = orjson.loads(seen.file.contacts or "[]")
        if contacts:
            made.contact_display = contacts[0]["display_name"]
            made.contact_phone = contacts[0]["phone"]
    return made


def _sentence(found: Found, locale: str, now: datetime) -> str:
    """What may be said; an old list never becomes "no warning"."""
    worst = _title(found.warnings[0], locale) if found.warnings else ""
    reads = [one.read_at for one in found.sources if one.read_at is not None]
    at = min(reads).astimezone(SHANGHAI).strftime("%m-%d %H:%M") if reads else ""
    key = {
        Knowledge.NOT_CONNECTED: "weather-not-connected",
        Knowledge.UNKNOWN: "weather-unknown" if reads else "weather-never-read",
        Knowledge.KNOWN: "weather-none",
    }[found.knowledge]
    said = [_text(key, locale, at=at)] if key != "weather-none" or not worst else []
    count = {"warning": worst, "count": len(found.warnings)}
    return " ".join([*([_text("weather-standing", locale, **count)] if worst else []), *said])


def _title(row: WarningRow, locale: str) -> str:
    if row.hazard == "other":
        told: dict[str, dict[str, str]] = orjson.loads(row.words)
        words = told.get(locale) or next(iter(told.values()), dict[str, str]())
        return words.get("event") or _text("weather-hazard-other", locale)
    hazard = _text(f"weather-hazard-{row.hazard}", locale)
    return _text(f"weather-title-{row.level}", locale, hazard=hazard)


def _reason(part: dict[str, Any], locale: str) -> str:
    said = _text(part["text"], locale, **part["params"])
    return _text("round-points", locale, reason=said, points=part["points"])


def _forecast(hours: Sequence[ForecastRow]) -> pb.ForecastRange:
    warm = [one.temperature_c for one in hours if one.temperature_c is not None]
    felt = [one.apparent_c for one in hours if one.apparent_c is not None]
    return pb.ForecastRange(
        low_celsius=min(warm, default=None),
        high_celsius=max(warm, default=None),
        apparent_low_celsius=min(felt, default=None),
        apparent_high_celsius=max(felt, default=None),
        start_time=stamp(hours[0].at),
        end_time=stamp(hours[-1].at),
    )


def _named(names: str, locale: str) -> str:
    told: dict[str, str] = orjson.loads(names)
    return told.get(locale) or next(iter(told.values()), "")


def _text(key: str, locale: str, **params: Any) -> str:
    return i18n.text(key, locale, _PACKAGE, **params)
