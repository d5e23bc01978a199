"""The code flow as it should go."""

import base64
import json
from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import KeySet
from xianban_identity.oidc import keys
from xianban_identity.testing import CLI, ISSUER, Client, answered, assertion
from xianban_sdk import demo


def claims_of(provider, token):
    with provider.db.read() as conn:
        published = KeySet.import_key_set(keys.jwks(conn, provider.now()))
    return jwt.decode(token, published, algorithms=["ES256"])


def test_discovery_names_everything_under_the_issuer(browser):
    found = browser.http.get("/.well-known/openid-configuration").get_json()
    assert found["issuer"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found == browser.http.get("/.well-known/oauth-authorization-server").get_json()


def test_a_person_logs_in_with_phone_and_code_and_the_client_gets_tokens(browser, provider):
    client = Client()
    answer = browser.authorize(client, resource="parking")
    back = answered(answer)
    assert answer.headers["Location"].startswith(client.redirect_uri)
    assert back["state"] == client.state
    assert back["iss"] == ISSUER
    tokens = browser.token(client.exchange(back["code"], resource="parking")).get_json()
    access = claims_of(provider, tokens["access_token"])
    assert access.header["typ"] == "at+jwt"
    assert access.claims["sub"] == demo.person_id("resident")
    assert access.claims["aud"] == "parking"
    assert access.claims["client_id"] == CLI
    assert access.claims["exp"] - access.claims["iat"] <= 300
    assert access.claims["acr"] == "urn:xianban:acr:1"
    assert access.claims["district"] == "310120"
    assert {"jti", "sid", "auth_time", "amr"} <= access.claims.keys()


def test_the_id_token_is_bound_to_client_nonce_and_access_token(browser, provider):
    client = Client()
    tokens = browser.tokens(client)
    claims = claims_of(provider, tokens["id_token"]).claims
    assert claims["aud"] == CLI
    assert claims["nonce"] == client.nonce
    assert claims["at_hash"]
    assert claims["name"] == "王建国"


def test_a_second_client_needs_no_second_log_in(browser, portal):
    browser.code(Client())
    answer = browser.http.get(portal.authorization())
    assert answer.headers["Location"].startswith(f"{ISSUER}/callback?code=")


def test_a_resource_may_be_named_by_its_url(browser, provider):
    tokens = browser.tokens(Client(), resource=f"{ISSUER}/api/parking")
    assert claims_of(provider, tokens["access_token"]).claims["aud"] == "parking"


def test_without_resource_the_token_is_for_userinfo_only(browser, provider):
    tokens = browser.tokens(Client())
    assert claims_of(provider, tokens["access_token"]).claims["aud"] == ISSUER
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert browser.http.get("/oauth2/userinfo", headers=bearer).get_json()["name"] == "王建国"


def test_a_refresh_token_gives_new_tokens_and_a_new_refresh_token(browser):
    client = Client()
    tokens = browser.tokens(client)
    form = {"grant_type": "refresh_token", "client_id": CLI}
    again = browser.token({**form, "refresh_token": tokens["refresh_token"]}).get_json()
    assert again["refresh_token"] != tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]


def test_a_workload_gets_a_token_for_itself(browser, provider):
    form = {"grant_type": "client_credentials", "resource": "identity"}
    answer = browser.token({**form, **assertion(provider, "parking")}).get_json()
    assert claims_of(provider, answer["access_token"]).claims["sub"] == "workload:parking"


def test_the_portal_exchanges_a_persons_token_for_another_audience(browser, provider, portal):
    code = browser.code(portal)
    form = portal.exchange(code) | assertion(provider, "portal")
    tokens = browser.token(form).get_json()
    answer = exchange(browser, provider, tokens["access_token"], "parking").get_json()
    claims = claims_of(provider, answer["access_token"]).claims
    assert claims["aud"] == "parking"
    assert claims["sub"] == demo.person_id("resident")
    assert answer["issued_token_type"].endswith("access_token")


def exchange(browser, provider, token, audience, client="portal"):
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "resource": audience,
    }
    return browser.token(form | assertion(provider, client))


def test_an_unknown_phone_becomes_a_person_who_is_asked_for_a_name(browser):
    page = browser.log_in(Client().authorization(), "13812345678")
    assert b'name="name"' in page.data
    page = browser.submit(page, name="钱多多")
    assert b'value="allow"' in page.data


def test_a_strong_log_in_asks_for_the_second_factor(browser, provider, portal):
    page = browser.log_in(portal.authorization(acr_values="urn:xianban:acr:2"), demo.phone("admin"))
    assert b'name="factor"' in page.data
    wrong = browser.submit(page, factor="000000")
    assert wrong.status_code == 400
    answer = browser.submit(wrong, factor="246810")
    form = portal.exchange(answered(answer)["code"]) | assertion(provider, "portal")
    claims = claims_of(provider, browser.token(form).get_json()["access_token"]).claims
    assert claims["acr"] == "urn:xianban:acr:2"
    assert {"pin", "mfa"} <= set(claims["amr"])


def test_the_strength_of_a_log_in_fades(browser, provider, portal, clock):
    page = browser.log_in(portal.authorization(acr_values="urn:xianban:acr:2"), demo.phone("admin"))
    browser.submit(page, factor="246810")
    clock.advance(timedelta(minutes=6))
    page = browser.get(portal.authorization(acr_values="urn:xianban:acr:2"))
    assert b'name="factor"' in page.data


def test_max_age_asks_again(browser, portal, clock):
    browser.code(portal)
    clock.advance(timedelta(minutes=2))
    assert b'name="phone"' in browser.get(portal.authorization(max_age="60")).data
    answer = browser.authorize(portal, max_age="60")
    assert "code" in answered(answer)


def test_prompt_none_answers_at_once(browser, portal):
    answer = browser.http.get(portal.authorization(prompt="none"))
    assert answered(answer)["error"] == "login_required"
    browser.code(portal)
    assert "code" in answered(browser.http.get(portal.authorization(prompt="none")))


def test_prompt_login_asks_again_once(browser, portal, clock):
    browser.code(portal)
    clock.advance(timedelta(minutes=1))
    assert "code" in answered(browser.authorize(portal, prompt="login"))
    assert b'name="phone"' in browser.get(portal.authorization(prompt="login")).data


def test_a_third_party_needs_the_persons_leave_once(browser):
    first = browser.log_in(Client().authorization(resource="parking"), demo.phone("resident"))
    text = first.get_data(as_text=True)
    assert "OIDC" in text
    assert "智慧停车" in text
    refused = browser.submit(first, decision="deny")
    assert answered(refused)["error"] == "access_denied"
    again = browser.get(Client().authorization(resource="parking"))
    assert "code" in answered(browser.submit(again, decision="allow"))
    assert "code" in answered(browser.http.get(Client().authorization(resource="parking")))


def test_log_out_ends_the_session_and_its_refresh_tokens(browser):
    client = Client()
    tokens = browser.tokens(client)
    browser.http.get("/oauth2/end_session")
    form = {"grant_type": "refresh_token", "client_id": CLI}
    answer = browser.token({**form, "refresh_token": tokens["refresh_token"]})
    assert answer.get_json()["error"] == "invalid_grant"
    assert b'name="phone"' in browser.get(Client().authorization()).data


def test_keys_rotate_without_a_gap(browser, provider, clock):
    before = browser.tokens(Client())["access_token"]
    published = browser.http.get("/oauth2/jwks").get_json()["keys"]
    assert len(published) == 2
    with provider.work() as uow:
        keys.rotate(uow, timedelta(days=30))
    after = browser.tokens(Client())["access_token"]
    kids = [json.loads(_part(token))["kid"] for token in (before, after)]
    assert kids[1] == published[1]["kid"] != kids[0]
    claims_of(provider, before)
    clock.advance(timedelta(minutes=7))
    assert kids[0] not in {k["kid"] for k in browser.http.get("/oauth2/jwks").get_json()["keys"]}


def _part(token):
    head = token.split(".")[0]
    return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
