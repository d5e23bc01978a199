"""A context broker on one's own machine: queries by type, pages, ETag and 304.

    python -m xianban_plugin_public_responders.simulator --port 8941

`GET /ngsi-ld/v1/entities?type=Responder&limit=…&offset=…` as ETSI GS CIM 009, 6.4.3.2: normalised
entities, a query without type, id or attributes is refused with problem details.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
from xianban_sdk.simulating import Asked, Reply, conditional, etag_of, serving

from xianban_plugin_public_responders.demo import entities_at

__all__ = ["Simulator", "running"]

_PATH: Final = "/ngsi-ld/v1/entities"
_PROBLEM: Final = "application/problem+json"
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

    def answer(self, path: str, asked: Asked) -> Reply:
        """A page of entities, or that it is the one which the asker has."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reply = conditional(self._reply(parts.path, query), asked)
        self.answers.append((int(query.get("offset", 0)), reply.status))
        return reply

    def _reply(self, path: str, query: Mapping[str, str]) -> Reply:
        if self.instead is not None:
            status, body = self.instead
            return _page(body) if status == 200 else Reply(status, body, _PROBLEM)
        if path != _PATH:
            return _problem(404, "ResourceNotFound")
        if "type" not in query:
            return _problem(400, "BadRequestData")
        first, limit = int(query.get("offset", 0)), int(query.get("limit", 20))
        found = [one for one in self.entities() if one.get("type") == query["type"]]
        return _page(orjson.dumps(found[first : first + limit]))


def _page(body: bytes) -> Reply:
    return Reply(200, body, etag=etag_of(body))


def _problem(status: int, kind: str) -> Reply:
    return Reply(status, orjson.dumps({"type": f"{_ERRORS}/{kind}", "title": kind}), _PROBLEM)


@contextmanager
def running(simulator: Simulator, port: int = 0) -> Iterator[Simulator]:
    """Serves until the end of the block."""
    with serving(simulator.answer, port) as simulator.port:
        yield simulator


def main() -> None:
    """Serves the demo's responders until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8941)
    port: int = parser.parse_args().port
    with running(Simulator(), port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
