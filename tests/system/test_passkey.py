"""A passkey in a real browser: Chromium's own virtual authenticator registers, shows and loses it.

Browsers allow passkeys at a domain name only, so this suite is asked for at localhost.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import FORMS, faults, view
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, expect
from suite import Suite
from xianban_identity.seed import DEMO_PIN
from xianban_sdk.demo import phone

pytestmark = [pytest.mark.system, pytest.mark.browser]

ELDER = FORMS[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a suite whose issuer is localhost."""
    running = Suite(tmp_path_factory.mktemp("passkey"))
    address = f"http://localhost:{running.port}"
    running.environment["XIANBAN_ISSUER"] = address
    try:
        running.start()
        yield address
    finally:
        running.stop()


@pytest.fixture
def page(chromium: Browser, home: str) -> Iterator[Page]:
    """An elder's phone with a screen lock that can hold passkeys."""
    context = view(chromium, ELDER, home)
    shown = context.new_page()
    debugger = context.new_cdp_session(shown)
    debugger.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    yield shown
    context.close()


def log_in_by_phone(page: Page, person: str) -> None:
    page.locator("input[name=phone]").fill(phone(person))
    press(page, "form[action='/signin/phone'] button")
    page.locator("input[name=code]").fill(page.locator("#screen-code").inner_text())
    press(page, "form[action='/signin/code'] button")


def press(page: Page, selector: str) -> None:
    page.locator(selector).first.click()
    page.wait_for_load_state()


def picture(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        page.screenshot(path=str(folder / f"sign-in-{name}.png"), full_page=True)


def forget(context: BrowserContext) -> None:
    """Logged out everywhere; the presentation stays."""
    context.clear_cookies(name=re.compile("^(?!xianban_view)"))


def test_a_passkey_is_added_logs_in_without_a_number_and_is_gone_once_removed(
    page: Page, home: str
) -> None:
    page.goto(f"{home}/signin/methods")
    log_in_by_phone(page, "resident")
    press(page, "form[action='/signin/methods/confirm'] button")
    page.locator("input[name=factor]").fill(DEMO_PIN)
    press(page, "form[action='/signin/factor'] button")

    page.locator("form[data-passkey=create] input[name=name]").fill("我的手机")
    press(page, "form[data-passkey=create] button")
    expect(page.get_by_role("heading", name="我的手机")).to_be_visible()
    assert faults(page, ELDER) == []

    # The same device can't hold a second one, and says so in a sentence.
    page.locator("form[data-passkey=create] input[name=name]").fill("再来一个")
    page.locator("form[data-passkey=create] button").click()
    expect(page.locator("[data-passkey-said]")).to_have_text("这台设备上已有您的通行密钥。")

    forget(page.context)
    page.goto(f"{home}/login?next=/me/sessions")
    assert faults(page, ELDER) == []
    press(page, "form[data-passkey=get] button")
    page.wait_for_url(f"{home}/me/sessions")
    expect(page.locator("main")).to_contain_text("通行密钥")

    page.goto(f"{home}/messages")
    expect(page.locator("main")).to_contain_text("已添加通行密钥")

    page.goto(f"{home}/me/sign-in-methods")
    page.get_by_text("移除", exact=True).first.click()
    press(page, "form[action='/signin/methods/remove-passkey'] button")
    expect(page.locator("main")).to_contain_text("您还没有通行密钥")

    forget(page.context)
    page.goto(f"{home}/login")
    press(page, "form[data-passkey=get] button")
    expect(page.get_by_role("alert").first).to_contain_text("这里没有此通行密钥")


def test_an_authenticator_app_is_set_up_and_its_recovery_codes_are_shown(
    page: Page, home: str, pictures: Path | None
) -> None:
    page.goto(f"{home}/signin/methods")
    log_in_by_phone(page, "daughter")
    press(page, "form[action='/signin/methods/confirm'] button")
    page.locator("input[name=factor]").fill(DEMO_PIN)
    press(page, "form[action='/signin/factor'] button")
    picture(page, pictures, "methods")
    press(page, "a[href*='/set-up/totp']")
    assert faults(page, ELDER) == []
    picture(page, pictures, "set-up")

    key = base64.b32decode(page.locator(".typed-key").inner_text().replace(" ", ""))
    app = TOTP(key, 6, SHA1(), 30)
    page.locator("input[name=factor]").fill(app.generate(int(time.time())).decode())
    press(page, "form[action='/signin/methods/set-up'] button")
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert faults(page, ELDER) == []
    picture(page, pictures, "codes")


def test_without_scripts_a_sentence_leads_to_the_code(chromium: Browser, home: str) -> None:
    context = view(chromium, ELDER, home, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}/login")
    expect(page.locator("form[data-passkey=get]")).to_be_hidden()
    expect(page.locator("[data-passkey-away]")).to_contain_text("手机验证码始终可用")
    context.close()
