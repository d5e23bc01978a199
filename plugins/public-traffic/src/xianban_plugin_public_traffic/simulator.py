"""A traffic control centre on one's own machine: two publications, ETag, Last-Modified and 304.

    python -m xianban_plugin_public_traffic.simulator --port 8951

`GET /elaborated.xml` (ElaboratedDataPublication) and `/situations.xml` (SituationPublication) of
DATEX II v3, each a snapshot by pull; what they say is invented.
"""

from __future__ import annotations

import argparse
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from xianban_plugin_public_traffic.demo import closed_at, measured_at
from xianban_plugin_public_traffic.writing import (
    Closed,
    Measured,
    elaborated_data,
    situation_data,
)

__all__ = ["ELABORATED", "SITUATIONS", "Simulator", "running"]

ELABORATED: Final = "/elaborated.xml"
SITUATIONS: Final = "/situations.xml"


class Simulator:
    """What the control centre publishes; tests change it while it runs."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.published_at = clock
        self.measured: Callable[[], list[Measured]] = lambda: measured_at(clock())
        self.closed: Callable[[], list[Closed]] = lambda: closed_at(clock())
        # Path → the status that is answered instead of the document.
        self.broken: dict[str, int] = {}
        # Path → bytes in place of the document.
        self.replaced: dict[str, bytes] = {}
        # (path, status) of every answer.
        self.answers: list[tuple[str, int]] = []
        # Whether documents have an ETag; without, only Last-Modified.
        self.tagged = True
        self.port = 0

    def url(self, path: str) -> str:
        """The address of one of its documents."""
        return f"http://127.0.0.1:{self.port}{path}"

    def document(self, path: str) -> bytes | None:
        """What lies at a path; None: nothing."""
        if path in self.replaced:
            return self.replaced[path]
        if path == ELABORATED:
            return elaborated_data(self.published_at(), self.measured())
        if path == SITUATIONS:
            return situation_data(self.published_at(), self.closed())
        return None


@contextmanager
def running(simulator: Simulator, port: int = 0) -> Iterator[Simulator]:
    """Serves until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(simulator))
    simulator.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield simulator
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = simulator.document(self.path)
            status = simulator.broken.get(self.path, 200 if body is not None else 404)
            etag = f'"{hashlib.sha256(body or b"").hexdigest()[:16]}"'
            if status == 200 and self._known(etag):
                status = 304
            simulator.answers.append((self.path, status))
            self._answer(status, etag, body if status == 200 and body is not None else b"")

        def _known(self, etag: str) -> bool:
            """If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
            if simulator.tagged and "If-None-Match" in self.headers:
                return self.headers["If-None-Match"] == etag
            since = self.headers.get("If-Modified-Since")
            at = simulator.published_at().replace(microsecond=0)
            return since is not None and at <= parsedate_to_datetime(since)

        def _answer(self, status: int, etag: str, sent: bytes) -> None:
            self.send_response(status)
            if status in (200, 304):
                if simulator.tagged:
                    self.send_header("ETag", etag)
                at = simulator.published_at().astimezone(UTC)
                self.send_header("Last-Modified", format_datetime(at, usegmt=True))
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Tests read `answers`."""

    return Handler


def main() -> None:
    """Serves the demo's traffic until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8951)
    port: int = parser.parse_args().port
    with running(Simulator(), port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
