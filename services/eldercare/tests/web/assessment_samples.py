"""Answers of an elder care service about assessments: one completed, one under way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from eldercare_samples import ELDER, stamp
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban.eldercare.v1 import care_files_pb2 as files
from xianban.eldercare.v1 import eligibility_pb2

DONE, DRAFT = "01KDVHX800DEM0000000000071", "01KDVHX800DEM0000000000072"
MONTH = 30 * 24 * 60


def on(year: int, month: int, day: int) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime(year, month, day, 1, tzinfo=UTC))
    return made


def rules() -> pb.AssessmentRules:
    option, item = pb.AssessmentOption, pb.AssessmentItem
    walking = item(
        item="walking",
        title="平地行走",
        maximum=2,
        options=[
            option(points=2, text="自己走"),
            option(points=1, text="要人搀扶"),
            option(points=0, text="不能走"),
        ],
    )
    stairs = item(
        item="stairs",
        title="上下楼梯",
        maximum=1,
        options=[option(points=1, text="自己上下"), option(points=0, text="上下不了")],
    )
    memory = item(
        item="memory",
        title="记忆",
        maximum=1,
        options=[option(points=1, text="都记得"), option(points=0, text="记不住")],
    )
    movement = pb.AssessmentDomain(
        domain="movement", title="基础运动能力", maximum=3, items=[walking, stairs]
    )
    mind = pb.AssessmentDomain(domain="mind", title="精神状态", maximum=1, items=[memory])
    return pb.AssessmentRules(
        name="assessmentRules/gbt-test",
        title="测试",
        effective_from="2022-12-30",
        domains=[movement, mind],
        diagnoses=[pb.AssessmentTerm(key="F00", title="阿尔茨海默病性痴呆")],
        risk_kinds=[pb.AssessmentTerm(key="fall", title="跌倒")],
        renew_after_months=12,
        risk_days=30,
    )


def outcome() -> pb.AssessmentOutcome:
    walked = pb.ItemScore(item="walking", title="平地行走", points=1, maximum=2, answer="要人搀扶")
    moved = pb.DomainScore(
        domain="movement", title="基础运动能力", points=28, maximum=32, items=[walked]
    )
    return pb.AssessmentOutcome(
        domains=[moved],
        total=84,
        maximum=90,
        level_before=files.CARE_LEVEL_MILD,
        adjustments=[
            pb.LevelAdjustment(
                adjustment="dementia",
                text="确诊痴呆,加重一级",
                care_level=files.CARE_LEVEL_MODERATE,
                moved=True,
            ),
            pb.LevelAdjustment(
                adjustment="care-risk",
                text="两次照护风险事件",
                care_level=files.CARE_LEVEL_MODERATE,
            ),
        ],
        care_level=files.CARE_LEVEL_MODERATE,
        sentence="总分 84(满分 90),按分数为轻度失能,调整后为中度失能。",
        rules="assessmentRules/gbt-test",
    )


def assessment(id_: str = DONE, **more: Any) -> pb.Assessment:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/assessments/{id_}",
        "display_name": "张桂芳",
        "state": pb.ASSESSMENT_STATE_COMPLETED,
        "rules": "assessmentRules/gbt-test",
        "basics": pb.AssessmentBasics(
            reason=pb.ASSESSMENT_REASON_FIRST,
            place="老人家中",
            assessors=["沈玉兰", "顾永明"],
            informant=pb.Informant(display_name="李晓梅", relation="女儿"),
        ),
        "care_level": files.CARE_LEVEL_MODERATE,
        "outcome": outcome(),
        "create_time": on(2024, 3, 15),
        "complete_time": on(2024, 3, 15),
        "due_time": on(2025, 3, 15),
        "version": 7,
    }
    return pb.Assessment(**(facts | more))


def draft(**more: Any) -> pb.Assessment:
    made = assessment(
        DRAFT,
        state=pb.ASSESSMENT_STATE_DRAFT,
        care_level=files.CARE_LEVEL_UNSPECIFIED,
        answers=[pb.AssessmentAnswer(item="walking", points=1)],
        **more,
    )
    for name in ("complete_time", "due_time"):
        made.ClearField(name)
    if "outcome" not in more:
        made.ClearField("outcome")
    return made


def eligible() -> eligibility_pb2.Eligibility:
    scales = eligibility_pb2
    known = scales.KnownLevel
    return scales.Eligibility(
        name=f"{ELDER}/eligibility",
        date="2026-11-28",
        levels=[
            known(scale=scales.LEVEL_SCALE_GBT_42195, level=3, title="中度失能", source="本区"),
            known(
                scale=scales.LEVEL_SCALE_SH_UNIFIED,
                level=3,
                title="照护三级",
                source="某机构",
                outdated=True,
            ),
        ],
        benefits=[
            scales.Benefit(
                benefit="sh-ltci-home",
                title="社区居家照护",
                eligible=True,
                explanation="可以享受。",
                hours_per_week=3,
                visits_per_week=3,
                paid_percent=90,
                conditions=["年满 60 周岁"],
                rules="eligibility-test",
                source="办法第十四条",
            ),
            scales.Benefit(benefit="other", title="其他", explanation="不在范围内。"),
        ],
    )


def elders() -> list[pb.ElderToAssess]:
    one = pb.ElderToAssess
    level = files.CARE_LEVEL_MILD
    return [
        one(resident=ELDER, display_name="张桂芳", area="310120/nanqiao",
            draft=f"{ELDER}/assessments/{DRAFT}"),
        one(resident=ELDER, display_name="王建国", area="310120/elsewhere"),
        one(resident=ELDER, display_name="李秀英", care_level=level,
            level_time=stamp(-13 * MONTH), level_due_time=stamp(-MONTH)),
        one(resident=ELDER, display_name="陈阿妹", care_level=level,
            level_time=stamp(-MONTH), level_due_time=stamp(11 * MONTH)),
    ]  # fmt: skip


def assessment_replies() -> dict[str, Any]:
    """RPC → answer."""
    listed = [assessment(), assessment("0" * 26, replaced_by=f"{ELDER}/assessments/{DONE}")]
    return {
        "ListEldersToAssess": pb.ListEldersToAssessResponse(
            elders=elders(), next_page_token="more"
        ),
        "ListAssessments": pb.ListAssessmentsResponse(
            assessments=listed, display_name="张桂芳", next_page_token="more"
        ),
        "GetAssessment": assessment(),
        "GetAssessmentRules": rules(),
        "CreateAssessment": draft(),
        "SaveAssessment": draft(),
        "CompleteAssessment": assessment(),
        "DeleteAssessment": pb.DeleteAssessmentResponse(),
        "GetEligibility": eligible(),
        "UpdateOfficialLevel": eligibility_pb2.OfficialLevel(),
    }
