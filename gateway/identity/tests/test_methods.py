"""Second factors on the page of sign-in methods: set up, used once, renewed, taken away."""

import base64
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import text
from xianban_identity.domain.sessions import CodeRules
from xianban_identity.oidc.tokens import unverified_claims
from xianban_identity.repository import signins
from xianban_identity.testing import Browser, Client, answered
from xianban_sdk import demo

METHODS = "/signin/methods"
STRONG = "urn:xianban:acr:2"
NEWCOMER = "13812345678"


@pytest.fixture
def provider(make_provider):
    return make_provider(codes=CodeRules(resend_after=timedelta(0)))


class App:
    """An authenticator app that was told the key."""

    def __init__(self, page, clock):
        typed = re.findall(r'class="typed-key">([A-Z2-7 ]+)<', page.get_data(as_text=True))[0]
        self._totp = TOTP(base64.b32decode(typed.replace(" ", "")), 6, SHA1(), 30)
        self._clock = clock

    def code(self):
        return self._totp.generate(int(self._clock.now().timestamp())).decode()


def newcomer(browser):
    """Somebody without any second factor, fresh from a code."""
    return browser.submit(browser.log_in(METHODS, NEWCOMER), name="钱多多")


def flow_of(page):
    return re.findall(r'name="flow" value="([^"]*)"', page.get_data(as_text=True))[0]


def set_up(browser, clock):
    page = browser.get(f"{METHODS}/set-up/totp?flow={flow_of_link(newcomer(browser))}")
    app = App(page, clock)
    return app, browser.submit(page, factor=app.code())


def flow_of_link(page):
    return re.findall(r"set-up/totp\?flow=([\w-]+)", page.get_data(as_text=True))[0]


def recovery_codes(page):
    return re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", page.get_data(as_text=True))


def allowed(browser, answer):
    """Back at the client, after the person let it in."""
    return answered(browser.submit(answer, decision="allow"))


def asked(provider):
    """A new browser in which the newcomer is asked for the second factor."""
    browser, client = Browser(provider), Client()
    return browser, client, browser.log_in(client.authorization(acr_values=STRONG), NEWCOMER)


def test_an_authenticator_app_is_set_up_with_a_qr_code_and_recovery_codes_shown_once(
    browser, clock
):
    _, page = set_up(browser, clock)
    assert len(recovery_codes(page)) == 10
    assert 'href="/signin/methods' in page.get_data(as_text=True)
    listed = browser.get(METHODS).get_data(as_text=True)
    assert "剩余恢复码" in listed
    assert recovery_codes(browser.get(METHODS)) == []


def test_the_set_up_page_shows_a_picture_and_the_key(browser):
    page = browser.get(f"{METHODS}/set-up/totp?flow={flow_of_link(newcomer(browser))}")
    assert '<svg class="qr" role="img"' in page.get_data(as_text=True)
    assert "typed-key" in page.get_data(as_text=True)


def test_a_wrong_code_sets_nothing_up(browser):
    page = browser.get(f"{METHODS}/set-up/totp?flow={flow_of_link(newcomer(browser))}")
    answer = browser.submit(page, factor="abc")
    assert answer.status_code == 400
    assert "剩余恢复码" not in browser.get(METHODS).get_data(as_text=True)


def test_the_app_confirms_a_log_in_and_the_tokens_say_so(browser, provider, clock):
    app, _ = set_up(browser, clock)
    clock.advance(timedelta(minutes=1))
    other, client, page = asked(provider)
    answer = other.submit(page, factor=app.code())
    tokens = other.token(client.exchange(allowed(other, answer)["code"])).get_json()
    claims = unverified_claims(tokens["id_token"])
    assert claims["acr"] == STRONG
    assert claims["amr"] == ["sms", "otp", "mfa"]


def test_a_code_that_was_used_is_refused_in_the_next_browser_too(browser, provider, clock):
    app, _ = set_up(browser, clock)
    clock.advance(timedelta(minutes=1))
    first, _, page = asked(provider)
    first.submit(page, factor=app.code())
    second, _, page = asked(provider)
    assert second.submit(page, factor=app.code()).status_code == 400


def test_a_recovery_code_works_once_and_fewer_are_left(browser, provider, clock):
    _, page = set_up(browser, clock)
    code = recovery_codes(page)[0]
    first, _, page = asked(provider)
    assert "code" in allowed(first, first.submit(page, factor=code))
    second, _, page = asked(provider)
    assert second.submit(page, factor=code).status_code == 400


def test_new_recovery_codes_void_the_old(browser, provider, clock):
    _, page = set_up(browser, clock)
    old = recovery_codes(page)
    page = browser.get(METHODS)
    fresh = recovery_codes(browser.submit(page, f"{METHODS}/codes", factor="totp"))
    assert len(fresh) == 10
    other, _, page = asked(provider)
    assert other.submit(page, factor=old[0]).status_code == 400


def test_after_five_wrong_codes_even_the_right_one_waits(browser, provider, clock):
    app, _ = set_up(browser, clock)
    clock.advance(timedelta(minutes=1))
    other, _, page = asked(provider)
    for _ in range(5):
        page = other.submit(page, factor="000000")
    locked = other.submit(page, factor=app.code())
    assert "尝试次数过多" in locked.get_data(as_text=True)


def test_the_key_lies_encrypted(browser, provider, clock):
    set_up(browser, clock)
    with provider.db.read() as conn:
        person = conn.execute(
            text("SELECT person FROM second_factor WHERE factor = 'totp'")
        ).scalar_one()
        raw = conn.execute(
            text("SELECT secret FROM second_factor WHERE factor = 'totp'")
        ).scalar_one()
        key = signins.factor(conn, person, "totp").secret
    assert b"recovery" in key.encode()
    assert b"recovery" not in bytes(raw)


def test_who_has_nothing_yet_needs_a_fresh_log_in_to_add_the_first(browser, clock):
    flow = flow_of_link(newcomer(browser))
    clock.advance(timedelta(minutes=11))
    page = browser.get(f"{METHODS}/set-up/totp?flow={flow}")
    assert "typed-key" not in page.get_data(as_text=True)
    again = browser.submit(page, f"{METHODS}/confirm")
    assert b'name="phone"' in again.data


def test_who_has_something_confirms_with_it_before_anything_is_added(browser):
    page = browser.log_in(METHODS, demo.phone("resident"))
    assert "set-up/totp" not in page.get_data(as_text=True)
    page = browser.submit(page, f"{METHODS}/confirm")
    assert b'name="factor"' in page.data
    page = browser.submit(page, factor="246810")
    assert "set-up/totp" in page.get_data(as_text=True)


def test_a_person_chooses_which_factor_to_confirm_with(browser, provider, clock):
    page = browser.submit(browser.log_in(METHODS, demo.phone("resident")), f"{METHODS}/confirm")
    page = browser.submit(page, factor="246810")
    page = browser.get(f"{METHODS}/set-up/totp?flow={flow_of_link(page)}")
    app = App(page, clock)
    browser.submit(page, factor=app.code())
    clock.advance(timedelta(minutes=6))
    page = browser.get(Client().authorization(acr_values=STRONG))
    link = re.findall(r'href="(/signin/factor\?[^"]*method=totp)"', page.get_data(as_text=True))[0]
    page = browser.get(link.replace("&amp;", "&"))
    answer = browser.submit(page, factor=app.code(), method="totp")
    assert "code" in allowed(browser, answer)


def test_staff_keep_their_last_strong_method_and_residents_need_not(browser, provider):
    page = browser.submit(browser.log_in(METHODS, demo.phone("operator")), f"{METHODS}/confirm")
    page = browser.submit(page, factor="246810")
    kept = browser.submit(page, f"{METHODS}/remove-factor", factor="pin")
    assert "您的职务需要强认证" in kept.get_data(as_text=True)
    other = Browser(provider)
    page = other.submit(other.log_in(METHODS, demo.phone("resident")), f"{METHODS}/confirm")
    page = other.submit(page, factor="246810")
    assert other.submit(page, f"{METHODS}/remove-factor", factor="pin").status_code == 200


def test_a_form_without_this_browsers_mark_changes_nothing(browser):
    page = newcomer(browser)
    answer = browser.submit(page, f"{METHODS}/remove-factor", factor="totp", csrf="wrong")
    assert answer.status_code == 400


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("profile", ["standard", "elder"])
def test_the_pages_speak_both_languages_in_both_presentations(browser, clock, locale, profile):
    browser.http.set_cookie("xianban_view", f"{locale}.{profile}.20")
    page = newcomer(browser)
    assert f'lang="{locale}"' in page.get_data(as_text=True)
    page = browser.get(f"{METHODS}/set-up/pin?flow={flow_of_link(page)}")
    assert f'data-profile="{profile}"' in page.get_data(as_text=True)
