"""The pages of assessments: for assessors, for the elder's side, and for the station."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from assessment_samples import DONE, DRAFT, assessment, draft, eligible, outcome
from eldercare_people import ASSESSOR, DAUGHTER, DISPATCHER, ELDER, MANAGER
from eldercare_samples import care_file, stamp
from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban.eldercare.v1 import eligibility_pb2
from xianban_sdk.testing.pages import away

RESIDENT = f"residents/{ELDER.id}"
INVALID = grpc.StatusCode.INVALID_ARGUMENT
CONFLICT = grpc.StatusCode.FAILED_PRECONDITION
OWN = ("/eldercare/assessments", f"/eldercare/assessments/{DONE}")
CASE = f"/eldercare/assess/{ELDER.id}/{DRAFT}"
ASSESSORS = ("/eldercare/assess", f"/eldercare/assess/{ELDER.id}", CASE)
STEPS = (f"{CASE}/movement", f"{CASE}/mind", f"{CASE}/facts")
STATION = f"/eldercare/elders/{ELDER.id}/assessments"
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")
POINTS = re.compile(r"\d+ (/|of) \d+ 分|points")


@pytest.fixture
def drafting(web: Any) -> Any:
    web.caller.replies["GetAssessment"] = draft()
    return web.as_(ASSESSOR)


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", [*OWN, "/eldercare/assessments?page_token=x"])
def test_an_elder_sees_their_results(web: Any, path: str, locale: str, profile: str) -> None:
    answer = web.as_(ELDER, locale=locale, profile=profile).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", [*ASSESSORS, *STEPS, "/eldercare/assess?all=1&q=张"])
def test_assessors_see_theirs(web: Any, path: str, locale: str) -> None:
    web.caller.replies["GetAssessment"] = draft()
    answer = web.as_(ASSESSOR, locale=locale).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)


@pytest.mark.parametrize("path", [*ASSESSORS, *STEPS])
@pytest.mark.parametrize("who", [ELDER, DAUGHTER, DISPATCHER, MANAGER])
def test_nobody_else_does(web: Any, path: str, who: Any) -> None:
    assert web.as_(who).get(path).status_code == 403


@pytest.mark.parametrize("path", [*OWN, *ASSESSORS, *STEPS, STATION])
def test_every_page_asks_a_visitor_to_log_in(web: Any, path: str) -> None:
    assert web.as_(None).get(path).headers["location"] == "/login"


class TestTheAssessorsList:
    def test_says_of_each_elder_how_it_stands(self, web: Any):
        page = web.as_(ASSESSOR).get("/eldercare/assess").text
        for words in ("评估进行中", "从未评估", "已过期", "有效"):
            assert words in page
        assert web.caller.last("ListEldersToAssess").due

    def test_shows_everybody_when_asked(self, web: Any):
        web.as_(ASSESSOR).get("/eldercare/assess?all=1")
        assert not web.caller.last("ListEldersToAssess").due

    def test_is_linked_for_assessors_only(self, web: Any):
        assert 'href="/eldercare/assess"' in web.as_(ASSESSOR).get("/eldercare/assessments").text
        assert 'href="/eldercare/assess"' not in web.as_(ELDER).get("/eldercare/assessments").text


class TestBeginning:
    FORM: dict[str, Any] = {  # noqa: RUF012
        "reason": "2", "place": "老人家中", "assessor": ["沈玉兰", "顾永明", ""],
        "informant": "李晓梅", "relation": "女儿",
    }  # fmt: skip

    def test_asks_for_what_was_typed_and_leads_to_the_steps(self, web: Any):
        answer = web.as_(ASSESSOR).post(f"/eldercare/assess/{ELDER.id}", self.FORM)
        asked = web.caller.last("CreateAssessment")
        assert answer.headers["location"] == CASE
        assert (asked.parent, asked.request_id, asked.replaces) == (RESIDENT, "r" * 12, "")
        assert list(asked.basics.assessors) == ["沈玉兰", "顾永明"]
        assert asked.basics.reason == pb.ASSESSMENT_REASON_CONTINUED

    def test_a_correction_names_the_assessment_that_counts(self, web: Any):
        page = web.as_(ASSESSOR).get(f"/eldercare/assess/{ELDER.id}").text
        name = f"{RESIDENT}/assessments/{DONE}"
        assert f'value="{name}"' in page
        web.post(f"/eldercare/assess/{ELDER.id}", self.FORM | {"replaces": name})
        assert web.caller.last("CreateAssessment").replaces == name

    def test_a_refusal_is_said_at_its_field_and_nothing_typed_is_lost(self, web: Any):
        fields = {"basics.assessors": "太少", "basics.place": "没有地点"}
        web.caller.replies["CreateAssessment"] = away(INVALID, "REQUEST_INVALID", **fields)
        answer = web.as_(ASSESSOR).post(f"/eldercare/assess/{ELDER.id}", self.FORM)
        assert answer.status_code == 400
        assert 'href="#f-assessor-1"' in answer.text
        assert 'href="#f-place"' in answer.text
        assert 'value="顾永明"' in answer.text

    def test_while_one_is_under_way_the_page_leads_there(self, web: Any):
        web.caller.replies["ListAssessments"] = pb.ListAssessmentsResponse(
            assessments=[draft(), assessment()], display_name="张桂芳"
        )
        page = web.as_(ASSESSOR).get(f"/eldercare/assess/{ELDER.id}").text
        assert f'href="{CASE}"' in page
        assert 'name="assessor"' not in page


class TestAStep:
    def test_shows_what_was_answered_and_no_points(self, drafting: Any):
        page = drafting.get(STEPS[0]).text
        assert 'name="walking" value="1" checked' in page
        assert 'name="stairs"' in page
        assert "已填 1 / 4" in page
        assert not POINTS.search(page)

    def test_keeps_its_own_answers_only_and_goes_on(self, drafting: Any):
        given = {"walking": "2", "stairs": "0", "memory": "1"}
        answer = drafting.post(STEPS[0], given)
        asked = drafting.caller.last("SaveAssessment")
        assert [(one.item, one.points) for one in asked.answers] == [("walking", 2), ("stairs", 0)]
        assert not asked.HasField("facts")
        assert answer.headers["location"] == STEPS[1]

    def test_half_a_step_can_be_kept(self, drafting: Any):
        drafting.post(STEPS[0], {"stairs": "1"})
        assert [one.item for one in drafting.caller.last("SaveAssessment").answers] == ["stairs"]

    def test_a_wrong_answer_is_said_at_its_item(self, drafting: Any):
        fields = {"answers.walking": "没有这个选项"}
        drafting.caller.replies["SaveAssessment"] = away(INVALID, "ANSWERS_WRONG", **fields)
        answer = drafting.post(STEPS[0], {"walking": "9", "stairs": "1"})
        assert answer.status_code == 400
        assert 'href="#f-walking"' in answer.text
        assert 'name="stairs" value="1" checked' in answer.text

    def test_the_last_step_takes_diagnoses_and_counts_also_when_there_are_none(self, drafting: Any):
        typed = {"diagnosis": ["F00"], "other": "f32.1、F41", "count-fall": "2"}
        answer = drafting.post(STEPS[2], typed)
        facts = drafting.caller.last("SaveAssessment").facts
        assert list(facts.diagnoses) == ["F00", "F32.1", "F41"]
        assert [(one.kind, one.count) for one in facts.risk_events] == [("fall", 2)]
        assert answer.headers["location"] == CASE
        drafting.post(STEPS[2], {"other": "", "count-fall": "0"})
        asked = drafting.caller.last("SaveAssessment")
        assert asked.HasField("facts")
        assert not asked.facts.diagnoses

    def test_a_code_that_is_none_is_said_at_its_field(self, drafting: Any):
        fields = {"facts.diagnoses[1]": "不是编码"}
        drafting.caller.replies["SaveAssessment"] = away(INVALID, "REQUEST_INVALID", **fields)
        answer = drafting.post(STEPS[2], {"other": "痴呆"})
        assert 'href="#f-other"' in answer.text
        assert 'value="痴呆"' in answer.text

    def test_an_unknown_step_is_nothing(self, drafting: Any):
        assert drafting.get(f"{CASE}/weather").status_code == 404

    def test_of_a_completed_assessment_leads_to_its_result(self, web: Any):
        web.as_(ASSESSOR)
        answer = web.get(f"/eldercare/assess/{ELDER.id}/{DONE}/movement")
        assert answer.headers["location"] == f"/eldercare/assess/{ELDER.id}/{DONE}"


class TestTheConfirmation:
    def test_names_what_is_missing_and_does_not_offer_to_complete(self, drafting: Any):
        page = drafting.get(CASE).text
        assert "还缺：上下楼梯" in page
        assert f"{CASE}/complete" not in page

    def test_explains_the_result_before_it_is_final(self, drafting: Any):
        drafting.caller.replies["GetAssessment"] = draft(outcome=outcome())
        page = drafting.get(CASE).text
        assert "按分数为轻度失能" in page
        assert "调整为中度失能" in page
        assert "已按上一项调整，不再重复" in page
        assert f'action="{CASE}/complete"' in page

    def test_completes_the_version_that_was_seen(self, drafting: Any):
        answer = drafting.post(f"{CASE}/complete", {"version": "7"})
        assert drafting.caller.last("CompleteAssessment").version == 7
        assert answer.headers["location"].endswith(f"{DONE}?done=completed")

    @pytest.mark.parametrize("deed", ["complete", "discard"])
    def test_a_refusal_is_said_on_the_page(self, drafting: Any, deed: str):
        rpc = {"complete": "CompleteAssessment", "discard": "DeleteAssessment"}[deed]
        drafting.caller.replies[rpc] = away(CONFLICT, "ASSESSMENT_CHANGED")
        answer = drafting.post(f"{CASE}/{deed}", {"version": "7"})
        assert answer.status_code == 409
        assert "says why" in answer.text

    def test_a_draft_that_is_thrown_away_leads_back_to_the_list(self, drafting: Any):
        answer = drafting.post(f"{CASE}/discard")
        assert answer.headers["location"] == "/eldercare/assess"


class TestMyAssessments:
    def test_the_level_is_one_sentence_with_bars_and_numbers_and_reasons(self, web: Any):
        page = web.as_(ELDER).get("/eldercare/assessments").text
        assert "调整后为中度失能" in page
        assert '<progress max="32" value="28"' in page
        assert "28 / 32 分" in page
        assert "确诊痴呆" in page

    def test_a_level_of_long_ago_is_said_to_be_old(self, web: Any):
        assert "评估已超过 12 个月" in web.as_(ELDER).get("/eldercare/assessments").text
        fresh = assessment(due_time=stamp(60))
        web.caller.replies["ListAssessments"] = pb.ListAssessmentsResponse(assessments=[fresh])
        assert "评估已超过" not in web.get("/eldercare/assessments").text

    def test_what_was_corrected_is_listed_and_does_not_count(self, web: Any):
        old = assessment("0" * 26, replaced_by=f"{RESIDENT}/assessments/{DONE}")
        web.caller.replies["ListAssessments"] = pb.ListAssessmentsResponse(
            assessments=[old, assessment()]
        )
        page = web.as_(ELDER).get("/eldercare/assessments").text
        assert "已被更正" in page
        assert web.caller.last("GetAssessment").name.endswith(DONE)
        web.caller.replies["GetAssessment"] = old
        page = web.get(f"/eldercare/assessments/{'0' * 26}").text
        assert f'href="/eldercare/assessments/{DONE}"' in page

    def test_what_it_gives_says_by_which_rules_and_what_is_not_checked(self, web: Any):
        page = web.as_(ELDER).get("/eldercare/assessments").text
        for words in (
            "3 小时",
            "90%",
            "年满 60 周岁",
            "办法第十四条",
            "不在有效期内",
            "暂不能享受",
        ):
            assert words in page

    def test_without_a_file_the_page_says_so(self, web: Any):
        missing = away(grpc.StatusCode.NOT_FOUND, "CARE_FILE_NOT_FOUND")
        web.caller.replies |= {"ListAssessments": missing, "GetEligibility": missing}
        answer = web.as_(ELDER).get("/eldercare/assessments")
        assert answer.status_code == 200
        assert "还没有完成的评估" in answer.text

    def test_family_acting_for_the_elder_read_the_elders(self, web: Any):
        web.as_(DAUGHTER, acting_for=ELDER).get("/eldercare/assessments")
        assert web.caller.last("ListAssessments").parent == RESIDENT


class TestTheStation:
    FORM: dict[str, Any] = {  # noqa: RUF012
        "level": "3", "valid_from": "2026-01-01", "valid_until": "2027-12-31",
        "decided_by": "某机构", "reference": "奉评 1",
    }  # fmt: skip

    @pytest.mark.parametrize("locale", ["zh-CN", "en"])
    def test_sees_levels_and_what_they_give_but_opens_no_answers(self, web: Any, locale: str):
        page = web.as_(MANAGER, locale=locale).get(STATION)
        assert page.status_code == 200
        assert "progress" not in page.text
        assert not web.caller.was_asked("GetAssessment")

    def test_is_for_managers_only(self, web: Any):
        for who in (DAUGHTER, DISPATCHER, ASSESSOR):
            assert web.as_(who).get(STATION).status_code == 403

    def test_is_linked_from_the_elder_s_page_and_the_file(self, web: Any):
        web.as_(MANAGER)
        for path in (f"/eldercare/elders/{ELDER.id}", f"/eldercare/elders/{ELDER.id}/file"):
            assert f'href="{STATION}"' in web.get(path).text
        assert 'href="/eldercare/assessments"' in web.as_(ELDER).get("/eldercare/file").text

    def test_enters_an_official_result(self, web: Any):
        answer = web.as_(MANAGER).post(STATION, self.FORM)
        asked = web.caller.last("UpdateOfficialLevel").official_level
        assert (asked.name, asked.level) == (f"{RESIDENT}/officialLevel", 3)
        assert answer.headers["location"] == f"{STATION}?done=entered"

    def test_a_refusal_is_said_at_its_field(self, web: Any):
        fields = {"official_level.valid_until": "不能早于开始"}
        web.caller.replies["UpdateOfficialLevel"] = away(INVALID, "VALIDITY_REVERSED", **fields)
        answer = web.as_(MANAGER).post(STATION, self.FORM)
        assert answer.status_code == 400
        assert 'href="#f-valid_until"' in answer.text
        assert 'value="奉评 1"' in answer.text

    def test_the_form_begins_with_what_was_entered_before(self, web: Any):
        known = eligible()
        known.official_level.CopyFrom(
            eligibility_pb2.OfficialLevel(level=4, reference="奉评 9", decided_by="某机构")
        )
        web.caller.replies["GetEligibility"] = known
        page = web.as_(MANAGER).get(STATION).text
        assert 'value="奉评 9"' in page
        assert '<option value="4" selected' in page


def test_months_are_those_of_the_calendar_on_the_wall(web: Any) -> None:
    file = care_file()
    # Assessed on 1 December in the evening; old from midnight of 1 December, in UTC November still.
    file.level_time.FromDatetime(datetime(2024, 12, 1, 10, tzinfo=UTC))
    file.level_due_time.FromDatetime(datetime(2025, 11, 30, 16, tzinfo=UTC))
    web.caller.replies["GetCareFile"] = file
    assert "评估已超过 12 个月" in web.as_(ELDER).get("/eldercare/file").text


def test_the_care_file_says_level_day_and_when_it_is_old(web: Any) -> None:
    file = care_file()
    assert "没有评估记录" in web.as_(ELDER).get("/eldercare/file").text
    file.level_time.CopyFrom(assessment().complete_time)
    file.level_due_time.CopyFrom(stamp(60))
    web.caller.replies["GetCareFile"] = file
    assert "评估已超过" not in web.get("/eldercare/file").text
    file.level_due_time.CopyFrom(assessment().due_time)
    assert "评估已超过 12 个月" in web.get("/eldercare/file").text
    assert "评估已超过 12 个月" in web.as_(MANAGER).get(f"/eldercare/elders/{ELDER.id}").text
