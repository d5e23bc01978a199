"""What callers meet: a real Envoy in front of a real gRPC server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import time
from typing import Any

import grpc
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban.notify.v1 import messages_pb2, messages_pb2_grpc

METHOD = "/xianban.notify.v1.MessageService/ListMessages"


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def error_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    return response.json()


class TestOnePort:
    def test_json_is_transcoded_with_zeros_and_camel_case(self, town: Any) -> None:
        answer = town.client(town.issuer.token()).get(town.messages_path())
        assert answer.status_code == 200
        assert answer.json()["unreadCount"] == 0
        assert answer.json()["messages"][0]["name"].startswith(f"residents/{town.resident}/")

    def test_native_grpc_is_answered(self, town: Any) -> None:
        with grpc.insecure_channel(town.target) as channel:
            stub = messages_pb2_grpc.MessageServiceStub(channel)
            request = messages_pb2.ListMessagesRequest(parent=f"residents/{town.resident}")
            answer = stub.ListMessages(request, metadata=bearer(town.issuer.token()), timeout=5)
        assert len(answer.messages) == 1

    @pytest.mark.parametrize("text", [False, True])
    def test_grpc_web_is_answered(self, town: Any, text: bool) -> None:
        message = messages_pb2.ListMessagesRequest(parent="residents/x").SerializeToString()
        frame = struct.pack(">BI", 0, len(message)) + message
        kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
        answer = town.client(town.issuer.token()).post(
            METHOD,
            content=base64.b64encode(frame) if text else frame,
            headers={"content-type": kind, "accept": kind, "x-grpc-web": "1"},
        )
        assert answer.status_code == 200
        body = answer.content if not text else base64.b64decode(answer.content[:4]) + b""
        assert body[0] == 0  # a message frame, not trailers alone

    def test_reflection_is_routed_only_when_asked_for(self, town: Any) -> None:
        call = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        with grpc.insecure_channel(town.target) as channel, pytest.raises(grpc.RpcError) as error:
            list(channel.stream_stream(call)(iter([b""]), timeout=5))
        # The stub has no reflection: the refusal is the service's own, so the route exists.
        assert "Method not found" in error.value.details()

    def test_workload_methods_do_not_exist_from_outside(self, town: Any) -> None:
        with grpc.insecure_channel(town.target) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary("/xianban.common.v1.RelationService/ListRelations")(b"", timeout=5)
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED

    def test_everything_else_is_the_portals(self, town: Any) -> None:
        assert town.client().get("/parking/lots").text == "/parking/lots"
        assert town.client().get("/healthz").text == "/healthz"

    def test_oauth_paths_are_identitys(self, town: Any) -> None:
        town.client().get("/.well-known/openid-configuration")
        assert town.identity.requests[-1][0] == "/.well-known/openid-configuration"


def forged(town: Any) -> dict[str, str]:
    issuer, now = town.issuer, int(time.time())
    other = ECKey.generate_key("P-256", {"kid": "k1"})
    header = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}
    head, body, signature = issuer.token().split(".")

    def b64(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signed = f"{b64({**header, 'alg': 'HS256'})}.{body}"
    public = issuer.key.as_pem(private=False)
    mac = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    hs256 = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    embedded = {**header, "jwk": other.as_dict(private=False)}
    return {
        "alg none": f"{b64({**header, 'alg': 'none'})}.{body}.",
        "alg nOnE": f"{b64({**header, 'alg': 'nOnE'})}.{body}.",
        "HS256 with the public key": hs256,
        "expired": issuer.token(exp=now - 60),
        "another audience": issuer.token(aud="parking"),
        "audiences without us": issuer.token(aud=["parking", "identity"]),
        "no audience": issuer.token(aud=None),
        "another issuer": issuer.token(iss="http://evil.example"),
        "not yet valid": issuer.token(nbf=now + 600),
        "no exp": issuer.token(exp=None),
        "exp as text": issuer.token(exp="9999999999"),
        "another key, same kid": jwt.encode(header, issuer.claims(), other),
        "embedded jwk": jwt.encode(embedded, issuer.claims(), other),
        "tampered payload": f"{head}.{b64({**issuer.claims(), 'sub': 'x'})}.{signature}",
        "not a JWT": "hello",
        "empty signature": f"{head}.{body}.",
        "unknown kid": jwt.encode({**header, "kid": "k9"}, issuer.claims(), other),
        "huge": "a" * 2_000_000,
    }


class TestTokens:
    def test_forged_tokens_never_reach_the_service(self, town: Any) -> None:
        before = len(town.messages.seen)
        for case, token in forged(town).items():
            with town.client(token) as client:
                answer = client.get(town.messages_path())
            assert answer.status_code == (431 if case == "huge" else 401), case
        assert len(town.messages.seen) == before

    def test_a_missing_token_is_401_with_a_challenge(self, town: Any) -> None:
        answer = town.client().get(town.messages_path())
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_where_no_token_is_needed_a_bad_one_is_still_refused(
        self, town: Any, another_edge: Any
    ) -> None:
        edge, path = another_edge(), "/api/parking/v1/lots"
        url = f"http://127.0.0.1:{edge.settings.bind.port}{path}"
        asked = {
            "": 503,  # let through; nobody serves parking here
            town.issuer.token(aud="parking"): 503,
            town.issuer.token(aud="notify"): 401,
            forged(town)["alg none"]: 401,
        }
        for token, status in asked.items():
            headers = {"authorization": f"Bearer {token}"} if token else {}
            assert httpx.get(url, headers=headers).status_code == status

    def test_a_token_in_the_query_does_not_count(self, town: Any) -> None:
        path = f"{town.messages_path()}?access_token={town.issuer.token()}"
        assert town.client().get(path).status_code == 401

    def test_grpc_without_a_token_is_unauthenticated(self, town: Any) -> None:
        with grpc.insecure_channel(town.target) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(METHOD)(b"", timeout=5)
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED

    def test_the_token_is_handed_on(self, town: Any) -> None:
        token = town.issuer.token()
        town.client(token).get(town.messages_path())
        assert town.messages.seen[-1]["authorization"] == f"Bearer {token}"

    def test_known_keys_hold_while_identity_is_away(self, town: Any) -> None:
        answer = town.identity.answer
        town.identity.answer = lambda _: ("text/plain", b"broken")
        try:
            time.sleep(2.5)  # two periods of this edge's key cache
            got = town.client(town.issuer.token()).get(town.messages_path())
        finally:
            town.identity.answer = answer
        assert got.status_code == 200


class TestHeaders:
    def test_headers_only_the_suite_may_set_are_removed(self, town: Any) -> None:
        names = (
            "x-xianban-workload",
            "x-xianban-anything",
            "x-xianban-signatures",
            "x-xianban-sig",
            "x-envoy-original-path",
            "x-envoy-internal",
            "x-forwarded-client-cert",
            "x-forwarded-host",
            "x-real-ip",
            "forwarded",
        )
        client = town.client(town.issuer.token(), **dict.fromkeys(names, "forged"))
        assert client.get("/page").status_code == 200
        assert "forged" not in town.portal.requests[-1][1].values()
        assert client.get(town.messages_path()).status_code == 200
        assert "forged" not in town.messages.seen[-1].values()

    def test_a_machines_signature_passes(self, town: Any) -> None:
        client = town.client(town.issuer.token(), **{"x-xianban-signature": "t=1,v1=ab"})
        client.get(town.messages_path())
        assert town.messages.seen[-1]["x-xianban-signature"] == "t=1,v1=ab"

    def test_a_forwarded_for_from_outside_is_not_the_client(self, town: Any) -> None:
        town.client(**{"x-forwarded-for": "10.9.8.7"}).get("/page")
        assert town.portal.requests[-1][1]["x-forwarded-for"].count("10.9.8.7") == 0

    def test_a_trace_goes_on_or_begins(self, town: Any) -> None:
        trace = "0af7651916cd43dd8448eb211c80319c"
        client = town.client(town.issuer.token())
        client.get(town.messages_path(), headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert trace in town.messages.seen[-1]["traceparent"]
        client.get(town.messages_path())
        assert trace not in town.messages.seen[-1]["traceparent"]

    def test_every_answer_carries_security_headers(self, town: Any) -> None:
        for path in ("/page", "/api/nowhere", town.messages_path()):
            headers = town.client().get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["server"] == "xianban"
            assert not [name for name in headers if name.startswith("x-envoy")]

    def test_only_configured_origins_may_call_across(self, town: Any) -> None:
        preflight = {"access-control-request-method": "GET"}
        for origin, allowed in (("https://partner.example", True), ("https://evil.example", False)):
            answer = town.client(origin=origin, **preflight).options(town.messages_path())
            assert ("access-control-allow-origin" in answer.headers) is allowed


class TestRefusals:
    def test_local_replies_are_rpc_status_in_the_callers_language(self, town: Any) -> None:
        for language, word in (
            ("en", "sign in"),
            ("fr, en;q=0.5", "sign in"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "请先登录"),
            ("", "请先登录"),
        ):
            client = town.client(**{"accept-language": language})
            body = error_of(client.get(town.messages_path()))
            assert body["code"] == 16
            assert word in body["message"]
            assert body["details"][0]["reason"] == "TOKEN_REFUSED"

    def test_an_unknown_operation_is_404(self, town: Any) -> None:
        client = town.client(town.issuer.token())
        for path in ("/api/notify/v1/nothing", "/api/nowhere/v1/x"):
            answer = client.get(path)
            assert (answer.status_code, error_of(answer)["code"]) == (404, 5)

    def test_a_known_path_under_another_verb_is_405_with_allow(self, town: Any) -> None:
        answer = town.client(town.issuer.token()).delete(town.messages_path())
        assert (answer.status_code, error_of(answer)["code"]) == (405, 12)
        assert answer.headers["allow"] == "GET"

    def test_an_unknown_parameter_is_400_and_named(self, town: Any) -> None:
        answer = town.client(town.issuer.token()).get(town.messages_path() + "?colour=red")
        body = error_of(answer)
        assert answer.status_code == 400
        assert "colour" in body["details"][0]["metadata"]["detail"]

    @pytest.mark.parametrize("body", ["{", '{"requestId": {}}', "[]"])
    def test_a_malformed_body_is_400(self, town: Any, body: str) -> None:
        path = f"{town.messages_path()}/{town.resident}:read"
        answer = town.client(town.issuer.token()).post(
            path, content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, error_of(answer)["code"]) == (400, 3)

    def test_a_body_too_large_is_413(self, town: Any) -> None:
        path = f"{town.messages_path()}/{town.resident}:read"
        body = json.dumps({"requestId": "x" * (2 << 20)})
        answer = town.client(town.issuer.token()).post(path, content=body)
        assert (answer.status_code, error_of(answer)["code"]) == (413, 8)

    def test_typed_errors_of_a_service_come_through_as_json(self, town: Any) -> None:
        path = town.messages_path() + "?pageToken=typed-error"
        answer = town.client(town.issuer.token()).get(path)
        assert answer.status_code == 400
        assert error_of(answer)["details"][0]["reason"] == "LOT_FULL"

    def test_facades_keep_their_own_form(self, town: Any) -> None:
        big = "x" * (2 << 20)
        answer = town.client().post("/oauth2/token", content=big)
        assert answer.status_code == 413
        assert set(answer.json()) == {"error", "error_description"}
        answer = town.client().post("/apds/v4/places", content=big)
        assert set(answer.json()) == {"status", "message"}
        answer = town.client().post("/ngsi-ld/v1/entities", content=big)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["status"], answer.json()["type"]) == (413, "about:blank")


class TestStreams:
    def test_each_message_is_flushed_as_an_event(self, town: Any) -> None:
        path = town.messages_path() + ":watch"
        with town.client(town.issuer.token()).stream("GET", path) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            events = (line for line in answer.iter_lines() if line.startswith("data:"))
            for number in range(3):
                town.messages.next_message.release()
                assert next(events).count(f"messages/{number}") == 1
