"""What Envoy asks a service twice, and what it never does."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Restart = Callable[[], None]
HEADERS, SETTINGS = 1, 4  # HTTP/2's frames


class TestAnswered:
    """A service that says "not now" itself is not asked again: it would only wait again."""

    def test_a_service_made_unavailable_reaches_the_client_after_one_attempt(
        self, town: Any
    ) -> None:
        before = len(town.messages.seen)
        answer = town.client(town.issuer.token()).get(
            town.messages_path(), params={"pageToken": "stale"}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, 14)
        assert answer.json()["details"][0]["reason"] == "RELATIONS_STALE"
        assert len(town.messages.seen) == before + 1

    @pytest.mark.parametrize("page", ["stale", ""])
    def test_envoys_note_of_it_stays_inside(self, town: Any, page: str) -> None:
        answer = town.client(town.issuer.token()).get(
            town.messages_path(), params={"pageToken": page}
        )
        assert not [name for name in answer.headers if name.startswith("x-envoy")]


class TestNotAnswered:
    """A service that goes before it answers is asked again, if asking twice does no harm."""

    def test_a_killed_and_restarted_services_read_is_asked_again(
        self, town: Any, restart_messages: Restart
    ) -> None:
        dying = Dying(town.settings.run / "notify.sock", restart_messages)
        answer = town.client(town.issuer.token()).get(town.messages_path())
        dying.join()
        assert (answer.status_code, dying.calls) == (200, 1)

    def test_a_mutation_that_may_have_been_done_is_not(
        self, town: Any, restart_messages: Restart
    ) -> None:
        before = len(town.messages.seen)
        dying = Dying(town.settings.run / "notify.sock", restart_messages)
        answer = town.client(town.issuer.token()).post(
            f"{town.messages_path()}/{town.resident}:read", json={"requestId": "read-1"}
        )
        dying.join()
        assert (answer.status_code, dying.calls) == (503, 1)
        assert len(town.messages.seen) == before

    def test_what_grpc_says_for_a_server_that_is_going_is_no_answer(self, town: Any) -> None:
        """grpc's own UNAVAILABLE has no details."""
        before = len(town.messages.seen)
        answer = town.client(town.issuer.token()).get(
            town.messages_path(), params={"pageToken": "going"}
        )
        assert answer.status_code == 503
        assert len(town.messages.seen) == before + 3


class Dying:
    """A service that is killed in its first call, when a successor already listens."""

    def __init__(self, path: Path, restart: Restart) -> None:
        self.calls = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._path, self._restart = path, restart
        self._thread = threading.Thread(target=self._die, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(10)

    def _die(self) -> None:
        connection, _ = self._listening.accept()
        with self._listening, connection:
            connection.sendall(struct.pack(">I", 0)[1:] + struct.pack(">BBI", SETTINGS, 0, 0))
            came = b""
            while HEADERS not in kinds(came):
                came += connection.recv(65536)
            self.calls += 1
            self._path.unlink()
            self._restart()


def kinds(sent: bytes) -> list[int]:
    """The types of the HTTP/2 frames that a client sent."""
    found, rest = [], sent.removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    while len(rest) > 4:
        found.append(rest[3])
        rest = rest[9 + int.from_bytes(rest[:3], "big") :]
    return found
