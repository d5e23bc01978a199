"""A notification on a real wire, and the ways that stay closed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from xianban_sdk.simulating import running
from xianban_sensing.domain.endpoints import rules_of
from xianban_sensing.handlers.telling import Letter
from xianban_sensing.posting import NotTakenError, poster


class Receiver(HTTPServer):
    """Remembers what came; answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = 204
        self.came: list[tuple[str, str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/in?a=1"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append((self.path, self.headers["host"], body))
        self.send_response(self.server.answer)
        self.send_header("location", self.server.url)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with running(made):
        yield made


def letter(uri: str) -> Letter:
    return Letter(uri, {"content-type": "application/json"}, b"{}")


def test_it_arrives(receiver):
    poster(rules_of([f"127.0.0.1:{receiver.server_port}"]))(letter(receiver.url))
    host = f"127.0.0.1:{receiver.server_port}"
    assert receiver.came == [("/in?a=1", host, b"{}")]


@pytest.mark.parametrize("status", [302, 400, 500])
def test_any_other_answer_than_yes_is_none_and_redirects_are_not_followed(receiver, status):
    receiver.answer = status
    with pytest.raises(NotTakenError, match=str(status)):
        poster(rules_of(["127.0.0.1"]))(letter(receiver.url))
    assert len(receiver.came) == 1


def test_a_name_that_leads_inside_leads_nowhere(receiver, monkeypatch):
    def resolved(_host: str, port: int, *_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    uri = f"http://hooks.example.org:{receiver.server_port}/"
    with pytest.raises(NotTakenError, match="not allowed"):
        poster(rules_of(["hooks.example.org"]))(letter(uri))
    poster(rules_of(["hooks.example.org", "127.0.0.0/8"]))(letter(uri))
    assert [host for _, host, _ in receiver.came] == [f"hooks.example.org:{receiver.server_port}"]


def test_rules_that_became_stricter_hold_for_what_waits(receiver):
    with pytest.raises(NotTakenError, match="any more"):
        poster(rules_of([]))(letter(receiver.url))
    assert not receiver.came
