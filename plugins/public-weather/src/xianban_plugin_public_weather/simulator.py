"""A weather service on one's own machine: Atom index, CAP messages, forecast, ETag and 304.

    python -m xianban_plugin_public_weather.simulator --port 8931

`GET /index.atom`, `/cap/{identifier}.xml`, `/forecast.json`. It follows the same specifications as
a real one; what it says is invented.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from xianban_sdk.simulating import Asked, Reply, conditional, etag_of, serving

from xianban_plugin_public_weather.bulletins import Bulletin, atom, cap, hourly
from xianban_plugin_public_weather.demo import bulletin_of

__all__ = ["Simulator", "running"]

_TYPES: Final = {"atom": "application/atom+xml", "xml": "application/cap+xml"}


class Simulator:
    """What the service publishes; tests change it while it runs."""

    def __init__(self) -> None:
        self.bulletins: list[Bulletin] = []
        self.degrees: list[float] = []
        self.first_hour = datetime.now(UTC)
        # Path → the status that is answered instead of the document.
        self.broken: dict[str, int] = {}
        # Path → bytes in place of the document.
        self.replaced: dict[str, bytes] = {}
        # (path, status) of every answer.
        self.answers: list[tuple[str, int]] = []
        self.port = 0

    def url(self, path: str) -> str:
        """The address of one of its documents."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str, asked: Asked) -> Reply:
        """A document, or that it is the one which the asker has."""
        body = self.document(path)
        status = self.broken.get(path, 200 if body is not None else 404)
        kind = _TYPES.get(path.rpartition(".")[2], "application/json")
        whole = Reply(status, body or b"", kind, etag_of(body or b""))
        reply = conditional(whole, asked) if status == 200 else Reply(status, b"", kind)
        self.answers.append((path, reply.status))
        return reply

    def document(self, path: str) -> bytes | None:
        """What lies at a path; None: nothing."""
        if path in self.replaced:
            return self.replaced[path]
        if path == "/index.atom":
            return atom(self.bulletins)
        if path == "/forecast.json":
            return hourly(self.first_hour, self.degrees)
        named = path.removeprefix("/cap/").removesuffix(".xml")
        return next((cap(one) for one in self.bulletins if one.identifier == named), None)


@contextmanager
def running(simulator: Simulator, port: int = 0) -> Iterator[Simulator]:
    """Serves until the end of the block."""
    with serving(simulator.answer, port) as simulator.port:
        yield simulator


def main() -> None:
    """Serves the day's demo bulletin until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8931)
    port: int = parser.parse_args().port
    simulator = Simulator()
    simulator.bulletins = [bulletin_of(datetime.now(UTC))]
    simulator.degrees = [4.0] * 36
    with running(simulator, port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
