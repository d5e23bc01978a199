"""Answers of an elder care service on an ordinary afternoon, and in trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from xianban.common.v1 import alerts_pb2, readings_pb2
from xianban.eldercare.v1 import care_files_pb2 as files
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1 import observations_pb2 as observations
from xianban.eldercare.v1 import whereabouts_pb2 as where
from xianban_sdk.demo import person_id

ELDER = f"residents/{person_id('elder')}"
DAUGHTER = person_id("daughter")
ID = "01KDVHX800DEM0000000000042"

FRESH = readings_pb2.READING_VERDICT_FRESH
LATE = readings_pb2.READING_VERDICT_LATE
STALE = readings_pb2.READING_VERDICT_STALE
IMPLAUSIBLE = readings_pb2.READING_VERDICT_IMPLAUSIBLE
SILENT = readings_pb2.READING_VERDICT_SILENT


def stamp(minutes: float = 0) -> Timestamp:
    """Minutes from now."""
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(minutes=minutes))
    return made


def vital(
    kind: str, name: str, value: float | None, unit: str, verdict: Any = FRESH, **more: Any
) -> pb.Vital:
    reading = readings_pb2.JudgedReading(kind=kind, kind_display=name, unit=unit, verdict=verdict)
    if value is not None:
        reading.value, reading.age_seconds = value, 120
        reading.observe_time.CopyFrom(stamp(-2))
    elif verdict != SILENT:
        reading.last_good_time.CopyFrom(stamp(-300))
    return pb.Vital(reading=reading, **more)


def vitals() -> list[pb.Vital]:
    return [
        vital("heart-rate", "心率", 72, "/min", low=50, high=120),
        vital("oxygen-saturation", "血氧", 91, "%", LATE, low=94),
        vital("body-temperature", "体温", None, "Cel", STALE, high=38),
        vital("respiratory-rate", "呼吸", None, "/min", IMPLAUSIBLE),
        vital("systolic-pressure", "收缩压", None, "mm[Hg]", SILENT, low=90, high=160),
        vital("door", "门", 1, "{state}"),
    ]


def alert(state: Any = alerts_pb2.ALERT_STATE_RAISED, **more: Any) -> alerts_pb2.Alert:
    facts: dict[str, Any] = {
        "name": f"alerts/{ID}",
        "rule": "oxygen-saturation-low",
        "title": "血氧过低",
        "severity": alerts_pb2.ALERT_SEVERITY_SEVERE,
        "subject": ELDER,
        "subject_display": "张桂芳",
        "area": "310120/nanqiao",
        "raise_time": stamp(-4),
        "rung": "family",
        "rung_display": "家人",
        "next_rung_time": stamp(2),
        "version": 3,
        "reasons": [
            alerts_pb2.AlertReason(
                text="reason-oxygen-saturation-low",
                display="血氧 88 %,低于 92 %",
                observe_time=stamp(-4),
            )
        ],
    }
    return alerts_pb2.Alert(state=state, **(facts | more))


def taken(state: Any = alerts_pb2.ALERT_STATE_ACKNOWLEDGED, **more: Any) -> alerts_pb2.Alert:
    made = alert(state, acknowledged_by=DAUGHTER, acknowledged_by_display="", **more)
    made.ClearField("next_rung_time")
    return made


def steps() -> list[alerts_pb2.AlertStep]:
    step = alerts_pb2.AlertStep
    return [
        step(occur_time=stamp(-4), action="raised", actor="system"),
        step(occur_time=stamp(-4), action="told", actor="system", note="家人"),
        step(occur_time=stamp(-3), action="acknowledged", actor=DAUGHTER),
        step(occur_time=stamp(-2), action="dispatched", actor=DAUGHTER, note=f"{DAUGHTER} 带上药"),
        step(occur_time=stamp(-1), action="teleported", actor="system"),
    ]


def state(alerts: list[alerts_pb2.Alert] | None = None, **more: Any) -> pb.CareState:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/careState",
        "display_name": "张桂芳",
        "sentence": "张桂芳一切正常,最近一次数据是 2 分钟前。",
        "vitals": vitals(),
        "devices": 1,
    }
    return pb.CareState(**(facts | more), alerts=alerts or [])


def sos(at: Any = pb.SOS_STATE_CALLING, by: str = "") -> pb.Sos:
    return pb.Sos(
        name=f"{ELDER}/sos",
        state=at,
        alert=f"{ELDER}/alerts/{ID}",
        raise_time=stamp(-1),
        answered_by=by,
        text="已收到,正在呼叫",
    )


def care_file() -> files.CareFile:
    return files.CareFile(
        name=f"{ELDER}/careFile",
        display_name="张桂芳",
        area="310120/nanqiao",
        address="示例路 88 弄 6 号",
        home=readings_pb2.Position(latitude=30.9183, longitude=121.4561, accuracy_m=20),
        living=files.LIVING_ALONE,
        care_level=files.CARE_LEVEL_MILD,
        contacts=[
            files.Contact(
                display_name="李晓梅", phone="13900000002", relation="女儿", person=DAUGHTER
            )
        ],
        conditions=[files.Condition(code="I10", display="高血压")],
        allergies=["青霉素"],
        station="organisations/nanqiao",
        version=4,
        update_time=stamp(-6000),
    )


def points() -> list[pb.VitalPoint]:
    hours = [pb.VitalPoint(value=70 + at, low=60, high=90 + at, verdict=FRESH) for at in range(5)]
    for at, one in enumerate(hours):
        begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        one.time.FromDatetime(begin - timedelta(hours=8 - at))
    return hours


def thresholds() -> list[pb.Threshold]:
    severe = alerts_pb2.ALERT_SEVERITY_SEVERE
    named = f"{ELDER}/thresholds/"
    return [
        pb.Threshold(name=named + "heart-rate", low=50, high=120, sustain_seconds=60,
                     severity=severe, own=True),
        pb.Threshold(name=named + "body-temperature", high=38.5, severity=severe),
        pb.Threshold(name=named + "smoke", high=0.5, severity=severe),
        pb.Threshold(name=named + "of-tomorrow", high=1, severity=severe),
    ]  # fmt: skip


def sighting(verdict: Any = FRESH) -> where.Sighting:
    here = readings_pb2.Position(latitude=30.92231, longitude=121.45612, accuracy_m=12)
    return where.Sighting(position=here, verdict=verdict, observe_time=stamp(-4), age_seconds=240)


def full(percent: float | None = 35) -> readings_pb2.JudgedReading:
    verdict = SILENT if percent is None else FRESH
    made = readings_pb2.JudgedReading(kind="battery", unit="%", verdict=verdict)
    if percent is not None:
        made.value = percent
    return made


def search(at: Any = where.SEARCH_STATE_RUNNING, **more: Any) -> where.Search:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/searches/{ID}",
        "display_name": "张桂芳",
        "area": "310120/nanqiao",
        "reason": "买菜没有回来",
        "start_time": stamp(-30),
        "expire_time": stamp(210),
        "started_by_display": "李晓梅",
        "basis": "个人信息保护法第十三条",
        "alert": f"alerts/{ID}",
        "forget_time": stamp(10_000),
    }
    if at != where.SEARCH_STATE_RUNNING:
        facts["end_time"] = stamp(-1)
    return where.Search(state=at, **(facts | more))


def whereabouts(**more: Any) -> where.Whereabouts:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/whereabouts",
        "display_name": "张桂芳",
        "sentence": "张桂芳的定位器4 分钟前在“家”范围外约 340 米。",
        "last": sighting(),
        "battery": full(),
    }
    return where.Whereabouts(**(facts | more))


def fence(**more: Any) -> where.Fence:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/fences/{ID}",
        "display_name": "家",
        "center": readings_pb2.Position(latitude=30.9183, longitude=121.4561),
        "radius_m": 300,
        "start_minute": 1200,
        "end_minute": 360,
        "active": True,
        "version": 2,
    }
    return where.Fence(**(facts | more))


def oxygen_scale() -> observations.OxygenScale:
    made = observations.OxygenScale(
        name=f"{ELDER}/oxygenScale", scale=2, reason="血气分析", set_by_display="周敏"
    )
    made.set_time.FromSeconds(1_795_000_000)
    return made


def replies() -> dict[str, Any]:
    """RPC → answer."""
    resolved = taken(alerts_pb2.ALERT_STATE_RESOLVED, name="alerts/" + "0" * 26)
    listed = alerts_pb2.ListAlertsResponse(alerts=[alert(), resolved])
    one = pb.ResidentAlert(alert=alert(), steps=steps())
    return {
        "GetCareState": state([alert()]),
        "RecordObservation": observations.RecordObservationResponse(),
        **dict.fromkeys(("GetOxygenScale", "UpdateOxygenScale"), oxygen_scale()),
        "GetCareFile": care_file(),
        "UpdateCareFile": care_file(),
        "ListCareFiles": files.ListCareFilesResponse(
            care_files=[care_file()], next_page_token="more"
        ),
        "ListVitalPoints": pb.ListVitalPointsResponse(points=points()),
        "ListThresholds": pb.ListThresholdsResponse(thresholds=thresholds()),
        "UpdateThreshold": pb.Threshold(),
        "ListResidentAlerts": listed,
        "GetResidentAlert": one,
        "AcknowledgeResidentAlert": one,
        "GetSos": pb.Sos(name=f"{ELDER}/sos"),
        "RaiseSos": sos(),
        "CancelSos": sos(pb.SOS_STATE_OVER),
        "ListAlerts": listed,
        "GetAlert": alert(),
        "ListAlertSteps": alerts_pb2.ListAlertStepsResponse(steps=steps()),
        "GetWhereabouts": whereabouts(),
        "ListFences": where.ListFencesResponse(fences=[fence()]),
        "CreateFence": fence(),
        "UpdateFence": fence(),
        "DeleteFence": where.DeleteFenceResponse(),
        "ListSearches": where.ListSearchesResponse(searches=[search()], next_page_token="more"),
        "GetSearch": search(last=sighting(), battery=full()),
        "ListResidentSearches": where.ListSearchesResponse(
            searches=[search(where.SEARCH_STATE_EXPIRED)]
        ),
        **dict.fromkeys(("StartSearch", "ExtendSearch", "EndSearch"), search()),
        **dict.fromkeys(
            ("AcknowledgeAlert", "DispatchAlert", "EscalateAlert", "ResolveAlert", "CloseAlert"),
            alert(),
        ),
    }
