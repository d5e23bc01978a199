"""Log-in through an outside provider: here a second issuer of our own, over real HTTP."""

import dataclasses
from urllib.parse import urlsplit

import httpx
import pytest
from xianban_identity.http import wsgi_of
from xianban_identity.oidc.clients import Clients
from xianban_identity.settings import Upstream
from xianban_identity.signin import federation
from xianban_identity.testing import ISSUER, Browser, Client, answered, screen_code_of
from xianban_sdk import demo
from xianban_sdk.settings import Settings

UPSTREAM_CLIENT = {
    "id": "xianban-here",
    "auth": "client_secret_basic",
    "secret": "a long shared secret",
    "grants": ["authorization_code"],
    "scopes": ["openid"],
    "first_party": True,
    "redirect_uris": [f"{ISSUER}/signin/federated/city/callback"],
}


@pytest.fixture
def city(provider, tmp_path, database, loopback):
    """The outside provider, with its own database, on a loopback port."""
    settings = Settings(data=tmp_path / "city", issuer=f"http://{loopback.address}")
    city = dataclasses.replace(
        provider, settings=settings, clients=Clients(settings, (UPSTREAM_CLIENT,))
    )
    with loopback.serving(wsgi_of(city)):
        yield city


@pytest.fixture
def here(make_provider, city):
    federation.discovery.cache_clear()
    upstream = Upstream(
        "city", "一网通办", city.issuer, UPSTREAM_CLIENT["id"], UPSTREAM_CLIENT["secret"]
    )
    return Browser(make_provider(upstreams=(upstream,)))


def through_the_city(here, city, phone, **changes):
    """From our log-in page to the city's and back to our callback."""
    page = here.get(Client("portal", f"{ISSUER}/callback").authorization(**changes))
    assert "一网通办" in page.get_data(as_text=True)
    away = here.http.get(f"/signin/federated/city?flow={page.request.args['flow']}")
    there = Browser(city)
    asked = urlsplit(away.headers["Location"])
    page = there.submit(there.get(f"{asked.path}?{asked.query}"), phone=phone)
    back = there.submit(page, code=screen_code_of(page))
    return back.headers["Location"]


def local(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_a_new_subject_proves_a_phone_once_and_then_logs_in_without(here, city, clock):
    page = here.get(local(through_the_city(here, city, demo.phone("resident"))))
    page = here.submit(page, phone=demo.phone("elder"))
    answer = here.submit(page, code=screen_code_of(page))
    assert "code" in answered(answer)
    here.http.get("/oauth2/end_session")
    from datetime import timedelta

    clock.advance(timedelta(minutes=1))
    back = through_the_city(here, city, demo.phone("resident"))
    assert "code" in answered(here.get(local(back)))


def test_an_answer_to_another_log_in_is_refused(here, city):
    back = local(through_the_city(here, city, demo.phone("resident")))
    forged = back.replace("state=", "state=x")
    assert here.get(forged).status_code == 400
    assert Browser(here.provider).get(back).status_code == 400


def test_an_answer_is_good_once(here, city):
    back = local(through_the_city(here, city, demo.phone("resident")))
    assert b'name="phone"' in here.get(back).data
    assert here.get(back).status_code == 400


def test_a_provider_that_is_away_is_said_to_be(make_provider):
    federation.discovery.cache_clear()
    upstream = Upstream("city", "一网通办", "http://127.0.0.1:9", "x", "y")
    browser = Browser(make_provider(upstreams=(upstream,)))
    page = browser.get(Client().authorization())
    away = browser.get(f"/signin/federated/city?flow={page.request.args['flow']}")
    assert away.status_code == 503


def test_an_id_token_for_somebody_else_is_refused(here, city, monkeypatch):
    back = local(through_the_city(here, city, demo.phone("resident")))
    real = httpx.post

    def other_nonce(*args, **kwargs):
        answer = real(*args, **kwargs)
        head, payload, signature = answer.json()["id_token"].split(".")
        forged = {"id_token": f"{head}.{payload[:-4]}AAAA.{signature}"}
        return httpx.Response(200, json=forged, request=answer.request)

    monkeypatch.setattr(httpx, "post", other_nonce)
    assert here.get(back).status_code == 400
