"""Answers about visits, organisations, staff and beds."""

from __future__ import annotations

from typing import Any

from eldercare_samples import ELDER, ID, stamp
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import visit_plans_pb2 as visit_plans
from xianban.eldercare.v1 import visits_pb2 as visits
from xianban_sdk.demo import person_id

STATION = "organisations/nanqiao"


def visit(state: Any = visits.VISIT_STATE_PLANNED, minutes: float = 30, **more: Any) -> Any:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/visits/{ID}",
        "organisation": STATION,
        "carer": person_id("carer"),
        "carer_display": "刘芳",
        "kind": visits.VISIT_KIND_PERSONAL_CARE,
        "start_time": stamp(minutes),
        "end_time": stamp(minutes + 60),
        "travel_minutes": 15,
        "tasks": [visits.VisitTask(text="洗漱", done=True), visits.VisitTask(text="测血压")],
        "elder_display": "张桂芳",
        "address": "示例路 88 弄 6 号",
        "contact_display": "李晓梅 (女儿)",
        "contact_phone": "13900000002",
    }
    return visits.Visit(state=state, **(facts | more))


def visit_plan(**more: Any) -> visit_plans.VisitPlan:
    facts: dict[str, Any] = {
        "name": f"{ELDER}/visitPlans/{ID}",
        "organisation": STATION,
        "carer": person_id("carer"),
        "carer_display": "刘芳",
        "kind": visits.VISIT_KIND_MEAL,
        "weekdays": [1, 3, 5],
        "start_time": "17:00",
        "minutes": 45,
        "tasks": ["送餐到桌"],
        "first_date": "2026-11-25",
        "unmade_days": [
            visit_plans.UnmadeDay(
                date="2026-11-30", reason="CARER_BUSY", display="这位护理员已有安排"
            )
        ],
    }
    return visit_plans.VisitPlan(**(facts | more))


def organisation() -> organisations.Organisation:
    return organisations.Organisation(
        name=STATION,
        display_name="南桥敬老院",
        kind=organisations.ORGANISATION_KIND_INSTITUTION,
        area="310120/nanqiao",
        licence_number="沪奉民养备 1",
        licence_expire_date="2027-12-31",
        address="示例支路 8 号",
        phone="021-57100003",
        capacity=6,
        free_beds=3,
        free_nursing_beds=1,
    )


def staff() -> organisations.Staff:
    licence = organisations.Licence
    return organisations.Staff(
        name=f"{STATION}/staff/{person_id('carer')}",
        display_name="刘芳",
        qualification="三级",
        employ_date="2024-01-01",
        active=True,
        version=2,
        licences=[
            licence(kind=1, number="健 1", issue_date="2026-01-01", expire_date="2026-12-01",
                    expires_soon=True),
            licence(kind=2, number="护 1", issue_date="2020-01-01", expire_date="2025-01-01",
                    expired=True),
        ],
    )  # fmt: skip


def beds() -> list[organisations.Bed]:
    return [
        organisations.Bed(
            name=f"{STATION}/beds/10{state}-1",
            room=f"10{state} 室",
            kind=1 + state % 2,
            state=state,
            resident=ELDER if state in (2, 3) else "",
            resident_display="张桂芳" if state in (2, 3) else "",
            hold_expire_time=stamp(60) if state == 2 else None,
        )
        for state in (1, 2, 3, 4)
    ]


def more_replies() -> dict[str, Any]:
    """RPC → answer."""
    all_states = [
        visit(state, minutes) for state, minutes in ((1, 0), (2, 1), (3, -3000), (5, 2000))
    ]
    listed = visits.ListVisitsResponse(visits=all_states)
    return {
        "ListVisits": listed,
        "ListRoute": listed,
        "ListRoster": listed,
        **dict.fromkeys(
            ("GetVisit", "PlanVisit", "CancelVisit", "CheckInVisit", "CheckOutVisit"), visit()
        ),
        "ListVisitPlans": _plans,
        **dict.fromkeys(("CreateVisitPlan", "UpdateVisitPlan", "EndVisitPlan"), visit_plan()),
        "ListOrganisations": organisations.ListOrganisationsResponse(
            organisations=[organisation()], next_page_token="more"
        ),
        "GetOrganisation": organisation(),
        "ListStaff": organisations.ListStaffResponse(staff=[staff()]),
        **dict.fromkeys(("GetStaff", "UpdateStaff"), staff()),
        "ListBeds": organisations.ListBedsResponse(beds=beds()),
        **dict.fromkeys(
            ("HoldBed", "ReleaseBed", "OccupyBed", "VacateBed", "CloseBed"), organisations.Bed()
        ),
    }


def _plans(asked: visit_plans.ListVisitPlansRequest) -> visit_plans.ListVisitPlansResponse:
    """Two pages: who reads them all must come to an end."""
    found = [
        visit_plan(),
        visit_plan(weekdays=range(1, 8), last_date="2026-12-31", unmade_days=[]),
    ]
    more = "" if asked.page_token else "more"
    return visit_plans.ListVisitPlansResponse(visit_plans=found, next_page_token=more)
