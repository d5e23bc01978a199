"""Somebody else's source on one's own machine: simulators of plugins answer GET through this."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer

__all__ = ["Answer", "Asked", "Reply", "conditional", "etag_of", "running", "serving"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a simulator answers; with ETag or time, who has it already can be told so."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    etag: str = ""
    last_modified: datetime | None = None


Asked = Message
# (path with query, headers) → reply
Answer = Callable[[str, Asked], Reply]


def etag_of(body: bytes) -> str:
    """A strong validator: it changes with the body alone."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def conditional(reply: Reply, asked: Asked) -> Reply:
    """304 in its place where the asker has it; ETag goes before time (RFC 9110, 13.2.2)."""
    if reply.status == 200 and _known(reply, asked):
        return replace(reply, status=304, body=b"")
    return reply


def _known(reply: Reply, asked: Asked) -> bool:
    if reply.etag and "If-None-Match" in asked:
        return asked["If-None-Match"] == reply.etag
    since, at = asked.get("If-Modified-Since"), reply.last_modified
    # HTTP dates have whole seconds.
    return bool(since and at and at.replace(microsecond=0) <= parsedate_to_datetime(since))


@contextmanager
def serving(answer: Answer, port: int = 0) -> Generator[int]:
    """Answers on loopback until the end of the block; yields the port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(answer))
    with running(server):
        yield server.server_address[1]


@contextmanager
def running(server: BaseServer) -> Generator[None]:
    """Serves in a thread of its own until the end of the block."""
    # How often it looks whether it shall end, in seconds: that is how long an end takes.
    often = {"poll_interval": 0.02}
    thread = threading.Thread(target=server.serve_forever, kwargs=often, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(
    answer: Answer,
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = answer(self.path, self.headers)
            self.send_response(reply.status)
            for name, value in _headers(reply).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Simulators keep what they answered, where anybody wants it."""

    return Handler


def _headers(reply: Reply) -> dict[str, str]:
    told = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body))}
    if reply.etag:
        told["ETag"] = reply.etag
    if reply.last_modified is not None:
        told["Last-Modified"] = format_datetime(reply.last_modified.astimezone(UTC), usegmt=True)
    return told
