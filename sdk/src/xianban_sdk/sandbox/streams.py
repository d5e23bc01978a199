"""Iterators over the wire: read on instalment by instalment, as far as the host asks."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from xianban.plugin.v1.plugin_pb2 import Failure, Instalment

from xianban_sdk.sandbox.codec import Codec, Lie

__all__ = ["CallCancelled", "Streams", "failure"]

# An instalment is full with so many items, or so large a part of what a reply may be.
_ITEMS: Final = 500
_SHARE: Final = 4
_MOST_OPEN: Final = 32
_LONGEST_TEXT: Final = 500


class CallCancelled(BaseException):
    """Raised in the plugin's thread: nobody waits for the call any more."""


@dataclass(slots=True)
class _Stream:
    items: Iterator[Any]
    codec: Codec


class Streams:
    """The iterators that the host has not read to their end."""

    def __init__(self, reply: int) -> None:
        self._full = reply // _SHARE
        self._open: dict[int, _Stream] = {}
        self._last = 0
        self._lock = threading.Lock()

    def begin(self, value: Any, codec: Codec) -> Instalment:
        """The first instalment of what a call answered."""
        try:
            items = iter(value)
        except TypeError as error:
            raise Lie(f"{type(value).__name__} instead of an iterator") from error
        return self._fill(_Stream(items, codec))

    def more(self, number: int) -> Instalment:
        """The next instalment."""
        with self._lock:
            stream = self._open.pop(number)
        return self._fill(stream)

    def drop(self, number: int) -> None:
        """Nobody reads on."""
        with self._lock:
            stream = self._open.pop(number, None)
        close = getattr(stream.items, "close", None) if stream else None
        if close is not None:
            close()

    def _fill(self, stream: _Stream) -> Instalment:
        found, size = Instalment(), 0
        while len(found.items) < _ITEMS and size < self._full:
            try:
                item = next(stream.items)
                slot = found.items.add()
                stream.codec.put(item, slot)
                size += slot.ByteSize()
            except StopIteration:
                return found
            except Exception as error:
                # What came before is the host's all the same, as in process.
                if isinstance(error, Lie):
                    del found.items[-1]
                found.failure.CopyFrom(failure(error))
                return found
        found.stream = self._keep(stream)
        return found

    def _keep(self, stream: _Stream) -> int:
        with self._lock:
            if len(self._open) >= _MOST_OPEN:
                raise RuntimeError(f"more than {_MOST_OPEN} streams that nobody reads to the end")
            self._last += 1
            self._open[self._last] = stream
            return self._last


def failure(error: BaseException) -> Failure:
    """What was raised, in the nearest class that the host has, too."""
    text = f"{type(error).__name__}: {error}"[:_LONGEST_TEXT]
    # A lone surrogate has no UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(error, Lie):
        return Failure(kind=Failure.KIND_LIED, type="TypeError", text=text)
    if isinstance(error, CallCancelled):
        return Failure(kind=Failure.KIND_CANCELLED, type="TimeoutError", text=text)
    known = next(one for one in type(error).__mro__ if vars(builtins).get(one.__name__) is one)
    if isinstance(error, PermissionError) and error.errno is not None:
        # The kernel refused the plugin: it does not say that a sender did not prove itself.
        known = OSError
    return Failure(kind=Failure.KIND_RAISED, type=known.__name__, text=text)
