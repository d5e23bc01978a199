"""What the service answers about the weather and rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from eldercare_people import ELDER
from eldercare_samples import ID
from xianban.eldercare.v1 import weather_pb2 as pb
from xianban_sdk.wire import stamp

NOW = datetime.now(UTC)


def warning(level: Any = pb.WARNING_LEVEL_ORANGE) -> pb.WeatherWarning:
    return pb.WeatherWarning(
        name="weatherWarnings/1",
        hazard=pb.WEATHER_HAZARD_HEAT,
        level=level,
        title="高温橙色预警",
        headline="奉贤区高温橙色预警",
        description="最高气温将升至 37℃以上。",
        instruction="多喝水，待在阴凉处。",
        area_display="奉贤区",
        sent_time=stamp(NOW - timedelta(hours=1)),
        expire_time=stamp(NOW + timedelta(hours=10)),
        source_display="市气象台",
        web_uri="https://weather.example/1",
    )


def weather(**changes: Any) -> pb.Weather:
    facts: dict[str, Any] = {
        "name": f"residents/{ELDER.id}/weather",
        "knowledge": pb.WEATHER_KNOWLEDGE_KNOWN,
        "sentence": "高温橙色预警生效中。",
        "warnings": [warning()],
        "forecast": pb.ForecastRange(
            low_celsius=27.4,
            high_celsius=37.6,
            apparent_low_celsius=30.0,
            apparent_high_celsius=42.0,
        ),
    }
    return pb.Weather(**(facts | changes))


def proposal(
    state: Any = pb.ROUND_PROPOSAL_STATE_PROPOSED, how: Any = pb.ROUND_HOW_VISIT
) -> pb.RoundProposal:
    made = pb.RoundProposal(
        name=f"organisations/nanqiao/roundProposals/{ID}",
        resident=f"residents/{ELDER.id}",
        resident_display="张桂芳",
        address="南桥镇示例路 88 弄",
        contact_display="李晓梅",
        contact_phone="13900000002",
        hazard=pb.WEATHER_HAZARD_HEAT,
        level=pb.WARNING_LEVEL_ORANGE,
        warning_display="高温橙色预警",
        how=how,
        points=6,
        reasons=["独居（2 分）", "中度失能（2 分）"],
        state=state,
        propose_time=stamp(NOW),
    )
    if state != pb.ROUND_PROPOSAL_STATE_PROPOSED:
        made.settle_time.CopyFrom(stamp(NOW))
        made.settled_by_display, made.note = "黄丽", "精神好"
    return made


def weather_replies() -> dict[str, Any]:
    listed = pb.ListRoundProposalsResponse(
        round_proposals=[proposal()],
        knowledge=pb.WEATHER_KNOWLEDGE_KNOWN,
        warnings=[warning()],
        sources=[
            pb.WeatherSource(name="weatherSources/a", display_name="市气象台", read_time=stamp(NOW))
        ],
    )
    return {
        "GetWeather": weather(),
        "ListRoundProposals": listed,
        "AcceptRoundProposal": proposal(pb.ROUND_PROPOSAL_STATE_ACCEPTED),
        "RecordRoundCall": proposal(pb.ROUND_PROPOSAL_STATE_CALLED),
        "DismissRoundProposal": proposal(pb.ROUND_PROPOSAL_STATE_DISMISSED),
    }
