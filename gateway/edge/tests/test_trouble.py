"""Change and trouble: reloads, dead services, floods, deadlines, TLS, on a real Envoy."""

from __future__ import annotations

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
from xianban_edge import Edge, EdgeFailed, Limits, edge_services
from xianban_edge.descriptors import Catalogue, catalogue, read

METHOD = "/xianban.notify.v1.MessageService/ListMessages"


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def error_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    return response.json()


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
