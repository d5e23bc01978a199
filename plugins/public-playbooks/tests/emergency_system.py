"""A small emergency system: tells its playbooks as JSON, with an ETag.

python emergency_system.py [port]
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["EmergencySystemSimulator"]

FLOOD: dict[str, Any] = {
    "id": "flood",
    "version": 1,
    "names": {"zh-CN": "内涝处置", "en": "Flood"},
    "fits": [{"domain": "eldercare"}],
    "steps": [
        {
            "id": "call",
            "texts": {"zh-CN": "致电低楼层老人", "en": "Call elders on ground floors"},
            "role": "dispatcher",
            "due_seconds": 300,
        }
    ],
}


class EmergencySystemSimulator:
    """`playbooks` are told; `fails` answers what it says instead."""

    def __init__(self, port: int = 0) -> None:
        self.playbooks: list[Any] = [FLOOD]
        self.fails: tuple[int, bytes] | None = None
        self.answers: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/playbooks"

    def __enter__(self) -> EmergencySystemSimulator:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, known: str) -> tuple[int, str, bytes]:
        """(status, ETag, body)"""
        if self.fails is not None:
            return self.fails[0], "", self.fails[1]
        body = json.dumps({"playbooks": self.playbooks}, ensure_ascii=False).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        return (304, etag, b"") if known == etag else (200, etag, body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        system = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, etag, body = system.answer(self.headers.get("If-None-Match", ""))
                system.answers.append(status)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if etag:
                    self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


if __name__ == "__main__":
    with EmergencySystemSimulator(int(sys.argv[1]) if sys.argv[1:] else 0) as running:
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
