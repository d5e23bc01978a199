"""What must be refused, each with the client doing everything else right."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from xianban_identity.repository import sessions
from xianban_identity.testing import CLI, ISSUER, Client, answered, assertion
from xianban_sdk import demo
from xianban_sdk.identity.workload import load_or_create_key
from xianban_sdk.rpc import Scope

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"


def refused(answer, error):
    assert answer.status_code in (400, 401), answer.get_data(as_text=True)
    assert answer.get_json()["error"] == error
    assert "access_token" not in answer.get_json()


def refresh(browser, token, **changes):
    form = {"grant_type": "refresh_token", "client_id": CLI, "refresh_token": token}
    return browser.token({**form, **changes})


# -- the authorization code ---------------------------------------------------------------------


def test_a_replayed_code_is_refused_and_revokes_what_it_gave(browser):
    client = Client()
    code = browser.code(client)
    tokens = browser.token(client.exchange(code)).get_json()
    refused(browser.token(client.exchange(code)), "invalid_grant")
    refused(refresh(browser, tokens["refresh_token"]), "invalid_grant")


def test_a_wrong_verifier_is_refused_and_burns_the_code(browser):
    client = Client()
    code = browser.code(client)
    refused(browser.token(client.exchange(code, code_verifier="x" * 43)), "invalid_grant")
    refused(browser.token(client.exchange(code)), "invalid_grant")


def test_a_missing_verifier_is_refused(browser):
    client = Client()
    refused(
        browser.token(client.exchange(browser.code(client), code_verifier=None)), "invalid_request"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
    ids=["missing", "plain", "no method", "not a hash"],
)
@pytest.mark.parametrize("confidential", [False, True])
def test_pkce_s256_is_required_of_every_client(browser, portal, confidential, changes):
    client = portal if confidential else Client()
    answer = browser.http.get(client.authorization(**changes))
    assert answered(answer)["error"] == "invalid_request"
    assert answered(answer)["state"] == client.state
    assert answered(answer)["iss"] == ISSUER


def test_a_public_client_may_use_any_port_of_its_loopback_address(browser):
    client = Client(redirect_uri="http://127.0.0.1:61234/cb")
    assert "code" in answered(browser.authorize(client))


@pytest.mark.parametrize(
    "redirect",
    [
        "http://127.0.0.1:5000/other",
        "http://127.0.0.1:5000/cb/",
        "http://127.0.0.1:5000/cb?next=x",
        "http://127.0.0.1:5000@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost:5000/cb",
        "https://127.0.0.1:5000/cb",
        "http://127.0.0.1:99999999/cb",
        'http://127.0.0.1:5000/cb"><script>',
        "javascript:alert(1)",
        "",
    ],
)
def test_a_wrong_redirect_is_never_followed(browser, redirect):
    answer = browser.http.get(Client(redirect_uri=redirect).authorization())
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert b"<script>" not in answer.data.replace(b"<script src=", b"")


def test_the_code_is_only_good_with_the_redirect_it_was_made_for(browser):
    client = Client()
    code = browser.code(client)
    form = client.exchange(code, redirect_uri="http://127.0.0.1:5001/cb")
    refused(browser.token(form), "invalid_grant")


def test_another_client_cannot_use_the_code(browser):
    client = Client()
    form = client.exchange(browser.code(client), client_id="demo-cli")
    refused(browser.token(form), "invalid_grant")


def test_a_code_is_good_for_a_minute(browser, clock):
    client = Client()
    code = browser.code(client)
    clock.advance(timedelta(seconds=61))
    refused(browser.token(client.exchange(code)), "invalid_grant")


def test_a_scope_or_service_the_client_was_not_given_is_refused(browser):
    asked = Client().authorization(scope="openid everything")
    assert answered(browser.http.get(asked))["error"] == "invalid_scope"
    asked = Client().authorization(resource="health")
    assert answered(browser.http.get(asked))["error"] == "invalid_target"


def test_the_token_endpoint_gives_no_audience_that_was_not_granted(browser):
    client = Client()
    code = browser.code(client, resource="parking")
    refused(browser.token(client.exchange(code, resource="identity")), "invalid_target")


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", 'x"y'])
def test_other_flows_are_refused(browser, response_type):
    answer = browser.http.get(Client().authorization(response_type=response_type))
    assert answer.status_code in (302, 400)
    assert "code=" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("grant", ["password", "implicit", 'x"y', ""])
def test_other_grants_are_refused(browser, grant):
    answer = browser.token({"grant_type": grant, "client_id": CLI})
    assert answer.status_code == 400


# -- refresh tokens -----------------------------------------------------------------------------


def test_a_reused_refresh_token_ends_the_session(browser, provider):
    first = browser.tokens(Client())["refresh_token"]
    second = refresh(browser, first).get_json()["refresh_token"]
    refused(refresh(browser, first), "invalid_grant")
    refused(refresh(browser, second), "invalid_grant")
    me = demo.person_id("resident")
    with provider.db.read() as conn:
        assert sessions.of(conn, Scope(me, me), provider.now()) == []


def test_another_client_cannot_use_a_refresh_token(browser):
    token = browser.tokens(Client())["refresh_token"]
    refused(refresh(browser, token, client_id="demo-cli"), "invalid_grant")


def test_a_refresh_cannot_widen_the_scope(browser):
    token = browser.tokens(Client())["refresh_token"]
    refused(refresh(browser, token, scope="openid phone"), "invalid_scope")


def test_a_revoked_refresh_token_is_dead(browser):
    token = browser.tokens(Client())["refresh_token"]
    assert browser.http.post("/oauth2/revoke", data={"token": token, "client_id": CLI}).status == (
        "200 OK"
    )
    refused(refresh(browser, token), "invalid_grant")


# -- client authentication ----------------------------------------------------------------------


def workload(browser, form):
    return browser.token({"grant_type": "client_credentials", "resource": "parking", **form})


def test_an_assertion_is_good_once(browser, provider):
    form = assertion(provider, "parking")
    assert workload(browser, form).status_code == 200
    refused(workload(browser, form), "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example/token"},
        {"aud": [f"{ISSUER}/oauth2/token", "https://elsewhere.example"]},
        {"iss": "portal"},
        {"sub": "portal"},
        {"exp": None},
        {"exp": "4102444800"},
        {"exp": 1},
        {"exp": 4102444800},
        {"jti": None},
        {"jti": ""},
        {"nbf": 4102444800},
    ],
    ids=str,
)
def test_an_assertion_must_be_the_clients_own_for_us_and_of_now(browser, provider, changes):
    load_or_create_key(provider.settings.keys, "portal")
    refused(workload(browser, assertion(provider, "parking", **changes)), "invalid_client")


def test_an_assertion_by_another_key_is_refused(browser, provider):
    load_or_create_key(provider.settings.keys, "parking")
    form = assertion(provider, "parking", key=ECKey.generate_key("P-256"))
    refused(workload(browser, form), "invalid_client")


def test_an_unsigned_assertion_is_refused(browser, provider):
    form = assertion(provider, "parking")
    _, payload, _ = form["client_assertion"].split(".")
    for algorithm in ("none", "nOnE"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode()
        form["client_assertion"] = f"{header.rstrip('=')}.{payload}."
        refused(workload(browser, form), "invalid_client")


def test_an_assertion_keyed_with_the_public_key_is_refused(browser, provider):
    public = provider.settings.keys / "parking.pub.json"
    load_or_create_key(provider.settings.keys, "parking")
    key = OctKey.import_key(public.read_bytes())
    form = assertion(provider, "parking")
    claims = jwt.decode(
        form["client_assertion"], load_or_create_key(provider.settings.keys, "parking")
    ).claims
    form["client_assertion"] = jwt.encode({"alg": "HS256"}, claims | {"jti": "another1"}, key)
    refused(workload(browser, form), "invalid_client")


def test_a_confidential_client_must_say_who_it_is(browser, portal):
    refused(browser.token(portal.exchange(browser.code(portal))), "invalid_client")


def test_a_public_client_gets_no_token_for_itself(browser):
    answer = browser.token({"grant_type": "client_credentials", "client_id": CLI})
    refused(answer, "invalid_client")


@pytest.mark.parametrize("name", ["../master", "portal/../portal", "PORTAL", "x" * 200, "a b"])
def test_a_client_id_never_becomes_another_file(browser, name):
    answer = browser.http.get(Client(name).authorization())
    assert answer.status_code == 400


# -- token exchange -----------------------------------------------------------------------------


def exchanged(browser, provider, token, audience="parking", client="portal", **changes):
    form = {
        "grant_type": EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS,
        "resource": audience,
        **changes,
    }
    return browser.token({**form, **assertion(provider, client)})


@pytest.fixture
def portal_token(browser, provider, portal):
    form = portal.exchange(browser.code(portal)) | assertion(provider, "portal")
    return browser.token(form).get_json()["access_token"]


def test_only_who_holds_the_token_rightly_may_exchange_it(browser, provider, portal_token):
    refused(exchanged(browser, provider, portal_token, client="parking"), "invalid_request")


@pytest.fixture
def facade_token(browser):
    """What a program was given for the NGSI-LD façade."""
    form = {"alias": "vendor", "audience": "ngsi-ld"}
    answer = browser.http.post("/internal/demo-token", data=form)
    return answer.get_json()["access_token"]


def test_the_portal_passes_inwards_what_is_meant_for_its_facades(browser, provider, facade_token):
    answer = exchanged(browser, provider, facade_token, "sensing").get_json()
    body = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (claims["aud"], claims["sub"]) == ("sensing", demo.person_id("vendor"))


def test_nobody_else_does(browser, provider, facade_token):
    for client in ("sensing", "parking"):
        answer = exchanged(browser, provider, facade_token, "sensing", client=client)
        refused(answer, "invalid_request")


def test_the_portal_passes_on_nothing_that_others_were_given_for_a_service(browser, provider):
    form = {"alias": "vendor", "audience": "parking"}
    answer = browser.http.post("/internal/demo-token", data=form)
    token = answer.get_json()["access_token"]
    refused(exchanged(browser, provider, token, "sensing"), "invalid_request")


def test_an_exchange_cannot_lengthen_or_widen(browser, provider, portal_token, clock):
    clock.advance(timedelta(seconds=200))
    answer = exchanged(browser, provider, portal_token).get_json()
    assert answer["expires_in"] <= 100
    refused(
        exchanged(browser, provider, portal_token, scope="openid phone everything"), "invalid_scope"
    )


def test_an_exchange_is_for_one_known_audience(browser, provider, portal_token):
    refused(exchanged(browser, provider, portal_token, "nowhere"), "invalid_target")
    refused(exchanged(browser, provider, portal_token, ""), "invalid_target")


def test_what_is_no_access_token_of_ours_is_not_exchanged(browser, provider, portal):
    tokens = browser.token(
        portal.exchange(browser.code(portal)) | assertion(provider, "portal")
    ).get_json()
    key = ECKey.generate_key("P-256")
    claims = {
        "sub": demo.person_id("elder"),
        "aud": "parking",
        "iss": ISSUER,
        "client_id": "portal",
    }
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "x"}, claims, key)
    for token in (tokens["id_token"], tokens["refresh_token"], forged, "x" * 2_000_0, "", "a.b.c"):
        refused(exchanged(browser, provider, token), "invalid_request")


def test_after_the_session_ended_nothing_is_exchanged(browser, provider, portal_token):
    browser.http.get("/oauth2/end_session")
    refused(exchanged(browser, provider, portal_token), "invalid_grant")


def test_a_workloads_token_cannot_be_exchanged_for_a_persons(browser, provider):
    token = workload(browser, assertion(provider, "portal")).get_json()["access_token"]
    refused(exchanged(browser, provider, token), "invalid_request")


# -- the pages ----------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused(browser):
    page = browser.get(Client().authorization())
    answer = browser.submit(page, phone="13900000001", csrf="forged")
    assert answer.status_code == 400


def test_a_flow_is_of_no_use_in_another_browser(browser, provider):
    from xianban_identity.testing import Browser

    page = browser.get(Client().authorization())
    flow = page.request.args["flow"]
    assert Browser(provider).get(f"/signin/phone?flow={flow}").status_code == 400


def test_the_demo_code_is_shown_once(browser):
    page = browser.submit(browser.get(Client().authorization()), phone="13900000001")
    assert b"screen-code" in page.data
    again = browser.get(page.request.full_path)
    assert b"screen-code" not in again.data


def test_five_wrong_codes_kill_the_right_one(browser):
    from xianban_identity.testing import screen_code_of

    page = browser.submit(browser.get(Client().authorization()), phone="13900000001")
    code = screen_code_of(page)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        page = browser.submit(page, code=wrong)
        assert page.status_code == 400
    assert browser.submit(page, code=code).status_code == 400


def test_a_code_lives_five_minutes_and_works_once(browser, clock):
    from xianban_identity.testing import screen_code_of

    page = browser.submit(browser.get(Client().authorization()), phone="13900000001")
    code = screen_code_of(page)
    clock.advance(timedelta(minutes=5, seconds=1))
    assert browser.submit(page, code=code).status_code == 400


def test_codes_are_limited_per_phone_and_per_address(browser, clock):
    for number in range(10):
        page = browser.get(Client().authorization())
        sent = browser.submit(page, phone="13900000002")
        assert b"screen-code" in sent.data, number
        clock.advance(timedelta(seconds=31))
    page = browser.get(Client().authorization())
    assert browser.submit(page, phone="13900000002").status_code == 400
    assert b"screen-code" in browser.submit(page, phone="13900000003").data


def test_pages_send_a_strict_policy(browser):
    page = browser.get(Client().authorization())
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://127.0.0.1:5000" in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_the_pages_follow_language_and_profile(browser):
    page = browser.get(Client().authorization(ui_locales="en"))
    assert (
        b"Mobile number"
        in browser.get(
            "/signin/phone", query_string={"flow": page.request.args["flow"], "ui_locales": "en"}
        ).data
    )
    elder = browser.get(
        "/signin/phone", query_string={"flow": page.request.args["flow"], "profile": "elder"}
    )
    assert b'data-profile="elder"' in elder.data


def test_only_an_id_token_of_ours_logs_a_person_out_without_a_cookie(browser, provider):
    from xianban_identity.testing import Browser

    client = Client()
    tokens = browser.tokens(client)
    head, payload, _ = tokens["id_token"].split(".")
    Browser(provider).http.get(f"/oauth2/end_session?id_token_hint={head}.{payload}.AAAA")
    kept = refresh(browser, tokens["refresh_token"])
    assert kept.status_code == 200
    Browser(provider).http.get(f"/oauth2/end_session?id_token_hint={tokens['id_token']}")
    refused(refresh(browser, kept.get_json()["refresh_token"]), "invalid_grant")
