"""A plugin that answers hosts by gRPC: tier 2, in a process that somebody else started and holds.

Each host has a session of its own: what it reads on, and what its register_ hooks brought, is no
other host's.
"""

from __future__ import annotations

import logging
import os
import queue
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

import grpc
from xianban.plugin.v1.plugin_pb2 import (
    Drop,
    Failure,
    FromPlugin,
    Handed,
    Hello,
    Hook,
    Piece,
    Ready,
    Taken,
    ToPlugin,
)
from xianban.plugin.v1.plugin_pb2_grpc import PluginProcessServiceServicer

from xianban_sdk.hook_versions import api_of
from xianban_sdk.sandbox.context import LinesToHost
from xianban_sdk.sandbox.lanes import Answering
from xianban_sdk.sandbox.session import Session

__all__ = ["MOST_HOSTS", "SESSION", "Part", "Served", "Serving", "end_process"]

SESSION: Final = "xianban-session"
# Each holds a thread as long as it is there.
MOST_HOSTS: Final = 16
# What a call gets to end by itself once nobody waits for it.
_GRACE_SECONDS: Final = 0.3
_LINES: Final = 100
_OUT_OF_MEMORY: Final = "MemoryError"

Admit = Callable[[grpc.ServicerContext], str]


@dataclass(frozen=True, slots=True)
class Part:
    """What the plugin is to one domain: its hookspecs, as they are beside it, and its hooks."""

    hookspecs: ModuleType
    implementations: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """The plugin; its parts by the name of their hookspecs, as a host says it."""

    id: str
    version: str
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class _Host:
    """One that is there."""

    session: Session
    lines: queue.Queue[FromPlugin | None]
    files: set[str] = field(default_factory=set[str])


def end_process(reason: str) -> None:
    """Who runs the process starts it anew; what hangs in it can't be ended otherwise."""
    logging.getLogger("xianban").error("plugin process ends: %s", reason)
    logging.shutdown()
    os._exit(70)


class Serving(PluginProcessServiceServicer):
    """The service; ``admit`` says why a caller may not speak to this plugin, "" when it may."""

    def __init__(
        self,
        served: Served,
        admit: Admit = lambda _context: "",
        end: Callable[[str], None] = end_process,
    ) -> None:
        self._served = served
        self._admit = admit
        self._end = end
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        self._files = tempfile.TemporaryDirectory(prefix="xianban-handed-")
        # What is logged goes to every host; which call it belongs to is in the line.
        logging.getLogger().addHandler(LinesToHost(self._tell))

    def Attach(self, request: Hello, context: grpc.ServicerContext) -> Iterator[FromPlugin]:
        """A host's session, from the first word to the last log line."""
        part = self._part(request, context)
        session = Session(part.hookspecs, part.implementations, request.bounds.reply_bytes)
        host = _Host(session, queue.Queue(_LINES))
        name = secrets.token_hex(16)
        with self._lock:
            full = len(self._hosts) >= MOST_HOSTS
            if not full:
                self._hosts[name] = host
        if full:
            _refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, f"{MOST_HOSTS} hosts are here")
        context.add_callback(lambda: self._forget(name))
        yield FromPlugin(ready=_ready(name, part))
        while (told := host.lines.get()) is not None:
            yield told

    def Ask(self, request: ToPlugin, context: grpc.ServicerContext) -> FromPlugin:
        """One call; one that nobody waits for is cancelled, and ends us if it does not end."""
        answering = Answering(self._host(context).session)
        context.add_callback(lambda: self._over(answering))
        told = answering.answer(request)
        if told.instalment.stream and not context.is_active():
            # Nobody reads on; kept, such streams would in time leave no room for others.
            answering.answer(ToPlugin(drop=Drop(stream=told.instalment.stream)))
        failure = told.failure
        if failure.kind == Failure.KIND_RAISED and failure.type == _OUT_OF_MEMORY:
            # What it holds it would go on holding.
            threading.Timer(_GRACE_SECONDS, self._end, ("out of its memory",)).start()
        return told

    def HandIn(self, request_iterator: Iterator[Piece], context: grpc.ServicerContext) -> Handed:
        """A file, in pieces."""
        host, first = self._host(context), next(request_iterator)
        suffix = "".join(one for one in first.suffix[:16] if one.isalnum() or one == ".")
        with tempfile.NamedTemporaryFile(dir=self._files.name, suffix=suffix, delete=False) as file:
            host.files.add(file.name)
            file.write(first.octets)
            for piece in request_iterator:
                file.write(piece.octets)
        return Handed(file=file.name)

    def TakeBack(self, request: Handed, context: grpc.ServicerContext) -> Taken:
        """Only what was handed in in the same session."""
        host = self._host(context)
        if request.file in host.files:
            host.files.discard(request.file)
            Path(request.file).unlink(missing_ok=True)
        return Taken()

    # -- who speaks -------------------------------------------------------------------------

    def _part(self, hello: Hello, context: grpc.ServicerContext) -> Part:
        if reason := self._admit(context):
            _refuse(context, grpc.StatusCode.PERMISSION_DENIED, reason)
        served = self._served
        part = served.parts.get(hello.hookspecs)
        if part is None or (hello.plugin, hello.version) != (served.id, served.version):
            here = " ".join((served.id, served.version, *served.parts))
            told = f"{here} is here, not {hello.plugin} {hello.version} {hello.hookspecs}"
            _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, told)
        return part

    def _host(self, context: grpc.ServicerContext) -> _Host:
        if reason := self._admit(context):
            _refuse(context, grpc.StatusCode.PERMISSION_DENIED, reason)
        told = dict(context.invocation_metadata())
        host = self._hosts.get(str(told.get(SESSION, "")))
        if host is None:
            _refuse(context, grpc.StatusCode.UNAUTHENTICATED, "no session of this name")
        return host

    def _forget(self, name: str) -> None:
        with self._lock:
            host = self._hosts.pop(name)
        for file in host.files:
            Path(file).unlink(missing_ok=True)
        with suppress(queue.Full):
            # Full, its thread is not waiting: it finds the stream closed by itself.
            host.lines.put_nowait(None)

    # -- what goes on -----------------------------------------------------------------------

    def _tell(self, told: FromPlugin) -> None:
        for host in list(self._hosts.values()):
            with suppress(queue.Full):
                host.lines.put_nowait(told)

    def _over(self, answering: Answering) -> None:
        """The caller has its answer, or does not wait any more."""
        if answering.busy:
            answering.cancel()
            threading.Thread(target=self._last_chance, args=(answering,), daemon=True).start()

    def _last_chance(self, answering: Answering) -> None:
        end = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < end:
            if not answering.busy:
                return
            time.sleep(0.01)
        self._end("a call that does not end")


def _ready(session: str, part: Part) -> Ready:
    found = part.implementations.items()
    hooks = [Hook(name=name, arguments=one.argnames) for name, one in found]
    return Ready(hooks=hooks, session=session, api=api_of(part.hookspecs))


def _refuse(context: grpc.ServicerContext, code: grpc.StatusCode, reason: str) -> NoReturn:
    context.abort(code, reason)
    raise AssertionError  # abort raises; its stub does not say so
