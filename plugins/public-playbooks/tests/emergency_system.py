"""A small emergency system: tells its playbooks as JSON, with an ETag.

python emergency_system.py [port]
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import ExitStack
from typing import Any

from xianban_sdk.simulating import Asked, Reply, conditional, etag_of, serving

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
        self._port = port
        self._open = ExitStack()

    def __enter__(self) -> EmergencySystemSimulator:
        port = self._open.enter_context(serving(self._answer, self._port))
        self.url = f"http://127.0.0.1:{port}/playbooks"
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _answer(self, _path: str, asked: Asked) -> Reply:
        reply = conditional(self._reply(), asked)
        self.answers.append(reply.status)
        return reply

    def _reply(self) -> Reply:
        if self.fails is not None:
            return Reply(*self.fails)
        body = json.dumps({"playbooks": self.playbooks}, ensure_ascii=False).encode()
        return Reply(200, body, etag=etag_of(body))


if __name__ == "__main__":
    with EmergencySystemSimulator(int(sys.argv[1]) if sys.argv[1:] else 0) as system:
        sys.stdout.write(f"{system.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
