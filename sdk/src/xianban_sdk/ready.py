"""`xianban-ready`: whether the process of this container may be called; its health check.

It asks at XIANBAN_PROBE as a kubelet does, ``grpc.health.v1.Health/Check``; with a path it asks by
HTTP (Envoy's ``/ready``). The standard library alone: importing grpc costs five times the answer,
every few seconds, in every container.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from io import BufferedRWPair
from typing import Final

__all__ = ["main", "serving"]

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
# gRPC's frame around an empty HealthCheckRequest, and one around status SERVING.
_ASKED: Final = bytes(5)
_SERVING: Final = b"\0\0\0\0\2\x08\1"
_PATIENCE: Final = 3.0


def main() -> None:
    """Exit code 0 when it may be called."""
    host, _, port = os.environ.get("XIANBAN_PROBE", "").rpartition(":")
    try:
        with socket.create_connection((_home(host), int(port)), _PATIENCE) as connection:
            path = sys.argv[1] if len(sys.argv) > 1 else ""
            sys.exit(0 if _answers(connection, path) else 1)
    except (OSError, ValueError) as error:
        sys.exit(f"not ready: {error}")


def _home(host: str) -> str:
    return "127.0.0.1" if host in {"", "0.0.0.0", "[::]"} else host  # noqa: S104 - recognised


def _answers(connection: socket.socket, path: str) -> bool:
    with connection.makefile("rwb") as stream:
        return _http_ready(stream, path) if path else serving(stream)


def _http_ready(stream: BufferedRWPair, path: str) -> bool:
    stream.write(f"GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n".encode())
    stream.flush()
    return stream.readline().split()[1:2] == [b"200"]


def serving(stream: BufferedRWPair) -> bool:
    """One gRPC health check over a connection of its own."""
    stream.write(_PREFACE + _frame(_SETTINGS, 0, 0, b""))
    stream.write(_frame(_HEADERS, _END_HEADERS, 1, _headers()))
    stream.write(_frame(_DATA, _END_STREAM, 1, _ASKED))
    stream.flush()
    return any(kind == _DATA and body == _SERVING for kind, body in _frames(stream))


def _headers() -> bytes:
    # HPACK: POST and http by their numbers in the static table, the rest literal (RFC 7541).
    path, authority = b"/grpc.health.v1.Health/Check", b"probe"
    kind = b"application/grpc"
    return (
        b"\x83\x86"
        + (b"\x04" + bytes([len(path)]) + path)
        + (b"\x01" + bytes([len(authority)]) + authority)
        + (b"\x0f\x10" + bytes([len(kind)]) + kind)
        + (b"\x00\x02te\x08trailers")
    )


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def _frames(stream: BufferedRWPair) -> Iterator[tuple[int, bytes]]:
    """What comes until the answer's stream ends."""
    while len(head := stream.read(9)) == 9:
        kind, flags, number = head[3], head[4], int.from_bytes(head[5:], "big")
        yield kind, stream.read(int.from_bytes(head[:3], "big"))
        if number and kind in {_DATA, _HEADERS} and flags & _END_STREAM:
            return
