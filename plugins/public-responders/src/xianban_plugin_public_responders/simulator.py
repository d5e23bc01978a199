"""A context broker on one's own machine: queries by type, pages, ETag and 304.

    python -m xianban_plugin_public_responders.simulator --port 8941

`GET /ngsi-ld/v1/entities?type=Responder&limit=…&offset=…` as ETSI GS CIM 009, 6.4.3.2: normalised
entities, a query without type, id or attributes is refused with problem details.
"""

from __future__ import annotations

import argparse
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson

from xianban_plugin_public_responders.demo import entities_at

__all__ = ["Simulator", "running"]

_PATH: Final = "/ngsi-ld/v1/entities"
_ERRORS: Final = "https://uri.etsi.org/ngsi-ld/errors"


class Simulator:
    """What the broker holds; tests change it while it runs."""

    def __init__(self, entities: Callable[[], list[dict[str, Any]]] | None = None) -> None:
        self.entities = entities or (lambda: entities_at(datetime.now(UTC)))
        # What is answered instead, as (status, body).
        self.instead: tuple[int, bytes] | None = None
        # (offset, status) of every answer.
        self.answers: list[tuple[int, int]] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where entities are asked for."""
        return f"http://127.0.0.1:{self.port}{_PATH}"

    def answer(self, path: str) -> tuple[int, bytes]:
        """(status, body)"""
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.instead is not None:
            return self.instead
        if parts.path != _PATH:
            return 404, _problem("ResourceNotFound")
        if "type" not in asked:
            return 400, _problem("BadRequestData")
        first, limit = int(asked.get("offset", 0)), int(asked.get("limit", 20))
        found = [one for one in self.entities() if one.get("type") == asked["type"]]
        return 200, orjson.dumps(found[first : first + limit])


def _problem(kind: str) -> bytes:
    return orjson.dumps({"type": f"{_ERRORS}/{kind}", "title": kind})


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
            status, body = simulator.answer(self.path)
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            offset = parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0]
            simulator.answers.append((int(offset), status))
            self.send_response(status)
            if status in (200, 304):
                self.send_header("ETag", etag)
            good = status in (200, 304)
            self.send_header(
                "Content-Type", "application/json" if good else "application/problem+json"
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Tests read `answers`."""

    return Handler


def main() -> None:
    """Serves the demo's responders until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8941)
    port: int = parser.parse_args().port
    with running(Simulator(), port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
