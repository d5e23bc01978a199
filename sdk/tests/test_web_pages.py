"""The web kit's pages, texts, formats and forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xianban_sdk.testing.pages import browsing
from xianban_sdk.web import (
    CallError,
    Method,
    MissingTextError,
    NavEntry,
    Pages,
    Person,
    Site,
    Viewer,
    api,
    local_path,
    roles_only,
)
from xianban_sdk.web.formats import age, instant, yuan
from xianban_sdk.web.pages import freshness
from xianban_sdk.web.viewer import choose, preferences, remember

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SITE = Site(
    name="demo",
    package="xianban_sdk.web",
    texts="xianban_sdk.web",
    nav=[
        NavEntry("/open", "nav-home", "home"),
        NavEntry("/staff", "nav-me", "person", roles=("parking-operator",)),
    ],
)


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw}
    return Request(scope | {"scheme": "http", "server": ("portal", 80)})


def page(body: str, **context: Any) -> str:
    from jinja2 import DictLoader

    pages = Pages([SITE], strict=True)
    source = "{% extends 'page.html' %}{% block main %}" + body + "{% endblock %}"
    loader: Any = pages._environment.loader
    loader.loaders.append(DictLoader({"try.html": source}))
    return pages.render("try.html", context.pop("viewer", Viewer()), **context)


@pytest.mark.parametrize(
    ("asked", "locale"),
    [("", "zh-CN"), ("en-GB", "en"), ("fr, en;q=0.5", "en"), ("zh, en", "zh-CN"), ("ja", "zh-CN")],
)
def test_the_browsers_language_is_heard_and_chinese_is_the_default(asked: str, locale: str) -> None:
    assert preferences(request(accept_language=asked)).locale == locale


def test_choices_come_back_from_their_cookie() -> None:
    chosen = choose(Viewer(), locale="en", profile="elder", size="30")
    found = preferences(request(cookie=f"xianban_view={remember(chosen)}"))
    assert (found.locale, found.profile, found.text_size) == ("en", "elder", 30)


@pytest.mark.parametrize("cookie", ["", "..", "xx.yy.99", "en.elder.31", "a" * 4000])
def test_a_made_up_cookie_changes_nothing_dangerous(cookie: str) -> None:
    found = preferences(request(cookie=f"xianban_view={cookie}"))
    assert found.locale in ("zh-CN", "en")
    assert found.text_size in (20, 24, 30)


def test_a_missing_text_is_an_error_in_tests() -> None:
    with pytest.raises(MissingTextError):
        Pages([SITE], strict=True).text("demo", "en", "no-such-key")


def test_a_missing_text_shows_its_key_to_people_rather_than_nothing() -> None:
    assert Pages([SITE]).text("demo", "en", "no-such-key") == "no-such-key"


def test_what_people_wrote_is_never_markup() -> None:
    html = page("{{ ui.badge(name) }}{{ ui.field('n', name, value=name) }}", name='"><script>x')
    assert "<script>x" not in html


def test_staff_entries_are_shown_to_staff_only() -> None:
    operator = Viewer(person=Person("p", "n", frozenset({"parking-operator"})))
    assert "/staff" not in page("")
    assert "/staff" in page("", viewer=operator)


def test_a_refusal_is_said_in_the_form_s_names() -> None:
    fields = {
        "visit.tasks[3].text": "太长",
        "visit.end_time": "太晚",
        "parent": "没有",
        "visit.version": "已变",
        "carer": "休假",
    }
    code = grpc.StatusCode.INVALID_ARGUMENT
    told = CallError(code, "X", "says why", "eldercare", fields, {"most": "3"})
    names = {"end_time": "minutes", "parent": "resident", "visit.version": ""}
    shown = told.renamed("visit.", names=names)
    assert shown.fields == {"tasks": "太长", "minutes": "太晚", "resident": "没有", "carer": "休假"}
    assert (shown.reason, shown.message, shown.details) == ("X", "says why", {"most": "3"})
    assert told.fields == fields


@pytest.mark.parametrize(
    ("viewer", "status"),
    [
        (Viewer(person=Person("p", "n", frozenset({"carer"}))), 200),
        (Viewer(person=Person("p", "n", frozenset({"auditor"}))), 403),
        (Viewer(person=Person("p", "n")), 403),
        (Viewer(), 303),
    ],
)
def test_a_page_for_a_role_is_closed_to_others_and_asks_nobody_to_log_in(
    viewer: Viewer, status: int
) -> None:
    @roles_only("carer", "station-manager")
    async def route(_request: Request) -> Response:
        return Response("today")

    site = Site(name="x", package="xianban_sdk.web", texts="", routes=[Route("/route", route)])
    with browsing(site, Pages([]), {}, viewer) as browser:
        assert browser.get("/route").status_code == status
    assert route.__name__ == "route"


def test_a_refused_form_names_its_fields_and_links_to_them() -> None:
    fields = {"plate": "车牌号格式不对"}
    problem = CallError(grpc.StatusCode.INVALID_ARGUMENT, "X", "", "parking", fields)
    body = (
        "{% call ui.form('/x', '提交', problem) %}{{ ui.field('plate', '车牌', problem=problem) }}"
    )
    html = page(body + "{% endcall %}", problem=problem)
    assert '<a href="#f-plate">车牌号格式不对</a>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="e-plate"' in html


def test_a_posted_form_carries_its_token_and_a_fresh_request_id() -> None:
    body = "{% call ui.form('/x', 'go') %}{% endcall %}" * 2
    html = page(body, viewer=Viewer(csrf="secret-token"))
    assert html.count('name="csrf" value="secret-token"') == 2
    ids = {part[:26] for part in html.split('name="request_id" value="')[1:]}
    assert len(ids) == 2


def test_a_chart_without_scripts_is_a_table_with_the_same_data() -> None:
    body = "{{ ui.chart('占用', ['时', '实际', '预测'], [['08:00', 12, none]], unit='个') }}"
    html = page(body)
    assert '<td role="cell" data-label="实际" class="number">12</td>' in html
    assert 'data-label="预测" class="number">—</td>' in html


def test_an_old_reading_says_that_it_is_old_in_words() -> None:
    html = page("{{ ui.age(at) }}", at=datetime.now(UTC) - timedelta(minutes=20))
    assert "20 分钟前" in html
    assert "数据较旧" in html


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, "fresh"), (300, "fresh"), (301, "stale"), (None, "unknown")]
)
def test_a_readings_verdict(seconds: int | None, verdict: str) -> None:
    at = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert freshness(at, NOW, 300) == verdict


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, ("age-now", 0)),
        (59, ("age-now", 0)),
        (60, ("age-minutes", 1)),
        (90_000, ("age-days", 1)),
    ],
)
def test_ages_read_in_their_largest_unit(seconds: int, told: tuple[str, int]) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == told


def test_instants_are_shown_in_shanghai() -> None:
    assert instant(NOW) == "2026-11-23 09:00"
    assert instant(Timestamp(seconds=int(NOW.timestamp()))) == "2026-11-23 09:00"
    assert instant(Timestamp()) == "—"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001


def test_days_are_not_moved_by_time_zones() -> None:
    from xianban_sdk.web.formats import day

    assert day(date(2026, 11, 23)) == "2026-11-23"


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "¥0.00"), (5, "¥0.05"), (123_456_789, "¥1,234,567.89"), (-1250, "-¥12.50")],
)
def test_money_is_exact(fen: int, shown: str) -> None:
    assert yuan(fen) == shown


@pytest.mark.parametrize(
    "target", ["https://e.test", "//e.test", "/\\e.test", "javascript:x", "", "e", "/a\nb", "/\t/e"]
)
def test_only_paths_of_this_site_are_followed(target: str) -> None:
    assert local_path(target) == "/"


def test_a_local_path_keeps_its_query() -> None:
    assert local_path("/parking?q=1") == "/parking?q=1"


def test_a_stub_becomes_a_list_of_methods() -> None:
    from xianban.notify.v1.messages_pb2_grpc import MessageServiceStub

    method: Any = api(MessageServiceStub).WatchMessages
    assert isinstance(method, Method)
    assert (method.domain, method.rpc, method.streaming) == ("notify", "WatchMessages", True)
    assert method.service == "xianban.notify.v1.MessageService"
