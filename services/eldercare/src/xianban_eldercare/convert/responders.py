"""Responders: rows → protobuf."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson
from xianban.eldercare.v1 import responders_pb2 as pb
from xianban_sdk.wire import stamp

from xianban_eldercare.domain.muster import SILENT_AFTER, Verdict
from xianban_eldercare.handlers.responders import Near, Nearest
from xianban_eldercare.repository.muster import ResponderSourceRow

__all__ = ["nearest"]

_SKILLS: Final = {
    "first-aid": pb.RESPONDER_SKILL_FIRST_AID,
    "fire": pb.RESPONDER_SKILL_FIRE,
    "social-work": pb.RESPONDER_SKILL_SOCIAL_WORK,
    "repair": pb.RESPONDER_SKILL_REPAIR,
    "search": pb.RESPONDER_SKILL_SEARCH,
}
_STATES: Final = {
    "free": pb.RESPONDER_STATE_FREE,
    "on-the-way": pb.RESPONDER_STATE_ON_THE_WAY,
    "busy": pb.RESPONDER_STATE_BUSY,
}
_VERDICTS: Final = {
    Verdict.FRESH: pb.RESPONDER_POSITION_VERDICT_FRESH,
    Verdict.STALE: pb.RESPONDER_POSITION_VERDICT_STALE,
    Verdict.UNKNOWN: pb.RESPONDER_POSITION_VERDICT_UNKNOWN,
}


def nearest(found: Nearest, alert_id: str, locale: str, now: datetime) -> pb.ListRespondersResponse:
    names = {one.id: _named(one, locale) for one in found.sources}
    return pb.ListRespondersResponse(
        responders=[_responder(one, alert_id, names) for one in found.people],
        skills=sorted(_SKILLS[skill] for skill in found.skills),
        sources=[_source(one, locale, now) for one in found.sources],
        placed=found.placed,
    )


def _responder(one: Near, alert_id: str, names: dict[str, str]) -> pb.Responder:
    made = pb.Responder(
        name=f"responders/{one.row.id}",
        display_name=one.detail["name"],
        organisation_display=one.detail["organisation"],
        skills=[_SKILLS[skill] for skill in one.detail["skills"] if skill in _SKILLS],
        state=_STATES.get(one.row.state, pb.RESPONDER_STATE_BUSY),
        duty_expire_time=stamp(one.row.duty_until),
        phone=one.detail["phone"],
        verdict=_VERDICTS[one.rank.verdict],
        distance_m=one.rank.metres,
        sent_elsewhere=one.sent_to not in ("", alert_id),
        sent_here=one.sent_to == alert_id,
        source_display=names.get(one.row.source, ""),
    )
    seen = one.detail["position"]
    if seen and one.rank.verdict is not Verdict.UNKNOWN:
        made.observe_time.CopyFrom(stamp(datetime.fromisoformat(seen["observed_at"])))
        if seen["accuracy_m"] is not None:
            made.accuracy_m = seen["accuracy_m"]
    return made


def _source(row: ResponderSourceRow, locale: str, now: datetime) -> pb.ResponderSource:
    return pb.ResponderSource(
        name=f"responderSources/{row.id}",
        display_name=_named(row, locale),
        read_time=stamp(row.read_at),
        silent=row.read_at is None or now - row.read_at > SILENT_AFTER,
        unread_count=row.unread,
    )


def _named(row: ResponderSourceRow, locale: str) -> str:
    told: dict[str, str] = orjson.loads(row.names)
    return told.get(locale) or next(iter(told.values()), "")
