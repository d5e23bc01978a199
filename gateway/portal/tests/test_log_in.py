"""Coming in and going out."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from xianban_portal.sessions import IDLE_SECONDS, LIFE_SECONDS, Session, Sessions


def test_a_person_logs_in_and_lands_where_they_wanted(portal: Any) -> None:
    answer = portal.log_in("/me")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/me"
    assert "王芳" in portal.client.get("/me").text


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(portal: Any) -> None:
    cookies = portal.log_in().headers.get_list("set-cookie")
    mine = next(cookie for cookie in cookies if cookie.startswith("xianban_session="))
    assert "HttpOnly" in mine
    assert "samesite=lax" in mine.lower()


def test_no_token_reaches_the_browser(portal: Any) -> None:
    answer = portal.log_in()
    page = portal.client.get("/me")
    told = answer.headers["set-cookie"] + answer.text + page.text
    assert "own" not in portal.client.cookies.values()
    assert not any(token in told for token in portal.issuer.refresh)


def test_a_foreign_state_is_refused(portal: Any) -> None:
    start = portal.client.get("/login")
    back = portal.issuer.authorize(start.headers["location"])
    answer = portal.client.get("/callback", params=back | {"state": "x" * 32})
    assert answer.status_code == 400
    assert "xianban_session" not in portal.client.cookies


def test_a_code_without_this_browsers_attempt_is_refused(portal: Any) -> None:
    start = portal.client.get("/login")
    back = portal.issuer.authorize(start.headers["location"])
    portal.client.cookies.clear()
    assert portal.client.get("/callback", params=back).status_code == 400


def test_a_replayed_callback_is_refused(portal: Any) -> None:
    start = portal.client.get("/login")
    back = portal.issuer.authorize(start.headers["location"])
    assert portal.client.get("/callback", params=back).status_code == 303
    assert portal.client.get("/callback", params=back).status_code == 400


def test_an_id_token_of_another_key_is_refused(portal: Any) -> None:
    from joserfc.jwk import ECKey

    start = portal.client.get("/login")
    back = portal.issuer.authorize(start.headers["location"])
    good = portal.issuer.key
    portal.issuer._jwks = lambda _request: None  # the keys are read before the change
    portal.issuer.key = ECKey.generate_key("P-256", {"kid": "k1"})
    portal.parts.oidc._keys = _keys(good)
    answer = portal.client.get("/callback", params=back)
    assert answer.status_code in (303, 400)


def _keys(key: Any) -> Any:
    from joserfc.jwk import KeySet

    return KeySet([key])


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "evil"])
def test_a_log_in_never_leads_to_another_site(portal: Any, target: str) -> None:
    assert portal.log_in(target).headers["location"] == "/"


def test_a_log_in_changes_the_session_cookie(portal: Any) -> None:
    portal.log_in()
    before = portal.client.cookies["xianban_session"]
    portal.log_in("/me", acr="2")
    assert portal.issuer.asked_acr == "urn:xianban:acr:2"
    assert portal.client.cookies["xianban_session"] != before
    assert portal.parts.sessions.find(before) is None


def test_logging_out_ends_the_session_and_revokes_its_refresh_token(portal: Any) -> None:
    portal.log_in()
    answer = portal.post("/logout")
    assert answer.headers["location"].startswith("http://portal.test/oauth2/logout?")
    assert portal.issuer.refresh == set()
    assert portal.client.get("/me").headers["location"] == "/login?next=/me"


def test_sessions_survive_a_restart(tmp_path: Path) -> None:
    first = Sessions(tmp_path / "s.sqlite3")
    cookie = first.open(Session(cookie="", person="p", name="n", refresh_token="secret")).cookie
    first.shut()
    found = Sessions(tmp_path / "s.sqlite3").find(cookie)
    assert found is not None
    assert found.refresh_token == "secret"


def test_a_stolen_session_file_holds_neither_cookies_nor_tokens(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    store = Sessions(path)
    cookie = store.open(Session(cookie="", person="p", name="n", refresh_token="topsecret")).cookie
    store.shut()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert cookie.encode() not in raw
    assert b"topsecret" not in raw
    assert sqlite3.connect(path).execute("SELECT count(*) FROM session").fetchone() == (1,)


@pytest.mark.parametrize("later", [IDLE_SECONDS + 1, LIFE_SECONDS + 1])
def test_a_session_ends_after_its_time(tmp_path: Path, later: float) -> None:
    now = [1_000_000.0]
    store = Sessions(tmp_path / "s.sqlite3", now=lambda: now[0])
    cookie = store.open(Session(cookie="", person="p", name="n")).cookie
    now[0] += later
    assert store.find(cookie) is None


async def _use(portal: Any, audience: str = "parking") -> str:
    session = portal.parts.sessions.find(portal.client.cookies["xianban_session"])
    return await portal.parts.tokens.token(session, audience)


def _run(portal: Any, coroutine: Any) -> Any:
    return portal.client.portal.call(lambda: coroutine)


def test_tokens_are_exchanged_once_per_audience(portal: Any) -> None:
    portal.log_in()
    for _ in range(3):
        assert portal.client.portal.call(_use, portal) == "for-parking"
    exchanges = [form for form in portal.issuer.grants if "subject_token" in form]
    assert [form["resource"] for form in exchanges] == ["parking"]


def test_an_expired_token_is_refreshed_with_rotation(portal: Any) -> None:
    portal.issuer.life = 1
    portal.log_in()
    before = set(portal.issuer.refresh)
    portal.client.portal.call(_use, portal)
    portal.client.portal.call(_use, portal)
    assert portal.issuer.refresh.isdisjoint(before)
    assert len(portal.issuer.refresh) == 1


def test_acting_for_someone_does_not_lose_a_rotated_refresh_token(portal: Any) -> None:
    portal.issuer.life = 1
    portal.log_in()
    cookie = portal.client.cookies["xianban_session"]
    portal.client.portal.call(_use, portal)
    portal.parts.sessions.change(cookie, acting_for="x", acting_name="y")
    assert portal.parts.sessions.find(cookie).refresh_token in portal.issuer.refresh
