"""力量分布 on the duty desk: who is on duty and near an alert, and what their position is worth."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from starlette.requests import Request
from xianban.eldercare.v1 import responders_pb2 as pb
from xianban_sdk.web import call, if_there
from xianban_sdk.web.site import Tone

from xianban_eldercare.web.clients import mustering

SKILLS = {
    pb.RESPONDER_SKILL_FIRST_AID: "first-aid",
    pb.RESPONDER_SKILL_FIRE: "fire",
    pb.RESPONDER_SKILL_SOCIAL_WORK: "social-work",
    pb.RESPONDER_SKILL_REPAIR: "repair",
    pb.RESPONDER_SKILL_SEARCH: "search",
}
STATES: dict[int, tuple[str, Tone]] = {
    pb.RESPONDER_STATE_FREE: ("free", "ok"),
    pb.RESPONDER_STATE_ON_THE_WAY: ("on-the-way", "info"),
    pb.RESPONDER_STATE_BUSY: ("busy", "warn"),
}
VERDICTS: dict[int, tuple[str, Tone | Literal["plain"]]] = {
    pb.RESPONDER_POSITION_VERDICT_FRESH: ("fresh", "ok"),
    pb.RESPONDER_POSITION_VERDICT_STALE: ("stale", "warn"),
    pb.RESPONDER_POSITION_VERDICT_UNKNOWN: ("unknown", "plain"),
}
_KILOMETRE = 1000


async def shown(request: Request, name: str, *, goes_on: bool) -> dict[str, Any] | None:
    """Only while somebody may have to be sent; a service that is away costs this part alone."""
    if not goes_on:
        return None
    asked = pb.ListRespondersRequest(parent=name)
    listed, away = await if_there(call(request, mustering.ListResponders, asked))
    return {
        "id": name.partition("/")[2],
        "seen": _seen(listed),
        "listed": listed,
        "away": away,
        "skills": SKILLS,
        "states": STATES,
        "verdicts": VERDICTS,
        "far": far,
    }


def _seen(listed: pb.ListRespondersResponse | None) -> str:
    told = listed.SerializeToString(deterministic=True) if listed else b""
    return hashlib.sha256(told).hexdigest()[:16]


def far(metres: float) -> tuple[str, str]:
    """A text's key and its number: no more exact than a position is."""
    if metres < _KILOMETRE:
        return "responder-metres", str(max(10, round(metres / 10) * 10))
    return "responder-kilometres", f"{metres / _KILOMETRE:.1f}"
