"""A real Envoy before small real processes: a gRPC servicer, a JWKS endpoint, a portal."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from joserfc import jwt
from joserfc.jwk import ECKey
from xianban.common.v1 import audit_pb2
from xianban.notify.v1 import messages_pb2, messages_pb2_grpc
from xianban_edge import Address, Edge, EdgeSettings, edge_services
from xianban_sdk.testing.ports import free_port

RESIDENT = "01J00000000000000000000000"
ISSUER = "http://127.0.0.1:8080"


@dataclass
class StubMessages(messages_pb2_grpc.MessageServiceServicer):
    """Answers what the tests ask for and remembers the headers it saw."""

    seen: list[dict[str, str]] = field(default_factory=list)
    delay: float = 0.0
    next_message: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def _note(self, context: grpc.ServicerContext) -> None:
        self.seen.append({str(k): str(v) for k, v in context.invocation_metadata()})

    def ListMessages(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(context)
        time.sleep(self.delay)
        if request.page_token == "typed-error":
            context.abort_with_status(rpc_status.to_status(typed_error()))
        if request.page_token == "going":
            context.abort(grpc.StatusCode.UNAVAILABLE, "Cancelling all calls")
        if request.page_token == "stale":
            context.abort_with_status(rpc_status.to_status(typed_error(14, "RELATIONS_STALE")))
        name = f"{request.parent}/messages/{RESIDENT}"
        return messages_pb2.ListMessagesResponse(messages=[messages_pb2.Message(name=name)])

    def ReadMessage(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(context)
        return messages_pb2.Message(name=request.name)

    def WatchMessages(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        self._note(context)
        context.send_initial_metadata(())  # the client knows that it is open
        for number in range(100):
            while not self.next_message.acquire(timeout=0.1):
                if not context.is_active():
                    return
            yield messages_pb2.Message(name=f"{request.parent}/messages/{number}")

    def ListAccesses(self, request: Any, context: grpc.ServicerContext) -> Any:
        return audit_pb2.ListAccessesResponse()


def typed_error(code: int = 9, reason: str = "LOT_FULL") -> status_pb2.Status:
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="xianban"))
    return status_pb2.Status(code=code, message="no", details=[detail])


class UnixHttpServer(ThreadingHTTPServer):
    """A small HTTP/1.1 process on a Unix socket."""

    address_family = socket.AF_UNIX
    daemon_threads = True

    def __init__(self, path: Path, answer: Any) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answer = answer
        super().__init__(str(path), _Handler)  # type: ignore[arg-type]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def server_bind(self) -> None:
        Path(str(self.server_address)).unlink(missing_ok=True)
        self.socket.bind(self.server_address)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        server: Any = self.server
        server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        kind, body = server.answer(self.path)
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def address_string(self) -> str:
        return "unix"

    def log_request(self, *_: Any) -> None:
        return


class Issuer:
    """Signs tokens as identity would, and as attackers would."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})

    def jwks(self) -> bytes:
        return json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": RESIDENT,
            "aud": "notify",
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        return {key: value for key, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        header = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}
        return jwt.encode(header, self.claims(**changes), self.key)


@dataclass
class Town:
    """What a test holds: the edge and all behind it."""

    settings: EdgeSettings
    edge: Edge
    messages: StubMessages
    issuer: Issuer
    identity: UnixHttpServer
    portal: UnixHttpServer
    server: grpc.Server
    resident: str = RESIDENT
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.settings.bind.port}"

    @property
    def url(self) -> str:
        return f"http://{self.target}"

    def client(self, token: str | None = None, **headers: str) -> httpx.Client:
        if token:
            headers["authorization"] = f"Bearer {token}"
        client = httpx.Client(base_url=self.url, headers=headers, timeout=10)
        self.clients.append(client)
        return client

    def messages_path(self, resident: str = RESIDENT) -> str:
        return f"/api/notify/v1/residents/{resident}/messages"


def serve_messages(messages: StubMessages, run: Path) -> grpc.Server:
    server = grpc.server(futures.ThreadPoolExecutor(8))
    messages_pb2_grpc.add_MessageServiceServicer_to_server(messages, server)
    for lane in ("", "-streams", "-safety"):
        server.add_insecure_port(f"unix:{run / f'notify{lane}.sock'}")
    server.start()
    return server


@pytest.fixture
def restart_messages(town: Town) -> Callable[[], None]:
    """Kills the service; calling the value brings it back."""
    town.server.stop(0).wait()

    def back() -> None:
        town.server = serve_messages(town.messages, town.settings.run)

    return back


@pytest.fixture
def another_edge(town: Town) -> Iterator[Callable[..., Edge]]:
    """Starts a second Envoy before the same services, with other settings."""
    started: list[Edge] = []

    def start(**changes: Any) -> Edge:
        run = Path(tempfile.mkdtemp(prefix="xf"))
        port = Address(host="127.0.0.1", port=free_port())
        settings = replace(
            town.settings,
            run=run,
            bind=port,
            identity_http=(Address(path=str(town.settings.run / "identity-http.sock")),),
            portal=Address(path=str(town.settings.run / "portal.sock")),
            **changes,
        )
        edge = Edge(settings, edge_services(["notify", "parking"], town.settings.run, {}))
        edge.start()
        started.append(edge)
        return edge

    yield start
    for edge in started:
        edge.stop(grace=0)
        shutil.rmtree(edge.settings.run)


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    # Short: a Unix socket's path holds 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="xe"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def town(run_folder: Path) -> Iterator[Town]:
    issuer, messages = Issuer(), StubMessages()
    identity = UnixHttpServer(
        run_folder / "identity-http.sock", lambda _: ("application/json", issuer.jwks())
    )
    portal = UnixHttpServer(run_folder / "portal.sock", lambda path: ("text/html", path.encode()))
    server = serve_messages(messages, run_folder)
    settings = EdgeSettings(
        run=run_folder,
        public_url=ISSUER,
        bind=Address(host="127.0.0.1", port=free_port()),
        origins=("https://partner.example",),
        jwks_seconds=1,
        reflection="notify",
    )
    edge = Edge(settings, edge_services(["notify"], run_folder, os.environ))
    edge.start()
    held = Town(settings, edge, messages, issuer, identity, portal, server)
    yield held
    edge.stop(grace=0.2)
    server.stop(0).wait()
    identity.close()
    portal.close()


@pytest.fixture(autouse=True)
def _hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "town" in request.fixturenames:
        held: Town = request.getfixturevalue("town")
        while held.clients:
            held.clients.pop().close()
