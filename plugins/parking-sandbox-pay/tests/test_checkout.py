"""The checkout page and the refund interface, as the portal mounts them."""

import warnings
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from xianban_parking.hookspecs import PaymentOrder
from xianban_plugin_parking_sandbox_pay.plugin import SECRET
from xianban_plugin_parking_sandbox_pay.provider import CHECKOUT, REFUNDS, SandboxProvider
from xianban_plugin_parking_sandbox_pay.web import build
from xianban_sdk.clock import SystemClock
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import HEADER, installed_secret, sign
from xianban_sdk.web import Pages, Viewer

with warnings.catch_warnings():
    # Starlette would rather have httpx2; the suite's client is httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ORDER = PaymentOrder(
    payment="01KDVHX800PAYMENT000000001",
    amount_fen=1500,
    title="南桥百联停车费",
    # Nothing listens there: the callback waits in the store.
    callback_url="http://127.0.0.1:9/callback",
    return_url="/parking/payments/1",
)


class Visitor:
    """What the portal's middleware puts on every request."""

    def __init__(self, app, locale: str) -> None:
        self._app = app
        self._locale = locale

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            viewer = Viewer(locale=self._locale)
            scope.setdefault("state", {})["viewer"] = viewer
        await self._app(scope, receive, send)


def portal(settings: Settings, locale: str = "en") -> TestClient:
    site = build(settings)
    app = Starlette(
        routes=site.routes,
        middleware=[Middleware(Visitor, locale=locale)],
        lifespan=lambda _app: site.lifespan(),
    )
    app.state.pages = Pages([site], strict=True)
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data=tmp_path, demo=True)


def link(settings: Settings) -> str:
    secret = installed_secret(SECRET, settings)
    url = urlsplit(SandboxProvider(secret, settings.issuer).start(ORDER).pay_url)
    return f"{url.path}?{url.query}"


def test_the_page_says_that_it_is_a_sandbox_in_both_languages(settings: Settings) -> None:
    for locale, words in (("en", "no real money"), ("zh-CN", "不收取真实款项")):
        with portal(settings, locale) as visitor:
            page = visitor.get(link(settings))
            assert page.status_code == 200
            assert words in page.text
            assert "15.00" in page.text
            assert "南桥百联停车费" in page.text


def test_paying_leads_back_and_a_second_click_changes_nothing(settings: Settings) -> None:
    path = link(settings)
    token = parse_qs(urlsplit(path).query)["order"][0]
    with portal(settings) as visitor:
        for choice in ("pay", "decline"):
            answer = visitor.post(CHECKOUT, data={"order": token, "choice": choice})
            assert (answer.status_code, answer.headers["location"]) == (303, ORDER.return_url)
        page = visitor.get(path).text
        assert "Paid" in page
        assert "Parking has not taken the result yet" in page


def test_paying_later_stays_on_the_page(settings: Settings) -> None:
    path = link(settings)
    token = parse_qs(urlsplit(path).query)["order"][0]
    with portal(settings) as visitor:
        answer = visitor.post(CHECKOUT, data={"order": token, "choice": "pay-later"})
        assert answer.headers["location"] == path


def test_a_link_of_somebody_else_is_not_found_and_an_unknown_button_refused(
    settings: Settings,
) -> None:
    token = parse_qs(urlsplit(link(settings)).query)["order"][0]
    with portal(settings) as visitor:
        assert visitor.get(f"{CHECKOUT}?order=x.y").status_code == 404
        assert visitor.get(CHECKOUT).status_code == 404
        assert visitor.post(CHECKOUT, data={"order": "", "choice": "pay"}).status_code == 404
        assert visitor.post(CHECKOUT, data={"order": token, "choice": "rob"}).status_code == 400


def test_a_refund_needs_the_providers_signature(settings: Settings) -> None:
    secret = installed_secret(SECRET, settings)
    token = parse_qs(urlsplit(link(settings)).query)["order"][0]

    def ask(fen: int, secret: bytes = secret) -> int:
        body = orjson.dumps({"payment": ORDER.payment, "refund": f"r{fen}", "amount_fen": fen})
        headers = {HEADER: sign(secret, body, SystemClock().now())}
        return visitor.post(REFUNDS, content=body, headers=headers).status_code

    with portal(settings) as visitor:
        assert ask(100) == 404
        visitor.post(CHECKOUT, data={"order": token, "choice": "pay"})
        assert ask(100, b"another secret, long enough") == 401
        assert ask(100) == 200
        assert ask(100) == 200
        assert ask(1500) == 409
        assert "¥1.00" in visitor.get(link(settings)).text


def test_outside_a_demo_district_there_is_no_sandbox(tmp_path) -> None:
    path = link(Settings(data=tmp_path))
    with portal(Settings(data=tmp_path, demo=False)) as visitor:
        assert visitor.get(path).status_code == 404
        assert visitor.post(REFUNDS, content=b"{}").status_code == 404
