"""Channels between processes: patient with one that is busy, quick with one that is back."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from xianban_sdk.rpc import clients
from xianban_sdk.testing import ServiceUnderTest

# A machine under load answers a new connection no sooner.
BUSY = 0.8


class Slow:
    """Stands before a service: takes connections at once, and passes on what they say later."""

    def __init__(self, path: Path, behind: str) -> None:
        self._behind = behind
        self.taken = 0
        self._open = ExitStack()
        self._listening = self._open.enter_context(socket.socket(socket.AF_UNIX))
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            self.taken += 1
            threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        time.sleep(BUSY)
        with caller, socket.socket(socket.AF_UNIX) as service, selectors.DefaultSelector() as ready:
            service.connect(self._behind)
            ready.register(caller, selectors.EVENT_READ, service)
            ready.register(service, selectors.EVENT_READ, caller)
            while True:
                for key, _ in ready.select():
                    said = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not said:
                        return
                    key.data.sendall(said)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._open.close()


@pytest.fixture
def slow(echo: ServiceUnderTest, tmp_path: Path) -> Iterator[tuple[str, Slow]]:
    path = tmp_path / "slow.sock"
    made = Slow(path, echo.settings.address("echo").removeprefix("unix:"))
    yield f"unix:{path}", made
    made.close()


def test_a_service_that_takes_a_while_to_greet_is_waited_for(
    slow: tuple[str, Slow], echo: ServiceUnderTest, pb: Any
) -> None:
    target, before = slow
    with clients.channel(target, pb.NAME, process="echo", settings=echo.settings) as channel:
        call = channel.unary_unary(f"/{pb.NAME}/Ping")
        answer = call(pb.Text(text="hello").SerializeToString(), timeout=10)
    assert pb.Text.FromString(answer).text
    assert before.taken == 1
