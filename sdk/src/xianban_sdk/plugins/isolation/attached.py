"""A plugin that somebody else runs (tier 2), asked by gRPC."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import grpc
from xianban.plugin.v1.plugin_pb2 import FromPlugin, Handed, Hello, Piece, Ready, ToPlugin
from xianban.plugin.v1.plugin_pb2_grpc import PluginProcessServiceStub

from xianban_sdk.plugins.addresses import Address, dial
from xianban_sdk.plugins.isolation.child import hand_on
from xianban_sdk.plugins.isolation.failures import PluginGone
from xianban_sdk.plugins.workers import Overrun
from xianban_sdk.sandbox.frames import Closed, Malformed
from xianban_sdk.sandbox.serving import SESSION
from xianban_sdk.settings import Settings
from xianban_sdk.threads import background

__all__ = ["Attached"]

_START_SECONDS: Final = 5.0
_FILE_SECONDS: Final = 60.0
_PIECE: Final = 256 * 1024
# It is there and does not want us: another plugin or version, or no host of its own.
_REFUSALS: Final = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED)

Metadata = tuple[tuple[str, str], ...]


class Attached:
    """A session with it; also what lies around it: files are handed over by the same way."""

    def __init__(self, address: Address, hello: Hello, settings: Settings) -> None:
        self.plugin = hello.plugin
        bounds = hello.bounds
        self._channel = dial(address, hello.plugin, bounds.reply_bytes, settings)
        self._stub = PluginProcessServiceStub(self._channel)
        try:
            self._said: Any = self._stub.Attach(hello)
            self.ready = self._begin()
        except BaseException:
            self._channel.close()
            raise
        self._session: Metadata = ((SESSION, self.ready.session),)
        self.lanes = [_CallLine(self._stub.Ask, self._session) for _ in range(bounds.calls_at_once)]

    @property
    def pid(self) -> int:
        """None that would mean anything here."""
        return 0

    def watch(self, gone: Callable[[str], None], idle: Callable[[], bool]) -> None:
        """Hands on what the plugin logs; what it takes of its machine is its container's matter."""
        background(f"plugin-{self.plugin}-watch", lambda: self._listen(gone))

    def kill(self) -> None:
        """Ends the session; the process is not ours."""
        self._said.cancel()

    def hand_in(self, file: Path) -> Path:
        """Sends a file over."""
        told = self._stub.HandIn(_pieces(file), timeout=_FILE_SECONDS, metadata=self._session)
        return Path(told.file)

    def take_back(self, copy: Path) -> None:
        """Not worth a word when it fails: files go with their session at the latest."""
        with suppress(grpc.RpcError):
            self._stub.TakeBack(
                Handed(file=str(copy)), timeout=_START_SECONDS, metadata=self._session
            )

    def _begin(self) -> Ready:
        # A deadline would end the whole session; only its first word is waited for.
        late = threading.Timer(_START_SECONDS, self._said.cancel)
        late.start()
        try:
            return next(self._said).ready
        except grpc.RpcError as error:
            why = str(error.details()) if error.code() in _REFUSALS else "it is not there"
            raise PluginGone(f"{self.plugin}: {why}") from error
        except StopIteration as error:
            raise PluginGone(f"{self.plugin} ended its first word") from error
        finally:
            late.cancel()

    def _listen(self, gone: Callable[[str], None]) -> None:
        how = "it ended the session"
        try:
            for told in self._said:
                hand_on(self.plugin, told)
        except grpc.RpcError as error:
            how = str(error.details())
        self._channel.close()
        gone(how)


class _CallLine:
    """A turn for a call: the connection is shared."""

    def __init__(self, ask: Callable[..., FromPlugin], session: Metadata) -> None:
        self._ask = ask
        self._session = session

    def ask(self, asked: ToPlugin, until: float, abandoned: Callable[[], bool]) -> FromPlugin:
        """Waits for the call's whole time also when nobody waits for us: it is noticed after it."""
        left = max(until - time.monotonic(), 0.001)
        try:
            return self._ask(asked, timeout=left, metadata=self._session)
        except grpc.RpcError as error:
            raise _meant(error, left) from error
        except ValueError as error:
            raise Closed("the session is over") from error  # its channel is closed

    def reclaim(self) -> str:
        """The other side knows the call's deadline, and ends what does not end."""
        return ""

    def close(self) -> None:
        """Nothing is held."""


def _meant(error: grpc.RpcError, seconds: float) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Overrun(f"no answer within {seconds:.3f} s")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Malformed(str(error.details()))
    return Closed(f"{code.name}: {error.details()}")


def _pieces(file: Path) -> Iterator[Piece]:
    yield Piece(suffix=file.suffix)
    with file.open("rb") as source:
        while octets := source.read(_PIECE):
            yield Piece(octets=octets)
