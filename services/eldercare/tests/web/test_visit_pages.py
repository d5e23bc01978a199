"""Pages of visits, organisations, staff and beds: who sees them, and what is asked for a deed."""

from __future__ import annotations

import re
from typing import Any

import grpc
import pytest
from eldercare_people import CARER, DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import ID
from visit_samples import visit
from xianban.eldercare.v1 import care_files_pb2 as care_files
from xianban.eldercare.v1 import organisations_pb2 as organisations
from xianban.eldercare.v1 import visit_plans_pb2 as visit_plans
from xianban.eldercare.v1 import visits_pb2 as pb
from xianban_sdk.testing.pages import away

RESIDENT = f"residents/{ELDER.id}"
VISIT = f"{RESIDENT}/visits/{ID}"
STOP = f"/eldercare/route/{ELDER.id}/{ID}"
HERE = "/eldercare/organisations/nanqiao"
OWN = ("/eldercare", "/eldercare/visits", "/eldercare/organisations")
CARERS = ("/eldercare/route", STOP)
MANAGERS = (
    f"{HERE}/roster",
    f"{HERE}/roster?week=2026-11-25",
    f"{HERE}/roster?week=nonsense",
    f"{HERE}/plan",
    f"{HERE}/plan?weekly=1&resident={RESIDENT}",
    f"{HERE}/plans",
    f"{HERE}/plans/{ELDER.id}",
    f"{HERE}/plans/{ELDER.id}/{ID}/edit",
    f"{HERE}/staff",
    f"{HERE}/staff?expiring=1",
    f"{HERE}/staff/new",
    f"{HERE}/staff/{CARER.id}",
    f"{HERE}/beds",
)
INVALID = grpc.StatusCode.INVALID_ARGUMENT
CONFLICT = grpc.StatusCode.FAILED_PRECONDITION
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        *((ELDER, path) for path in OWN),
        *((CARER, path) for path in CARERS),
        *((MANAGER, path) for path in (*MANAGERS, "/eldercare/organisations?kind=3")),
    ],
)
def test_who_may_see_a_page_sees_it_in_both_languages(
    web: Any, who: Any, path: str, locale: str
) -> None:
    for profile in ("standard", "elder"):
        answer = web.as_(who, locale=locale, profile=profile).get(path)
        assert answer.status_code == 200
        assert not INLINE.search(answer.text)


@pytest.mark.parametrize("path", [*CARERS, *MANAGERS])
def test_nobody_else_does(web: Any, path: str) -> None:
    assert web.as_(DAUGHTER).get(path).status_code == 403
    assert web.as_(DISPATCHER).get(path).status_code == 403


def test_organisations_are_for_visitors_too(web: Any) -> None:
    page = web.as_(None).get("/eldercare/organisations?area=310120/nanqiao&kind=3").text
    assert "空床 3 张，其中护理型 1 张" in page
    assert "/beds" not in page
    asked = web.caller.last("ListOrganisations")
    assert (asked.area, asked.kind) == (
        "310120/nanqiao",
        organisations.ORGANISATION_KIND_INSTITUTION,
    )


@pytest.mark.parametrize("profile", ["standard", "elder"])
def test_the_elders_page_says_who_comes_today_and_when(web: Any, profile: str) -> None:
    page = web.as_(ELDER, profile=profile).get("/eldercare").text
    assert "今日上门" in page
    assert "刘芳" in page.split('id="coming"')[1]


def test_the_page_stands_when_nobody_knows_of_visits(web: Any) -> None:
    web.caller.replies["ListVisits"] = away()
    assert web.as_(ELDER).get("/eldercare").status_code == 200


def test_the_family_sees_what_was_done_and_cancels_with_a_reason(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    assert "最近三十天" in web.get("/eldercare/visits").text
    answer = web.post(f"/eldercare/visits/{ID}/cancel", {"reason": "住院"})
    asked = web.caller.last("CancelVisit")
    assert (asked.name, asked.reason, asked.request_id) == (VISIT, "住院", "r" * 12)
    assert "已取消" in web.get(answer.headers["location"]).text


def test_the_carers_day_has_one_big_button_an_address_and_a_number_to_ring(web: Any) -> None:
    page = web.as_(CARER).get("/eldercare/route").text
    assert page.count("data-locates") == 1
    assert 'href="tel:13900000002"' in page
    assert "示例路 88 弄 6 号" in page


def test_a_check_in_says_where_and_asks_why_when_it_must(web: Any) -> None:
    web.as_(CARER)
    where = {"latitude": "30.9183", "longitude": "121.4561", "accuracy": "12"}
    answer = web.post(f"{STOP}/check-in", where)
    asked = web.caller.last("CheckInVisit")
    assert (asked.name, asked.position.latitude) == (VISIT, 30.9183)
    assert answer.headers["location"] == f"{STOP}?done=checked-in"
    web.caller.replies["CheckInVisit"] = away(INVALID, "CHECK_IN_FAR", away_reason="1300 米")
    refused = web.post(f"{STOP}/check-in", {})
    assert not web.caller.last("CheckInVisit").HasField("position")
    assert refused.status_code == 400
    assert 'name="away_reason"' in refused.text
    assert "1300 米" in refused.text


def test_a_check_out_says_what_is_done_and_loses_nothing_typed(web: Any) -> None:
    web.caller.replies["GetVisit"] = visit(pb.VISIT_STATE_CHECKED_IN)
    web.as_(CARER).post(f"{STOP}/check-out", {"done": ["0", "x"], "note": "血压计没电"})
    asked = web.caller.last("CheckOutVisit")
    assert (list(asked.done), asked.note) == ([0], "血压计没电")
    web.caller.replies["CheckOutVisit"] = away(INVALID, "NOTE_NEEDED", note="says what")
    page = web.post(f"{STOP}/check-out", {"done": ["1"]}).text
    assert "says what" in page
    assert 'value="1" checked' in page


def test_a_visit_is_planned_and_a_refusal_stands_at_its_field(web: Any) -> None:
    form = {
        "resident": RESIDENT,
        "carer": CARER.id,
        "kind": str(int(pb.VISIT_KIND_MEAL)),
        "start_time": "2026-11-25T09:00",
        "minutes": "45",
        "travel_minutes": "15",
        "tasks": "送餐\n\n看冰箱",
    }
    answer = web.as_(MANAGER).post(f"{HERE}/plan", form)
    asked = web.caller.last("PlanVisit")
    assert asked.visit.start_time.ToJsonString() == "2026-11-25T01:00:00Z"
    assert asked.visit.end_time.seconds - asked.visit.start_time.seconds == 45 * 60
    assert [one.text for one in asked.visit.tasks] == ["送餐", "看冰箱"]
    assert "week=2026-11-25" in answer.headers["location"]
    web.caller.replies["PlanVisit"] = away(
        CONFLICT, "LICENCE_NOT_VALID", **{"visit.carer": "健康证明已过期"}
    )
    refused = web.post(f"{HERE}/plan", form)
    assert refused.status_code == 409
    assert 'id="e-carer"' in refused.text
    assert "看冰箱" in refused.text


WEEKLY = {
    "resident": RESIDENT,
    "carer": CARER.id,
    "kind": str(int(pb.VISIT_KIND_MEAL)),
    "repeat": "weekly",
    "weekdays": ["1", "3", "x"],
    "last_date": "2026-12-31",
    "start_time": "2026-11-25T09:00",
    "minutes": "45",
    "travel_minutes": "15",
    "tasks": "送餐",
}


def test_every_week_on_the_chosen_days_from_the_first_visits_day_and_hour(web: Any) -> None:
    answer = web.as_(MANAGER).post(f"{HERE}/plan", WEEKLY)
    asked = web.caller.last("CreateVisitPlan")
    plan = asked.visit_plan
    assert (asked.parent, list(plan.weekdays), plan.start_time) == (RESIDENT, [1, 3], "09:00")
    assert (plan.first_date, plan.last_date) == ("2026-11-25", "2026-12-31")
    assert (plan.minutes, list(plan.tasks)) == (45, ["送餐"])
    assert "十四天" in web.get(answer.headers["location"]).text


def test_a_refused_week_stands_at_its_fields_and_nothing_typed_is_lost(web: Any) -> None:
    web.caller.replies["CreateVisitPlan"] = away(
        INVALID,
        "REQUEST_INVALID",
        **{"visit_plan.weekdays": "选一天", "visit_plan.first_date": "哪天开始"},
    )
    refused = web.as_(MANAGER).post(f"{HERE}/plan", WEEKLY)
    assert refused.status_code == 400
    assert 'id="e-weekdays"' in refused.text
    assert 'id="e-start_time"' in refused.text
    assert 'value="3" checked' in refused.text
    assert 'value="weekly" checked' in refused.text


def test_plans_say_when_and_which_days_lack_a_visit_and_why(web: Any) -> None:
    page = web.as_(MANAGER).get(f"{HERE}/plans/{ELDER.id}").text
    assert "星期一、星期三、星期五" in page
    assert "每天" in page
    assert "这位护理员已有安排" in page
    assert f"{HERE}/plans/{ELDER.id}" in web.get(f"{HERE}/plans").text
    assert f'"{HERE}/plans"' in web.get(f"{HERE}/roster").text


def test_a_plan_is_ended_with_a_reason(web: Any) -> None:
    path = f"{HERE}/plans/{ELDER.id}/{ID}/end"
    answer = web.as_(MANAGER).post(path, {"reason": "住院"})
    asked = web.caller.last("EndVisitPlan")
    assert (asked.name, asked.reason) == (f"{RESIDENT}/visitPlans/{ID}", "住院")
    assert "已结束" in web.get(answer.headers["location"]).text
    web.caller.replies["EndVisitPlan"] = away(CONFLICT, "VISIT_PLAN_ENDED")
    refused = web.post(path, {"reason": "住院"})
    assert refused.status_code == 409
    assert "says why" in refused.text


def test_a_plan_is_changed_from_a_day_on(web: Any) -> None:
    path = f"{HERE}/plans/{ELDER.id}/{ID}/edit"
    page = web.as_(MANAGER).get(path).text
    assert 'name="version" value="0"' in page
    form = {
        "version": "3",
        "from_date": "2026-12-01",
        "carer": CARER.id,
        "weekdays": ["1", "5"],
        "start_time": "15:00",
        "minutes": "30",
        "travel_minutes": "10",
        "tasks": "量血压",
        "holidays": "skip",
        "reason": "改到下午",
    }
    answer = web.post(path, form)
    asked = web.caller.last("UpdateVisitPlan")
    assert (asked.name, asked.from_date) == (f"{RESIDENT}/visitPlans/{ID}", "2026-12-01")
    assert (asked.visit_plan.start_time, asked.visit_plan.version) == ("15:00", 3)
    assert list(asked.visit_plan.weekdays) == [1, 5]
    assert asked.visit_plan.holidays == visit_plans.HOLIDAY_CHOICE_SKIP
    assert answer.headers["location"] == f"{HERE}/plans/{ELDER.id}?done=planned"
    web.caller.replies["UpdateVisitPlan"] = away(CONFLICT, "VISIT_PLAN_CHANGED")
    refused = web.post(path, form)
    assert refused.status_code == 409
    assert 'value="15:00"' in refused.text


def test_staff_are_saved_with_the_licences_that_were_typed(web: Any) -> None:
    page = web.as_(MANAGER).get(f"{HERE}/staff").text
    assert "已过期" in page
    assert "三十天内到期" in page
    form = {
        "display_name": "刘芳",
        "employ_date": "2024-01-01",
        "active": "1",
        "version": "2",
        "number-1": "健 2",
        "issue-1": "2026-11-01",
        "expire-1": "2027-11-01",
    }
    answer = web.post(f"{HERE}/staff/{CARER.id}", form)
    staff = web.caller.last("UpdateStaff").staff
    assert staff.name == f"organisations/nanqiao/staff/{CARER.id}"
    assert [(one.kind, one.number) for one in staff.licences] == [(1, "健 2")]
    assert answer.headers["location"].endswith("/staff?done=saved")
    web.caller.replies["UpdateStaff"] = away(CONFLICT, "X", **{"staff.name": "没有护理员身份"})
    new = web.post(f"{HERE}/staff/new", form | {"person": DAUGHTER.id})
    assert 'id="e-person"' in new.text


@pytest.mark.parametrize(
    ("deed", "rpc"),
    [
        ("hold", "HoldBed"),
        ("occupy", "OccupyBed"),
        ("release", "ReleaseBed"),
        ("vacate", "VacateBed"),
        ("close", "CloseBed"),
        ("open", "CloseBed"),
    ],
)
def test_a_bed_s_deeds(web: Any, deed: str, rpc: str) -> None:
    form = {"resident": RESIDENT, "hours": "48"}
    answer = web.as_(MANAGER).post(f"{HERE}/beds/101-1/{deed}", form)
    assert web.caller.last(rpc).name == "organisations/nanqiao/beds/101-1"
    assert web.get(answer.headers["location"]).status_code == 200
    web.caller.replies[rpc] = away(CONFLICT, "BED_HELD")
    refused = web.post(f"{HERE}/beds/101-1/{deed}", form)
    assert refused.status_code == 409
    assert "says why" in refused.text


def test_a_hold_that_is_posted_twice_is_one_request(web: Any) -> None:
    web.as_(MANAGER)
    asked = []
    for _ in range(2):
        web.post(f"{HERE}/beds/101-1/hold", {"resident": RESIDENT, "hours": "48"})
        asked.append(web.caller.last("HoldBed"))
    assert asked[0] == asked[1]
    assert asked[0].hours == 48


def test_an_unknown_deed_is_nothing(web: Any) -> None:
    assert web.as_(MANAGER).post(f"{HERE}/beds/101-1/burn").status_code == 404


def test_a_number_that_is_far_too_big_is_the_services_to_refuse(web: Any) -> None:
    form = WEEKLY | {"travel_minutes": "9" * 5000, "minutes": "99999999999"}
    assert web.as_(MANAGER).post(f"{HERE}/plan", form).status_code == 303
    asked = web.caller.last("CreateVisitPlan").visit_plan
    assert (asked.travel_minutes, asked.minutes) == (2**31 - 1, 24 * 60)


def paged(kind: Any, items: str, *pages: list[Any]) -> Any:
    """An RPC that answers a page at a time."""

    def answer(asked: Any) -> Any:
        at = int(asked.page_token or 0)
        more = str(at + 1) if at + 1 < len(pages) else ""
        return kind(**{items: pages[at], "next_page_token": more})

    return answer


def test_a_long_week_is_shown_to_its_end(web: Any) -> None:
    early, late = visit(carer_display="早班"), visit(carer_display="晚班")
    web.caller.replies["ListRoster"] = paged(pb.ListVisitsResponse, "visits", [early], [late])
    page = web.as_(MANAGER).get(f"{HERE}/roster").text
    assert "早班" in page
    assert "晚班" in page


def test_every_carer_can_be_sent(web: Any) -> None:
    people = [[organisations.Staff(name=f"x/{n}", display_name=n, active=True)] for n in "甲乙"]
    web.caller.replies["ListStaff"] = paged(organisations.ListStaffResponse, "staff", *people)
    page = web.as_(MANAGER).get(f"{HERE}/plan").text
    assert ">甲</option>" in page
    assert ">乙</option>" in page


@pytest.mark.parametrize(
    ("path", "rpc", "items", "kind"),
    [
        (f"{HERE}/staff", "ListStaff", "staff", organisations.ListStaffResponse),
        (f"{HERE}/beds", "ListBeds", "beds", organisations.ListBedsResponse),
        (f"{HERE}/plans", "ListCareFiles", "care_files", care_files.ListCareFilesResponse),
    ],
)
def test_a_long_list_leads_on_to_its_next_page(
    web: Any, path: str, rpc: str, items: str, kind: Any
) -> None:
    [one, *_] = getattr(web.caller.replies[rpc], items)
    web.caller.replies[rpc] = paged(kind, items, [one], [one])
    page = web.as_(MANAGER).get(path).text
    assert f'href="{path}?page_token=1"' in page
    assert f'href="{path}"' in web.get(f"{path}?page_token=1").text
    assert web.caller.last(rpc).page_token == "1"


@pytest.mark.parametrize("path", [f"{HERE}/beds", f"{HERE}/plan"])
def test_elders_who_do_not_fit_into_a_list_are_found_by_name(web: Any, path: str) -> None:
    web.caller.replies["ListCareFiles"] = care_files.ListCareFilesResponse()
    assert 'name="elder"' not in web.as_(MANAGER).get(path).text
    web.caller.replies["ListCareFiles"] = care_files.ListCareFilesResponse(next_page_token="more")
    page = web.get(f"{path}?elder=张").text
    assert web.caller.last("ListCareFiles").search == "张"
    assert "没有列出全部老人" in page
    assert 'name="elder"' in page


def test_the_elder_chosen_before_stays_chosen_whatever_the_list_holds(web: Any) -> None:
    web.caller.replies["ListCareFiles"] = care_files.ListCareFilesResponse(next_page_token="more")
    page = web.as_(MANAGER).get(f"{HERE}/plan?weekly=1&resident={RESIDENT}").text
    assert f'<option value="{RESIDENT}" selected>' in page


def test_an_employee_is_found_without_reading_all(web: Any) -> None:
    web.as_(MANAGER).get(f"{HERE}/staff/{CARER.id}")
    assert web.caller.last("GetStaff").name == f"organisations/nanqiao/staff/{CARER.id}"
    assert not web.caller.was_asked("ListStaff")
