"""A traffic control centre on one's own machine: two publications, ETag, Last-Modified and 304.

    python -m xianban_plugin_public_traffic.simulator --port 8951

`GET /elaborated.xml` (ElaboratedDataPublication) and `/situations.xml` (SituationPublication) of
DATEX II v3, each a snapshot by pull; what they say is invented.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from xianban_sdk.simulating import Asked, Reply, conditional, etag_of, serving

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
_KIND: Final = "application/xml"


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

    def answer(self, path: str, asked: Asked) -> Reply:
        """A document, or that it is the one which the asker has."""
        body = self.document(path)
        status = self.broken.get(path, 200 if body is not None else 404)
        tag = etag_of(body or b"") if self.tagged else ""
        whole = Reply(status, body or b"", _KIND, tag, self.published_at())
        reply = conditional(whole, asked) if status == 200 else Reply(status, b"", _KIND)
        self.answers.append((path, reply.status))
        return reply

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
    with serving(simulator.answer, port) as simulator.port:
        yield simulator


def main() -> None:
    """Serves the demo's traffic until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8951)
    port: int = parser.parse_args().port
    with running(Simulator(), port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
