"""The portal's own pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from xianban.common.v1 import audit_pb2
from xianban.identity.v1 import identity_pb2 as identity
from xianban_portal.health import Condition
from xianban_sdk.demo import person_id
from xianban_sdk.web import CallError, Site, TileLine

DAUGHTER, ELDER = person_id("daughter"), person_id("elder")
BROKEN = CallError(grpc.StatusCode.UNAVAILABLE, "AWAY", "away", "parking")


async def _line(_request: Any) -> TileLine:
    return TileLine("空位 37 个", "ok")


async def _away(_request: Any) -> TileLine:
    raise BROKEN


async def _fault(_request: Any) -> TileLine:
    raise RuntimeError("a bug in one domain")


def _site(tile: Any) -> Site:
    return Site(
        name="parking",
        package="xianban_portal",
        texts="xianban_portal",
        title="scope-parking",
        home="/parking",
        tile=tile,
        service="parking",
    )


def test_anybody_sees_the_home_page(portal: Any) -> None:
    answer = portal.client.get("/")
    assert answer.status_code == 200
    assert "欢迎使用贤办" in answer.text


def test_the_home_page_speaks_english_when_asked(portal: Any) -> None:
    answer = portal.client.get("/", headers={"accept-language": "en-GB,en;q=0.9"})
    assert "Welcome to Xianban" in answer.text
    assert '<html lang="en"' in answer.text


@pytest.mark.parametrize(
    ("tile", "shown"), [(_line, "空位 37 个"), (_away, "暂不可用"), (_fault, "暂不可用")]
)
def test_a_tile_tells_the_truth_and_never_costs_the_page(
    portal: Any, tile: Any, shown: str
) -> None:
    portal.client.app.state.pages.sites.append(_site(tile))
    portal.client.app.state.pages._texts["parking"] = portal.client.app.state.pages._texts["portal"]
    answer = portal.client.get("/")
    assert answer.status_code == 200
    assert shown in answer.text


def test_a_tile_says_since_when_its_service_is_down(portal: Any) -> None:
    portal.client.app.state.pages.sites.append(_site(_line))
    portal.client.app.state.pages._texts["parking"] = portal.client.app.state.pages._texts["portal"]
    since = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    portal.parts.monitor.conditions["parking"] = Condition(False, "UNAVAILABLE", since)
    assert "暂不可用（09:30 起）" in portal.client.get("/").text


def test_choices_of_language_profile_and_size_are_remembered(portal: Any) -> None:
    asked = "/preferences?locale=en&profile=elder&size=24&next=/about"
    answer = portal.client.get(asked)
    assert answer.headers["location"] == "/about"
    page = portal.client.get("/about").text
    assert '<html lang="en" data-profile="elder" data-text="24">' in page
    assert "elder.css" in page


def test_preferences_lead_nowhere_else(portal: Any) -> None:
    answer = portal.client.get("/preferences?locale=en&next=https://evil.test/")
    assert answer.headers["location"] == "/"


def test_the_policy_allows_nothing_inline_and_nothing_foreign(portal: Any) -> None:
    answer = portal.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert " onclick=" not in answer.text


def test_an_unknown_page_is_a_page(portal: Any) -> None:
    answer = portal.client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到" in answer.text


def test_my_pages_ask_for_a_log_in_and_come_back(portal: Any) -> None:
    answer = portal.client.get("/me/accesses?service=parking")
    assert answer.headers["location"] == "/login?next=/me/accesses%3Fservice%3Dparking"


def test_a_form_without_its_token_is_refused(portal: Any) -> None:
    portal.log_in()
    assert portal.client.post("/logout", data={"csrf": "0" * 64}).status_code == 403
    assert portal.client.post("/logout").status_code == 403
    assert portal.client.get("/me").status_code == 200


def test_a_form_that_another_site_sent_is_refused(portal: Any) -> None:
    portal.log_in()
    headers = {"origin": "https://evil.test"}
    answer = portal.client.post("/logout", data={"csrf": portal.csrf}, headers=headers)
    assert answer.status_code == 403
    headers = {"sec-fetch-site": "cross-site"}
    answer = portal.client.post("/logout", data={"csrf": portal.csrf}, headers=headers)
    assert answer.status_code == 403


def test_a_huge_form_is_refused(portal: Any) -> None:
    portal.log_in()
    assert portal.client.post("/logout", content=b"a" * 1_100_000).status_code == 413


def _subjects() -> identity.ListActingForResponse:
    one = identity.ActingFor(subject=ELDER, subject_display="李奶奶", kind=2, scopes=["parking"])
    return identity.ListActingForResponse(subjects=[one])


def test_acting_for_another_is_shown_on_every_page(portal: Any) -> None:
    portal.caller.replies["ListActingFor"] = _subjects()
    portal.log_in()
    assert "代 李奶奶 办理" in portal.client.get("/acting-for").text
    portal.post("/acting-for", subject=ELDER)
    assert "您正在代 李奶奶 办理" in portal.client.get("/about").text
    portal.post("/acting-for/end")
    assert "您正在代" not in portal.client.get("/about").text


def test_nobody_acts_for_a_person_whom_identity_does_not_name(portal: Any) -> None:
    portal.caller.replies["ListActingFor"] = identity.ListActingForResponse()
    portal.log_in()
    portal.post("/acting-for", subject=ELDER)
    assert "您正在代" not in portal.client.get("/about").text


def test_when_a_delegation_is_gone_the_portal_goes_back_to_the_person(portal: Any) -> None:
    portal.caller.replies["ListActingFor"] = _subjects()
    portal.log_in()
    portal.post("/acting-for", subject=ELDER)
    portal.caller.replies["ListActingFor"] = identity.ListActingForResponse()
    gone = CallError(grpc.StatusCode.NOT_FOUND, "RESIDENT_NOT_FOUND", "", "parking")
    portal.caller.replies["ListAccesses"] = gone
    assert portal.client.get("/me/accesses").headers["location"] == "/acting-for?ended=1"
    assert "您正在代" not in portal.client.get("/about").text


def test_a_delegation_that_does_not_reach_so_far_is_kept(portal: Any) -> None:
    portal.caller.replies["ListActingFor"] = _subjects()
    portal.log_in()
    portal.post("/acting-for", subject=ELDER)
    not_this = CallError(grpc.StatusCode.NOT_FOUND, "RESIDENT_NOT_FOUND", "", "parking")
    portal.caller.replies["ListAccesses"] = not_this
    answer = portal.client.get("/me/accesses")
    assert answer.status_code == 403
    assert "李奶奶 没有授权您办理这一事项" in answer.text
    assert "您正在代" in portal.client.get("/about").text


def _accesses(_message: Any) -> audit_pb2.ListAccessesResponse:
    mine = audit_pb2.AccessRecord(
        service="identity", action="GetPerson", actor=DAUGHTER, basis="self", outcome="allowed"
    )
    other = audit_pb2.AccessRecord(
        service="identity",
        action="SomethingNew",
        actor="p2",
        actor_display="张三",
        basis="role:auditor",
        outcome="PERMISSION_DENIED",
    )
    mine.occur_time.FromDatetime(datetime(2026, 11, 23, tzinfo=UTC))
    other.occur_time.FromDatetime(datetime(2026, 11, 22, tzinfo=UTC))
    return audit_pb2.ListAccessesResponse(accesses=[mine, other])


def test_who_looked_at_my_data_names_the_services_that_are_away(portal: Any) -> None:
    portal.caller.replies["identity.ListAccesses"] = _accesses
    portal.log_in()
    page = portal.client.get("/me/accesses").text
    assert "本人" in page
    assert "张三" in page
    assert "工作职责 (auditor)" in page
    assert "已拒绝" in page
    assert "notify”现在无法响应" in page or "消息”现在无法响应" in page


def _disclosures(_message: Any) -> audit_pb2.ListAccessesResponse:
    told = audit_pb2.DisclosureRecord(
        service="parking",
        plugin="parking-acme-pay",
        vendor="Acme",
        purpose="parking.payment",
        purpose_display="停车费支付",
        basis="request",
        calls=3,
    )
    left_out = audit_pb2.AccessRecord(
        service="parking",
        action="Disclose",
        actor="plugin:parking-rights",
        basis="parking.concession",
        outcome="CONSENT_REQUIRED",
    )
    return audit_pb2.ListAccessesResponse(accesses=[left_out], disclosures=[told])


def test_what_vendors_programs_were_told_and_what_they_were_not_told_is_shown(portal: Any) -> None:
    portal.caller.replies["parking.ListAccesses"] = _disclosures
    portal.log_in()
    page = portal.client.get("/me/accesses").text
    for words in ("parking-acme-pay", "Acme", "停车费支付", "您本人的要求"):
        assert words in page
    assert "插件“parking-rights”" in page
    assert "用于“parking.concession”，未提供" in page


def test_a_call_that_needs_a_stronger_log_in_comes_back_to_the_same_page(portal: Any) -> None:
    portal.log_in()
    details = {"acr_values": "2"}
    code = grpc.StatusCode.UNAUTHENTICATED
    portal.caller.replies["ListAccesses"] = CallError(
        code, "STEP_UP_REQUIRED", "", "identity", details=details
    )
    answer = portal.client.get("/me/accesses")
    assert answer.headers["location"] == "/login?acr=2&next=/me/accesses"


def test_while_identity_is_away_the_log_in_says_so(portal: Any) -> None:
    portal.issuer.away = True
    answer = portal.client.get("/login")
    assert answer.status_code == 503
    assert "服务暂不可用" in answer.text
    assert portal.client.get("/").status_code == 200


def test_health_names_what_is_missing(portal: Any) -> None:
    assert portal.client.get("/healthz").status_code == 200
    portal.parts.monitor.services.append("parking")
    answer = portal.client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["components"]["parking"]["status"] == "unavailable"
    assert answer.json()["components"]["portal"] == {"status": "ready"}


def test_health_names_a_worker_and_when_it_was_last_at_work(portal: Any) -> None:
    monitor = portal.parts.monitor
    monitor.workers.append("notify")
    answer = portal.client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["components"]["worker-notify"]["status"] == "unavailable"
    assert "lastReady" not in answer.json()["components"]["worker-notify"]
    monitor._note("worker-notify", "")
    monitor._note("worker-notify", "no delivery worker is at work")
    shown = portal.client.get("/healthz").json()["components"]["worker-notify"]
    assert shown["status"] == "unavailable"
    assert shown["lastReady"] <= shown["since"]


def test_an_htmx_request_is_sent_to_log_in_as_a_whole_page(portal: Any) -> None:
    answer = portal.client.get("/me", headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/login?next=/me"


@pytest.mark.parametrize("path", ["/", "/about", "/me", "/acting-for", "/nowhere"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("profile", ["standard", "elder"])
def test_every_page_has_all_its_texts(portal: Any, path: str, locale: str, profile: str) -> None:
    portal.caller.replies["ListActingFor"] = _subjects()
    portal.log_in()
    portal.client.get(f"/preferences?locale={locale}&profile={profile}")
    page = portal.client.get(path).text
    assert f'lang="{locale}"' in page
    assert "{ $" not in page
