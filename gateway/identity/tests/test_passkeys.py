"""Passkeys: registered, shown, confirmed with; and everything that must be refused."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from xianban.common.v1 import messages_pb2
from xianban_identity.domain.passkeys import Party
from xianban_identity.domain.sessions import CodeRules
from xianban_identity.oidc.tokens import unverified_claims
from xianban_identity.repository import passkeys
from xianban_identity.testing import Authenticator, Browser, Client, answered, passkey_options
from xianban_sdk import demo
from xianban_sdk.storage.tables import audit, outbox

ISSUER = "http://localhost:8080"
METHODS = "/signin/methods"
STRONG = "urn:xianban:acr:2"
RESIDENT = demo.person_id("resident")


@pytest.fixture
def provider(make_provider):
    return make_provider(issuer=ISSUER, codes=CodeRules(resend_after=timedelta(0)))


@pytest.fixture
def device():
    return Authenticator(ISSUER)


def methods_page(browser, person="resident"):
    """Logged in and confirmed with the demo's PIN."""
    page = browser.log_in(METHODS, demo.phone(person))
    page = browser.submit(page, f"{METHODS}/confirm")
    return browser.submit(page, "/signin/factor", factor="246810")


def register(browser, device, name="我的手机", person="resident"):
    page = methods_page(browser, person)
    credential = device.create(passkey_options(page))
    return browser.submit(page, f"{METHODS}/passkey", name=name, credential=credential)


def known(provider, person=RESIDENT):
    with provider.db.read() as conn:
        return passkeys.of(conn, person)


def told(provider):
    with provider.db.read() as conn:
        rows = conn.execute(select(outbox.c.data).where(outbox.c.type.like("%MessageRequested%")))
        return [messages_pb2.MessageRequested.FromString(data).template for (data,) in rows]


def audited(provider):
    with provider.db.read() as conn:
        rows = conn.execute(select(audit.c.action, audit.c.actor, audit.c.outcome))
        return [tuple(row) for row in rows]


def log_in(browser, device, page=None, **changes):
    """The answer to the passkey shown on the page where the phone is asked for."""
    page = page or browser.get(Client().authorization(**changes))
    credential = device.get(passkey_options(page))
    return browser.submit(page, "/signin/passkey", credential=credential)


def allowed(browser, answer):
    """Back at the client, after the person let it in."""
    return answered(browser.submit(answer, decision="allow"))


def tokens_of(browser, client, answer):
    return browser.token(client.exchange(allowed(browser, answer)["code"])).get_json()


def test_a_passkey_is_registered_by_name_audited_and_told(browser, provider, device):
    page = register(browser, device, name="  我的 手机 ")
    assert page.status_code == 200
    assert "我的 手机" in page.get_data(as_text=True)
    assert [item.name for item in known(provider)] == ["我的 手机"]
    assert ("AddPasskey", RESIDENT, "allowed") in audited(provider)
    assert told(provider) == ["passkey-added"]


def test_registration_asks_for_a_discoverable_verified_passkey_and_excludes_known_ones(
    browser, device
):
    options = passkey_options(register(browser, device))
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert len(options["excludeCredentials"]) == 1
    # An authenticator is told neither who nor which number.
    assert demo.phone("resident") not in json.dumps(options)
    assert RESIDENT not in json.dumps(options)


def test_a_passkey_logs_in_without_a_phone_number_and_the_tokens_say_so(browser, provider, device):
    register(browser, device)
    other, client = Browser(provider), Client()
    answer = log_in(other, device, other.get(client.authorization(acr_values=STRONG)))
    claims = unverified_claims(tokens_of(other, client, answer)["id_token"])
    assert claims["sub"] == RESIDENT
    assert claims["acr"] == STRONG
    assert claims["amr"] == ["pop", "user", "mfa"]


def test_a_passkey_confirms_a_log_in_by_phone_when_a_stronger_one_is_asked_for(
    browser, provider, device
):
    register(browser, device)
    other, client = Browser(provider), Client()
    page = other.log_in(client.authorization(acr_values=STRONG), demo.phone("resident"))
    options = passkey_options(page)
    assert len(options["allowCredentials"]) == 1
    answer = other.submit(page, "/signin/factor/passkey", credential=device.get(options))
    claims = unverified_claims(tokens_of(other, client, answer)["id_token"])
    assert claims["acr"] == STRONG
    assert claims["amr"] == ["sms", "otp", "pop", "user", "mfa"]


def test_after_five_minutes_a_passkey_must_be_shown_again(browser, provider, device, clock):
    register(browser, device)
    other = Browser(provider)
    log_in(other, device)
    clock.advance(timedelta(minutes=6))
    page = other.get(Client().authorization(acr_values=STRONG))
    answer = other.submit(
        page, "/signin/factor/passkey", credential=device.get(passkey_options(page))
    )
    assert "code" in allowed(other, answer)


def refused(answer, text):
    assert answer.status_code == 400
    return text in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost:9999"},
        {"origin": "https://localhost:8080"},
        {"origin": "http://evil.localhost:8080"},
        {"rp_id": "evil.example"},
        {"verified": False},
    ],
    ids=str,
)
def test_what_the_standard_forbids_is_refused_at_registration_and_log_in(
    browser, provider, device, wrong
):
    register(browser, device)
    bad = Authenticator(ISSUER)
    for name, value in wrong.items():
        setattr(device, name, value)
        setattr(bad, name, value)
    assert refused(log_in(Browser(provider), device), "通行密钥未能通过核验")
    assert refused(register(Browser(provider), bad), "通行密钥未能通过核验")
    assert len(known(provider)) == 1


def test_a_replayed_answer_is_refused(browser, provider, device):
    register(browser, device)
    other = Browser(provider)
    page = other.get(Client().authorization())
    credential = device.get(passkey_options(page))
    other.submit(page, "/signin/passkey", credential=credential)
    again = other.get(Client().authorization(prompt="login"))
    assert refused(other.submit(again, "/signin/passkey", credential=credential), "重复提交")


def test_a_challenge_is_used_up_by_a_failed_attempt(browser, provider, device):
    register(browser, device)
    other = Browser(provider)
    page = other.get(Client().authorization())
    device.verified = False
    log_in(other, device, page)
    device.verified = True
    assert refused(log_in(other, device, page), "重复提交")


def test_a_challenge_of_another_browser_is_refused(browser, provider, device):
    register(browser, device)
    stolen = passkey_options(Browser(provider).get(Client().authorization()))
    other = Browser(provider)
    page = other.get(Client().authorization())
    answer = other.submit(page, "/signin/passkey", credential=device.get(stolen))
    assert refused(answer, "重复提交")


def test_a_challenge_for_a_log_in_registers_nothing(browser, provider, device):
    page = methods_page(browser)
    asked = passkey_options(page)
    login = passkey_options(Browser(provider).get(Client().authorization()))
    credential = device.create({**asked, "challenge": login["challenge"]})
    answer = browser.submit(page, f"{METHODS}/passkey", name="x", credential=credential)
    assert refused(answer, "重复提交")


def test_a_challenge_is_over_after_ten_minutes(browser, provider, device, clock):
    register(browser, device)
    other = Browser(provider)
    page = other.get(Client().authorization())
    clock.advance(timedelta(minutes=11))
    assert refused(log_in(other, device, page), "时间过长")


def test_an_unknown_passkey_is_refused(browser, provider, device):
    stranger = Authenticator(ISSUER)
    stranger.handle = b"somebody"
    register(browser, device)
    assert refused(log_in(Browser(provider), stranger), "这里没有此通行密钥")


def test_a_passkey_under_a_foreign_handle_is_refused(browser, provider, device):
    register(browser, device)
    device.handle = b"somebody-else"
    assert refused(log_in(Browser(provider), device), "通行密钥未能通过核验")


def test_a_passkey_of_somebody_else_confirms_nothing(browser, provider, device):
    register(browser, device)
    mine = Authenticator(ISSUER)
    other = Browser(provider)
    register(other, mine, person="daughter")
    third = Browser(provider)
    page = third.log_in(Client().authorization(acr_values=STRONG), demo.phone("daughter"))
    answer = third.submit(
        page, "/signin/factor/passkey", credential=device.get(passkey_options(page))
    )
    assert refused(answer, "不属于当前登录的人")


def test_a_counter_that_goes_back_is_refused_audited_and_told(browser, provider, device):
    register(browser, device)
    log_in(Browser(provider), device)
    device.count = 0
    assert refused(log_in(Browser(provider), device), "可能被复制")
    assert told(provider)[-1] == "passkey-counted-back"
    assert ("UsePasskey", "", "denied") in audited(provider)
    assert known(provider)[0].sign_count == 1


def test_a_signature_by_another_key_is_refused(browser, provider, device):
    register(browser, device)
    forger = Authenticator(ISSUER)
    forger.id, forger.handle = device.id, device.handle
    assert refused(log_in(Browser(provider), forger), "通行密钥未能通过核验")


def test_a_passkey_is_registered_once_and_for_one_person(browser, provider, device):
    register(browser, device)
    assert refused(register(Browser(provider), device, person="daughter"), "这台设备上已有")


@pytest.mark.parametrize("raw", ["", "{}", "[]", "null", '{"id": 1}', "\x00", '{"rawId":"AA"}'])
def test_whatever_is_sent_as_a_passkey_is_answered(browser, provider, raw):
    page = browser.get(Client().authorization())
    answer = browser.submit(page, "/signin/passkey", credential=raw)
    assert refused(answer, "通行密钥未能通过核验")


def test_a_passkey_is_renamed(browser, provider, device):
    page = register(browser, device)
    passkey = known(provider)[0].id
    browser.submit(page, f"{METHODS}/rename", passkey=passkey, new_name="旧手机")
    assert known(provider)[0].name == "旧手机"
    bad = browser.submit(page, f"{METHODS}/rename", passkey=passkey, new_name=" ")
    assert refused(bad, "请输入 1 至 40 个字")


def test_a_removed_passkey_logs_nobody_in(browser, provider, device):
    page = register(browser, device)
    browser.submit(page, f"{METHODS}/remove-passkey", passkey=known(provider)[0].id)
    assert told(provider) == ["passkey-added", "passkey-removed"]
    assert refused(log_in(Browser(provider), device), "这里没有此通行密钥")


def test_nobody_removes_or_renames_what_is_somebody_elses(browser, provider, device):
    register(browser, device)
    passkey = known(provider)[0].id
    other = Browser(provider)
    page = methods_page(other, "daughter")
    for act in ("remove-passkey", "rename"):
        answer = other.submit(page, f"{METHODS}/{act}", passkey=passkey, new_name="x")
        assert refused(answer, "没有这个登录方式")
    assert known(provider)[0].name == "我的手机"


def test_without_confirming_nothing_changes(browser, provider, device, clock):
    page = register(browser, device)
    clock.advance(timedelta(minutes=6))
    answer = browser.submit(page, f"{METHODS}/remove-passkey", passkey=known(provider)[0].id)
    assert refused(answer, "请先确认是您本人")
    assert len(known(provider)) == 1


@pytest.mark.parametrize(
    ("issuer", "party"),
    [
        ("https://xianban.example", Party("xianban.example", "https://xianban.example")),
        ("https://a.example:8443", Party("a.example", "https://a.example:8443")),
        ("http://127.0.0.1:8080", None),
        ("https://10.0.0.1", None),
        ("http://[::1]:8080", None),
        ("http://xianban.example", None),
    ],
)
def test_the_domain_and_the_origin_come_from_the_issuer(issuer, party):
    assert Party.of(issuer) == party


def test_at_an_address_of_numbers_the_page_says_why_there_are_no_passkeys(make_provider):
    browser = Browser(make_provider())
    assert "data-options" not in browser.get(Client().authorization()).get_data(as_text=True)
    page = methods_page(browser).get_data(as_text=True)
    assert "本页用数字地址打开" in page
    assert "data-options" not in page
