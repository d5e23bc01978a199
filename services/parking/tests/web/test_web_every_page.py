"""Every page in both languages and both profiles, for whoever may see it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from parking_people import AUDITOR, OPERATOR, RESIDENT
from parking_samples import ID

PUBLIC = (
    "/parking",
    "/parking?text=奉浦&accessible=1&height=190",
    "/parking/find",
    "/parking/find?q=奉浦大道",
    "/parking/lots/fengpu-metro-pr",
)
OWN = (
    "/parking/reservations",
    f"/parking/reservations/{ID}",
    f"/parking/reservations/{ID}/print",
    "/parking/vehicles",
    "/parking/sessions",
    f"/parking/sessions/{ID}",
    "/parking/payments",
    f"/parking/payments/{ID}",
    f"/parking/payments/{ID}/state",
    "/parking/receipts",
    f"/parking/receipts/{ID}",
    "/parking/permits",
    "/parking/permits/new",
    "/parking/permits/new?kind=1&lot=lots/fengpu-metro-pr&months=1",
)
LOT = "/parking/operator/lots/fengpu-metro-pr"
STAFF = (
    "/parking/operator",
    "/parking/operator/feeds/fengpu-replay",
    LOT,
    f"{LOT}/money",
    f"{LOT}/disputes",
    f"{LOT}/plates",
    f"{LOT}/tariff",
)
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*src=)")


@pytest.mark.parametrize("profile", ["standard", "elder"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_needs_nobody(web: Any, path: str, locale: str, profile: str) -> None:
    answer = web.as_(None, locale=locale, profile=profile).get(path)
    assert answer.status_code == 200
    assert f'lang="{locale}"' in answer.text


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_a_resident_sees_their_pages(web: Any, path: str, locale: str) -> None:
    answer = web.as_(RESIDENT, locale=locale).get(path)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [*PUBLIC, *OWN, *STAFF])
def test_no_page_carries_inline_code_or_style(web: Any, path: str) -> None:
    answer = web.as_(OPERATOR).get(path)
    assert not INLINE.search(answer.text)


@pytest.mark.parametrize("path", OWN)
def test_own_pages_ask_a_visitor_to_log_in(web: Any, path: str) -> None:
    assert web.as_(None).get(path).headers["location"] == "/login"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("person", [OPERATOR, AUDITOR])
@pytest.mark.parametrize("path", STAFF)
def test_operators_and_auditors_see_the_operators_pages(
    web: Any, path: str, person: Any, locale: str
) -> None:
    assert web.as_(person, locale=locale).get(path).status_code == 200


@pytest.mark.parametrize("path", STAFF)
def test_nobody_else_does(web: Any, path: str) -> None:
    assert web.as_(RESIDENT).get(path).status_code == 403
    assert web.as_(None).get(path).headers["location"] == "/login"
