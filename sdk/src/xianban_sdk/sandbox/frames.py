"""Messages on a stream socket: four bytes of length, then the message."""

from __future__ import annotations

import socket
import struct
from typing import Final, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

__all__ = ["MOST_REQUEST", "Closed", "Malformed", "Reader", "send"]

Read = TypeVar("Read", bound=Message)

# What a host may send: a pushed body or an image is the largest.
MOST_REQUEST: Final = 32 * 1024 * 1024
_LENGTH: Final = struct.Struct("!I")
_AT_ONCE: Final = 65_536


class Closed(ConnectionError):
    """The other side is gone."""


class Malformed(ValueError):
    """What came is no message, or a longer one than allowed."""


def send(lane: socket.socket, message: Message) -> None:
    """Writes one message; Closed when nobody reads any more."""
    body = message.SerializeToString()
    try:
        lane.sendall(_LENGTH.pack(len(body)) + body)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed("nobody reads") from error


class Reader(Generic[Read]):
    """Reads messages of one kind and of at most ``most`` bytes."""

    def __init__(self, lane: socket.socket, kind: type[Read], most: int) -> None:
        self._lane = lane
        self._kind = kind
        self._most = most
        # Kept when the socket's time is over in the middle of a message: the next read goes on.
        self._found = bytearray()

    def read(self) -> Read:
        """The next message; Closed, Malformed, and TimeoutError as the socket is set."""
        while len(self._found) < _LENGTH.size:
            self._more()
        (length,) = _LENGTH.unpack_from(self._found)
        if length > self._most:
            raise Malformed(f"a message of {length} bytes where {self._most} are allowed")
        end = _LENGTH.size + length
        while len(self._found) < end:
            self._more()
        body = bytes(memoryview(self._found)[_LENGTH.size : end])
        del self._found[:end]
        try:
            return self._kind.FromString(body)
        except DecodeError as error:
            raise Malformed(str(error)) from error

    def _more(self) -> None:
        try:
            found = self._lane.recv(_AT_ONCE)
        except ConnectionResetError as error:
            raise Closed("reset") from error
        if not found:
            raise Closed("closed")
        self._found += found
