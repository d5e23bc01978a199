"""What callers meet: a real Envoy in front of a real gRPC server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban.notify.v1 import messages_pb2, messages_pb2_grpc
from xianban_edge import Edge, EdgeFailed, Limits, edge_services
from xianban_edge.descriptors import Catalogue, catalogue, read

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


class TestStreams:
    def test_each_message_is_flushed_as_an_event(self, town: Any) -> None:
        path = town.messages_path() + ":watch"
        with town.client(town.issuer.token()).stream("GET", path) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            events = (line for line in answer.iter_lines() if line.startswith("data:"))
            for number in range(3):
                town.messages.next_message.release()
                assert next(events).count(f"messages/{number}") == 1


class TestChange:
    def test_a_new_service_is_routed_without_cutting_calls_in_flight(self, town: Any) -> None:
        run, results = town.settings.run, []
        town.messages.delay = 1.0
        token = town.issuer.token()

        def call() -> None:
            results.append(town.client(token).get(town.messages_path()).status_code)

        threads = [threading.Thread(target=call) for _ in range(5)]
        with town.client(token).stream("GET", town.messages_path() + ":watch") as stream:
            for thread in threads:
                thread.start()
            time.sleep(0.2)
            assert town.client().get("/api/parking/v1/x").status_code == 404
            changed = town.edge.reload(edge_services(["notify", "parking"], run, {}))
            wait_until(lambda: town.client().get("/api/parking/v1/x").status_code == 401)
            town.messages.next_message.release()
            events = (line for line in stream.iter_lines() if line.startswith("data:"))
            assert next(events)
            for thread in threads:
                thread.join()
        town.messages.delay = 0.0
        assert results == [200] * 5
        assert "bootstrap.json" not in changed
        town.edge.reload(edge_services(["notify"], run, {}))
        wait_until(lambda: town.client().get("/api/parking/v1/x").status_code == 404)

    def test_new_descriptors_replace_the_listener_and_cut_nothing(self, town: Any) -> None:
        """A descriptor change is a new listener on the same socket; the old one drains."""
        token, swaps = town.issuer.token(), "listener_manager.listener_modified"
        before, answers, stopped = town.edge.stat(swaps), Counter(), threading.Event()

        def call() -> None:
            with httpx.Client(headers={"authorization": f"Bearer {token}"}) as client:
                while not stopped.is_set():
                    answers[client.get(town.url + town.messages_path()).status_code] += 1

        threads = [threading.Thread(target=call) for _ in range(4)]
        with town.client(token).stream("GET", town.messages_path() + ":watch") as stream:
            for thread in threads:
                thread.start()
            town.edge.reload(found=changed_descriptors())
            wait_until(lambda: town.edge.stat(swaps) > before)
            time.sleep(0.3)
            stopped.set()
            for thread in threads:
                thread.join()
            town.messages.next_message.release()
            assert next(line for line in stream.iter_lines() if line.startswith("data:"))
        assert set(answers) == {200}
        town.edge.reload(found=catalogue())


def changed_descriptors() -> Catalogue:
    files = FileDescriptorSet()
    files.CopyFrom(catalogue().files)
    files.file.add(name="added.proto", package="added", syntax="proto3")
    return read(files.SerializeToString())


class TestTrouble:
    def test_a_dead_service_is_503_at_once_and_back_within_two_seconds(
        self, town: Any, restart_messages: Any
    ) -> None:
        client, begin = town.client(town.issuer.token()), time.monotonic()
        answer = client.get(town.messages_path())
        refused_after = time.monotonic() - begin
        assert (answer.status_code, error_of(answer)["code"]) == (503, 14)
        assert refused_after < 2
        restart_messages()
        wait_until(lambda: client.get(town.messages_path()).status_code == 200, seconds=2)

    def test_too_many_requests_of_one_client_are_429(self, another_edge: Any) -> None:
        edge = another_edge(limits=Limits(client_requests_per_second=5))
        with httpx.Client(base_url=url_of(edge)) as client:
            answers = [client.get("/api/nowhere") for _ in range(40)]
        assert Counter(one.status_code for one in answers)[429] >= 20
        refused = next(one for one in answers if one.status_code == 429)
        assert error_of(refused)["code"] == 8
        assert refused.headers["retry-after"] == "1"

    def test_a_slow_call_ends_with_504(self, town: Any, another_edge: Any) -> None:
        edge = another_edge(limits=Limits(unary_seconds=1))
        town.messages.delay = 2.0
        headers = {"authorization": f"Bearer {town.issuer.token()}"}
        try:
            with httpx.Client(base_url=url_of(edge), headers=headers) as client:
                answer = client.get(town.messages_path())
        finally:
            town.messages.delay = 0.0
        assert (answer.status_code, error_of(answer).get("code")) == (504, 4), answer.text

    def test_a_grpc_deadline_of_the_callers_is_kept(self, town: Any) -> None:
        town.messages.delay = 1.0
        metadata = [*bearer(town.issuer.token()), ("x-test", "1")]
        with grpc.insecure_channel(town.target) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(METHOD)(b"", metadata=metadata, timeout=0.3)
        town.messages.delay = 0.0
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED

    def test_stopping_lets_calls_in_flight_finish(self, town: Any, another_edge: Any) -> None:
        edge, results = another_edge(), []
        town.messages.delay = 1.0
        headers = {"authorization": f"Bearer {town.issuer.token()}"}
        path = url_of(edge) + town.messages_path()
        call = threading.Thread(
            target=lambda: results.append(httpx.get(path, headers=headers).status_code)
        )
        call.start()
        wait_until(lambda: edge.stat("http.edge.downstream_rq_active") > 0)
        edge.stop(grace=5)
        call.join()
        town.messages.delay = 0.0
        assert results == [200]

    def test_a_taken_port_is_said_so(self, town: Any, tmp_path: Path) -> None:
        second = Edge(replace(town.settings, run=tmp_path), [])
        with pytest.raises(EdgeFailed, match="cannot listen on"):
            second.start()

    def test_rapid_resets_close_the_connection(self, another_edge: Any) -> None:
        """HTTP/2 rapid reset: a connection whose streams all die young is closed."""
        edge = another_edge(limits=Limits(early_resets=50))
        with socket.create_connection(("127.0.0.1", edge.settings.bind.port)) as connection:
            sent = rapid_reset(connection, 20_000)
        assert sent < 20_000 or edge.stat("http.edge.downstream_rq_too_many_premature_resets") > 0


def rapid_reset(connection: socket.socket, count: int) -> int:
    """Opens and resets streams as fast as the peer takes them; how many went out."""
    headers = b"\x82\x86\x84\x41\x01a"  # GET http / authority a, in HPACK
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
    for number in range(count):
        stream = 2 * number + 1
        pair = frame(1, 5, stream, headers) + frame(3, 0, stream, struct.pack(">I", 8))
        try:
            connection.sendall(pair)
        except OSError:
            return number
    return count


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class TestTls:
    def test_tls_speaks_http2_and_sends_hsts(self, another_edge: Any, tmp_path: Path) -> None:
        certificate, key = self_signed(tmp_path)
        edge = another_edge(
            tls_certificate=str(certificate), tls_key=str(key), public_url="https://localhost"
        )
        context = ssl.create_default_context(cafile=str(certificate))
        context.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", edge.settings.bind.port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as secured,
        ):
            assert secured.selected_alpn_protocol() == "h2"
        context.set_alpn_protocols(["http/1.1"])
        with httpx.Client(verify=context) as client:
            answer = client.get(f"https://localhost:{edge.settings.bind.port}/api/nowhere")
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, key_pem


def url_of(edge: Edge) -> str:
    return f"http://127.0.0.1:{edge.settings.bind.port}"


def wait_until(true: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("never came true")
