"""Who is on duty near an alarm: one fresh, one whose position is old, one who is elsewhere."""

from __future__ import annotations

from typing import Any

from eldercare_samples import stamp
from xianban.eldercare.v1 import responders_pb2 as pb

NEAR = "responders/0123456789abcdef0123456789"


def listed(**more: Any) -> pb.ListRespondersResponse:
    source = pb.ResponderSource(
        name="responderSources/rescue", display_name="区应急指挥中心", read_time=stamp(-1)
    )
    facts: dict[str, Any] = {
        "responders": [
            responder(),
            responder(
                name="responders/stale",
                display_name="王医生",
                verdict=pb.RESPONDER_POSITION_VERDICT_STALE,
                observe_time=stamp(-40),
                distance_m=2340.0,
            ),
            responder(
                name="responders/elsewhere",
                display_name="孙护士",
                state=pb.RESPONDER_STATE_BUSY,
                sent_elsewhere=True,
            ),
        ],
        "skills": [pb.RESPONDER_SKILL_FIRST_AID],
        "sources": [source],
        "placed": True,
    }
    return pb.ListRespondersResponse(**(facts | more))


def responder(**more: Any) -> pb.Responder:
    facts: dict[str, Any] = {
        "name": NEAR,
        "display_name": "李强",
        "organisation_display": "南桥急救站",
        "skills": [pb.RESPONDER_SKILL_FIRST_AID],
        "state": pb.RESPONDER_STATE_FREE,
        "duty_expire_time": stamp(300),
        "phone": "13800000000",
        "verdict": pb.RESPONDER_POSITION_VERDICT_FRESH,
        "distance_m": 612.0,
        "observe_time": stamp(-2),
        "accuracy_m": 12.0,
        "source_display": "区应急指挥中心",
    }
    return pb.Responder(**(facts | more))


def responder_replies() -> dict[str, Any]:
    return {"ListResponders": listed()}
