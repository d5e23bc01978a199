"""Where the locator was, said in words; a search begun in two steps; places set without a map."""

from __future__ import annotations

import re
from typing import Any

import grpc
import pytest
from eldercare_people import DAUGHTER, DISPATCHER, ELDER, MANAGER, NEIGHBOUR
from eldercare_samples import ID, SILENT, STALE, full, search, sighting, whereabouts
from xianban.eldercare.v1 import care_files_pb2 as files
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk.testing.pages import away

HERE = "/eldercare/whereabouts"
SOMEBODY = f"/eldercare/elders/{ELDER.id}/whereabouts"
RESIDENT = f"residents/{ELDER.id}"
OWN = (
    HERE,
    f"{HERE}/now",
    f"{HERE}/lost",
    f"{HERE}/fences",
    f"{HERE}/fences/new",
    f"{HERE}/fences/{ID}",
)
STAFF = (
    "/eldercare/searches",
    "/eldercare/searches/now",
    f"{SOMEBODY}/lost",
    f"{SOMEBODY}/fences",
    f"{SOMEBODY}/fences/new",
)
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")
FENCE = {
    "display_name": "公园",
    "source": "typed",
    "latitude": "30.92",
    "longitude": "121.45",
    "radius_m": "250",
    "start": "20:00",
    "end": "06:00",
    "active": "1",
    "version": "2",
}


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", OWN)
def test_the_elder_and_the_family_see_their_pages(
    web: Any, path: str, locale: str, profile: str
) -> None:
    for who, acting in ((ELDER, None), (DAUGHTER, ELDER)):
        web.as_(who, locale=locale, profile=profile, acting_for=acting)
        answer = web.get(path)
        assert answer.status_code == 200
        assert not INLINE.search(answer.text)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", STAFF)
def test_staff_see_theirs_and_nobody_else_does(web: Any, path: str, locale: str) -> None:
    answer = web.as_(MANAGER, locale=locale).get(path)
    assert answer.status_code == 200
    assert not INLINE.search(answer.text)
    assert web.as_(DAUGHTER).get(path).status_code == 403
    assert web.as_(None).get(path).headers["location"] == "/login"


def test_the_elder_sees_places_and_searches_and_is_offered_what_is_theirs(web: Any) -> None:
    web.caller.replies["GetWhereabouts"] = whereabouts(search=search())
    page = web.as_(ELDER).get(HERE).text
    assert "正在寻找" in page
    assert "/end" not in page
    for path in (f"{HERE}/fences", f"{HERE}/fences/{ID}"):
        page = web.get(path).text
        assert "由家人或服务站设置" in page
        assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_a_neighbourhood_worker_sees_who_is_looked_for_and_ends_nothing(web: Any) -> None:
    page = web.as_(NEIGHBOUR).get("/eldercare/searches").text
    assert "买菜没有回来" in page
    assert "/end" not in page
    assert web.get(f"{SOMEBODY}/lost").status_code == 403


def test_pages_lead_to_each_other(web: Any) -> None:
    assert f'href="{HERE}"' in web.as_(DAUGHTER, acting_for=ELDER).get("/eldercare").text
    page = web.get(HERE).text
    assert f'href="{HERE}/lost"' in page
    assert f'href="{HERE}/fences"' in page
    assert f'href="{HERE}/fences/{ID}"' in web.get(f"{HERE}/fences").text
    elder = web.as_(DISPATCHER).get(f"/eldercare/elders/{ELDER.id}").text
    assert f'href="{SOMEBODY}/lost"' in elder
    assert f'href="{SOMEBODY}/fences"' in elder
    assert 'href="/eldercare/searches"' in elder


def test_the_elders_page_says_in_one_sentence_where_the_locator_was(web: Any) -> None:
    page = web.as_(ELDER, profile="elder").get("/eldercare").text
    assert page.count("张桂芳的定位器4 分钟前") == 1
    web.caller.replies["GetWhereabouts"] = away()
    assert web.get("/eldercare").status_code == 200


def test_a_place_is_said_in_words_with_age_exactness_and_battery(web: Any) -> None:
    page = web.as_(DAUGHTER, acting_for=ELDER).get(HERE).text
    for words in (
        "范围外约 340 米",
        "北纬 30.92231",
        "约 12 米以内",
        "35%",
        "data-age",
        "按时测得",
    ):
        assert words in page
    assert 'data-radius="12"' in page
    assert 'data-map="places"' in page


@pytest.mark.parametrize("verdict", [STALE, SILENT])
def test_an_old_place_is_called_old(web: Any, verdict: Any) -> None:
    web.caller.replies["GetWhereabouts"] = whereabouts(last=sighting(verdict), battery=full(None))
    page = web.as_(ELDER).get(HERE).text
    assert "数据过旧" in page or "没有数据" in page
    assert "按时测得" not in page


def test_without_a_place_there_is_no_empty_map_and_lost_can_be_reported(web: Any) -> None:
    web.caller.replies["GetWhereabouts"] = pb.Whereabouts(sentence="还没有报过位置")
    web.caller.replies["ListFences"] = pb.ListFencesResponse()
    page = web.as_(DAUGHTER, acting_for=ELDER).get(HERE).text
    assert "data-map=" not in page
    assert f"{HERE}/lost" in page


def test_without_consent_a_running_search_is_still_seen_and_ended(web: Any) -> None:
    web.caller.replies["GetWhereabouts"] = away(
        grpc.StatusCode.PERMISSION_DENIED, "CONSENT_REQUIRED"
    )
    web.caller.replies["ListResidentSearches"] = pb.ListSearchesResponse(searches=[search()])
    page = web.as_(DAUGHTER, acting_for=ELDER).get(HERE).text
    assert 'href="/me/consents"' in page
    assert f"{HERE}/searches/{ID}/end" in page
    assert "北纬 30.92231" in page


def test_when_the_service_is_away_the_page_says_so(web: Any) -> None:
    web.caller.replies.clear()
    page = web.as_(DAUGHTER, acting_for=ELDER).get(HERE)
    assert page.status_code == 200
    assert f"{HERE}/lost" in page.text


def test_lost_is_reported_in_two_steps(web: Any) -> None:
    question = web.as_(DAUGHTER, acting_for=ELDER).get(f"{HERE}/lost").text
    assert 'href="tel:110"' in question
    assert not web.caller.was_asked("StartSearch")
    answer = web.post(f"{HERE}/lost", {"reason": "买菜没有回来", "hours": "8"})
    asked = web.caller.last("StartSearch")
    assert (asked.parent, asked.reason, asked.hours) == (RESIDENT, "买菜没有回来", 8)
    assert answer.headers["location"] == f"{HERE}?done=lost"


def test_what_is_refused_is_said_on_the_form(web: Any) -> None:
    refused = away(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
    refused.fields["reason"] = "请写明原因"
    web.caller.replies["StartSearch"] = refused
    page = web.as_(DAUGHTER, acting_for=ELDER).post(f"{HERE}/lost", {"reason": ""})
    assert page.status_code == 400
    assert 'href="#f-reason"' in page.text


def test_a_report_that_was_not_sent_is_said_in_plain_words(web: Any) -> None:
    web.caller.replies["StartSearch"] = away()
    page = web.as_(DAUGHTER, acting_for=ELDER).post(f"{HERE}/lost", {"reason": "走失"})
    assert page.status_code == 503
    assert "还没有通知任何人" in page.text
    assert 'href="tel:110"' in page.text


def test_a_running_search_shows_the_time_left_and_can_be_ended_and_extended(web: Any) -> None:
    web.caller.replies["GetWhereabouts"] = whereabouts(search=search())
    page = web.as_(DAUGHTER, acting_for=ELDER).get(HERE).text
    assert "data-until" in page
    web.post(f"{HERE}/searches/{ID}/extend", {"hours": "4"})
    assert web.caller.last("ExtendSearch").name == f"{RESIDENT}/searches/{ID}"
    answer = web.post(f"{HERE}/searches/{ID}/end")
    assert web.caller.last("EndSearch").name == f"{RESIDENT}/searches/{ID}"
    assert answer.headers["location"] == f"{HERE}?done=found"
    web.caller.replies["ExtendSearch"] = away(grpc.StatusCode.FAILED_PRECONDITION, "SEARCH_OVER")
    assert web.post(f"{HERE}/searches/{ID}/extend").status_code == 409


def test_past_searches_say_on_what_basis_the_place_was_shared(web: Any) -> None:
    page = web.as_(ELDER).get(HERE).text
    assert "个人信息保护法第十三条" in page
    assert "到期自动结束" in page


def test_staff_report_and_end_for_an_elder_of_their_area(web: Any) -> None:
    answer = web.as_(DISPATCHER).post(f"{SOMEBODY}/lost", {"reason": "家属来电"})
    assert answer.headers["location"] == "/eldercare/searches"
    assert web.caller.last("StartSearch").parent == RESIDENT
    answer = web.post(f"{SOMEBODY}/searches/{ID}/end")
    assert answer.headers["location"] == "/eldercare/searches?done=found"


def test_each_position_on_the_board_is_asked_for_by_itself(web: Any) -> None:
    page = web.as_(DISPATCHER).get("/eldercare/searches").text
    assert web.caller.last("GetSearch").name == f"{RESIDENT}/searches/{ID}"
    assert 'data-map="searches"' in page
    assert "北纬 30.92231" in page
    web.caller.replies["GetSearch"] = away(grpc.StatusCode.NOT_FOUND, "SEARCH_NOT_FOUND")
    assert "现在没有正在寻找的人" in web.get("/eldercare/searches/now").text


def test_a_part_that_has_nothing_new_is_not_read_out_again(web: Any) -> None:
    page = web.as_(ELDER).get(HERE).text
    [again] = re.findall(r'hx-get="([^"]+seen=[^"]+)"', page)
    assert web.get(again).status_code == 204
    web.caller.replies["GetWhereabouts"] = whereabouts(search=search())
    assert web.get(again).status_code == 200


def test_a_place_is_set_by_typed_degrees(web: Any) -> None:
    answer = web.as_(DAUGHTER, acting_for=ELDER).post(f"{HERE}/fences/new", FENCE)
    made = web.caller.last("CreateFence").fence
    assert (made.display_name, made.radius_m, made.active) == ("公园", 250, True)
    assert (made.center.latitude, made.center.longitude) == (30.92, 121.45)
    assert (made.start_minute, made.end_minute) == (1200, 360)
    assert answer.headers["location"] == f"{HERE}/fences?done=saved"


@pytest.mark.parametrize(("source", "latitude"), [("present", 30.92231), ("home", 30.9183)])
def test_or_by_where_the_locator_or_the_home_is(web: Any, source: str, latitude: float) -> None:
    web.as_(DAUGHTER, acting_for=ELDER).post(f"{HERE}/fences/{ID}", FENCE | {"source": source})
    changed = web.caller.last("UpdateFence").fence
    assert changed.center.latitude == latitude
    assert (changed.name, changed.version) == (f"{RESIDENT}/fences/{ID}", 2)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"latitude": "north"}, "latitude"),
        ({"longitude": "nan"}, "longitude"),
        ({"longitude": "181"}, "longitude"),
        ({"start": "25:00"}, "start"),
        ({"end": "soon"}, "end"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(web: Any, typed: Any, field: str) -> None:
    web.as_(DAUGHTER, acting_for=ELDER)
    page = web.post(f"{HERE}/fences/new", FENCE | typed)
    assert page.status_code == 400
    assert f'href="#f-{field}"' in page.text
    assert "公园" in page.text
    assert not web.caller.was_asked("CreateFence")


def test_without_a_home_or_a_place_another_way_is_asked_for(web: Any) -> None:
    web.caller.replies["GetCareFile"] = files.CareFile()
    web.caller.replies["GetWhereabouts"] = pb.Whereabouts()
    web.as_(DAUGHTER, acting_for=ELDER)
    for source in ("home", "present"):
        page = web.post(f"{HERE}/fences/new", FENCE | {"source": source})
        assert 'href="#f-source"' in page.text


@pytest.mark.parametrize("verdict", [STALE, SILENT])
def test_an_old_place_is_not_taken_for_where_the_locator_is_now(web: Any, verdict: Any) -> None:
    web.caller.replies["GetWhereabouts"] = whereabouts(last=sighting(verdict))
    web.as_(DAUGHTER, acting_for=ELDER)
    page = web.post(f"{HERE}/fences/new", FENCE | {"source": "present"})
    assert page.status_code == 400
    assert "已经过时" in page.text
    assert not web.caller.was_asked("CreateFence")


def test_what_the_service_refuses_stands_beside_its_field(web: Any) -> None:
    fields = {"fence.radius_m": "50 到 5000", "fence.center.latitude": "不对"}
    web.caller.replies["CreateFence"] = away(
        grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID", **fields
    )
    page = web.as_(DAUGHTER, acting_for=ELDER).post(f"{HERE}/fences/new", FENCE)
    assert 'href="#f-radius_m"' in page.text
    assert 'href="#f-latitude"' in page.text


def test_staff_are_not_offered_where_somebody_is_now(web: Any) -> None:
    page = web.as_(MANAGER).get(f"{SOMEBODY}/fences/new").text
    assert 'value="present"' not in page
    web.post(f"{SOMEBODY}/fences/new", FENCE | {"source": "present"})
    assert not web.caller.was_asked("GetWhereabouts")


def test_a_place_that_is_gone_is_not_found(web: Any) -> None:
    assert web.as_(ELDER).get(f"{HERE}/fences/{'0' * 26}").status_code == 404


def test_a_place_is_taken_out_and_twice_is_once(web: Any) -> None:
    web.as_(DAUGHTER, acting_for=ELDER).get(f"{HERE}/fences")
    for _ in range(2):
        answer = web.post(f"{HERE}/fences/{ID}/remove")
        assert answer.headers["location"] == f"{HERE}/fences?done=removed"
        web.caller.replies["DeleteFence"] = away(grpc.StatusCode.NOT_FOUND, "FENCE_NOT_FOUND")


@pytest.mark.parametrize("occasion", ["started", "extended", "ended", "expired"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_message_of_a_search_has_words(elder_pages: Any, occasion: str, locale: str) -> None:
    told = {"subject": "张桂芳", "by": "李晓梅", "until": "11-28 20:00"}
    for key in (
        f"message-eldercare-search-{occasion}",
        f"message-eldercare-search-{occasion}-title",
    ):
        assert elder_pages.has_text("eldercare", locale, key)
        assert "{" not in elder_pages.text("eldercare", locale, key, **told)
