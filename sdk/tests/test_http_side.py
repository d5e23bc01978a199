"""A service's HTTP side ends when it is told to, whoever keeps a connection open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from xianban_sdk.http_side import HttpSide


def serve(app: Any, folder: Path) -> tuple[HttpSide, threading.Thread, httpx.Client]:
    socket = folder / "http.sock"
    side = HttpSide(app, f"unix:{socket}")
    thread = threading.Thread(target=side.run, daemon=True)
    thread.start()
    transport = httpx.HTTPTransport(uds=str(socket))
    return side, thread, httpx.Client(transport=transport, base_url="http://service")


def greet(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("content-length", "2")])
    return [b"hi"]


def test_a_connection_kept_open_does_not_hold_up_the_end(tmp_path: Path) -> None:
    side, thread, client = serve(greet, tmp_path)
    with client:
        assert client.get("/").text == "hi"
        side.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_a_running_request_is_answered_first(tmp_path: Path) -> None:
    running, go_on = threading.Event(), threading.Event()

    def slow(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        running.set()
        go_on.wait(10)
        return greet(environ, start_response)

    side, thread, client = serve(slow, tmp_path)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(client.get("/").text))
    with client:
        asking.start()
        assert running.wait(10)
        ending = threading.Thread(target=side.stop)
        ending.start()
        go_on.set()
        for each in (asking, ending, thread):
            each.join(30)
    assert answers == ["hi"]
    assert not thread.is_alive()
