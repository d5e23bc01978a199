"""The threads that answer: one for each lane, one call at a time on it."""

from __future__ import annotations

import ctypes
import socket
import threading

from xianban.plugin.v1.plugin_pb2 import FromPlugin, ToPlugin

from xianban_sdk.carrying import capability_under_way
from xianban_sdk.sandbox.context import trace
from xianban_sdk.sandbox.frames import MOST_REQUEST, Closed, Reader, send
from xianban_sdk.sandbox.session import Session, failed
from xianban_sdk.sandbox.streams import CallCancelled

__all__ = ["Answering", "Lane"]


class Answering:
    """Calls answered in one thread after the other; the one under way can be cancelled."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # The thread of the call under way; 0: there is none.
        self._thread = 0
        self._turn = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return bool(self._thread)

    def answer(self, asked: ToPlugin) -> FromPlugin:
        """What the plugin says; that it was cancelled is an answer, too."""
        trace.parent = asked.call.traceparent
        capability_under_way.set(asked.call.capability)
        try:
            self._mark(threading.get_ident())
            told = self._session.answer(asked)
            # In here: cancelled at its very end a call is answered, too; a silent one ends us all.
            self._mark(0)
        except CallCancelled as cancelled:
            told = failed(cancelled)
            self._mark(0)
        return told

    def cancel(self) -> None:
        """Raises CallCancelled in the call under way; code that never returns stays where it is."""
        with self._turn:
            if self._thread:
                number = ctypes.c_ulong(self._thread)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(CallCancelled))

    def _mark(self, thread: int) -> None:
        with self._turn:
            self._thread = thread


class Lane:
    """A socket and its thread."""

    def __init__(self, host_side: socket.socket, session: Session) -> None:
        self._host = host_side
        self._asked = Reader(host_side, ToPlugin, MOST_REQUEST)
        self._answering = Answering(session)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def cancel(self) -> None:
        """Ends the call under way, if it can be ended."""
        self._answering.cancel()

    def _serve(self) -> None:
        while True:
            try:
                send(self._host, self._answering.answer(self._asked.read()))
            except Closed:
                return
            except CallCancelled:
                # It came when the answer was already made: the host takes that instead.
                continue
