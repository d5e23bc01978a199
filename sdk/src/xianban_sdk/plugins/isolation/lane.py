"""The host's end of a lane: asks, and waits no longer than it may."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

from xianban.plugin.v1.plugin_pb2 import Drop, FromPlugin, ToPlugin

from xianban_sdk.plugins.isolation.failures import CallerGone
from xianban_sdk.plugins.workers import Overrun
from xianban_sdk.sandbox.frames import Closed, Malformed, Reader, send

__all__ = ["Lane"]

# How often a call that takes long is asked whether anybody still waits for it.
_LOOK_SECONDS: Final = 0.05
# Beside the answer itself: the envelope around it.
_ENVELOPE: Final = 1024
# What a cancelled call gets to end by itself before its process is ended.
_GRACE_SECONDS: Final = 0.3


class Lane:
    """One call at a time."""

    def __init__(self, plugin_side: socket.socket, reply: int, cancel: Callable[[], None]) -> None:
        self._plugin = plugin_side
        self._cancel = cancel
        self._answers = Reader(plugin_side, FromPlugin, reply + _ENVELOPE)

    def ask(self, asked: ToPlugin, until: float, abandoned: Callable[[], bool]) -> FromPlugin:
        """The answer; Overrun after ``until`` (monotonic), CallerGone when nobody waits."""
        self._plugin.settimeout(max(until - time.monotonic(), 0.001))
        try:
            send(self._plugin, asked)
        except TimeoutError as error:
            raise Overrun("the plugin reads too slowly") from error
        return self._answer(until, abandoned)

    def reclaim(self) -> str:
        """Cancels the call that overran; why the process must end when the call does not."""
        self._cancel()
        try:
            late = self._answer(time.monotonic() + _GRACE_SECONDS, lambda: False)
            if late.instalment.stream:
                # Nobody reads on; kept, such streams would in time leave no room for others.
                drop = ToPlugin(drop=Drop(stream=late.instalment.stream))
                self.ask(drop, time.monotonic() + _GRACE_SECONDS, lambda: False)
        except (Overrun, Closed, Malformed, OSError):
            return "a call that does not end"
        return ""

    def close(self) -> None:
        """The plugin's thread ends, too."""
        self._plugin.close()

    def _answer(self, until: float, abandoned: Callable[[], bool]) -> FromPlugin:
        begun = time.monotonic()
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise Overrun(f"no answer within {until - begun:.3f} s")
            self._plugin.settimeout(min(left, _LOOK_SECONDS))
            try:
                return self._answers.read()
            except TimeoutError:
                if abandoned():
                    raise CallerGone("nobody waits any more") from None
