"""One call from first byte to status, whatever its kind: trace, log, deadline, locale, errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.rpc import status_pb2
from opentelemetry.trace import SpanKind

from xianban_sdk import i18n, telemetry
from xianban_sdk.deadline import current_deadline
from xianban_sdk.errors import (
    DeadlineExceeded,
    Internal,
    Unavailable,
    XianbanError,
    from_rpc_error,
    to_status,
)
from xianban_sdk.identity.access import Grant
from xianban_sdk.storage.failures import is_transient
from xianban_sdk.telemetry import TraceContext, log

if TYPE_CHECKING:
    from xianban_sdk.rpc.chain import Chain

__all__ = ["Failed", "Incoming", "Run", "current_locale"]

current_locale: ContextVar[str | None] = ContextVar("xianban_locale", default=None)


class Failed(Exception):
    """A call that failed, ready for the wire."""

    def __init__(self, status: status_pb2.Status, error: XianbanError) -> None:
        super().__init__(error.reason)
        self.status = status
        self.error = error


@dataclass(slots=True)
class Incoming:
    """What a transport knows of a call besides its bytes."""

    metadata: Mapping[str, str | bytes] = field(default_factory=dict[str, "str | bytes"])
    # Seconds the caller still waits; None: it named no deadline.
    timeout: float | None = None
    # Lets a transport tear a stream down; and tells the call when the caller has gone.
    cancel: Callable[[], object] | None = None
    on_gone: Callable[[Callable[[], None]], object] | None = None
    # Whether the caller has gone; asked by work that takes long.
    is_abandoned: Callable[[], bool] = lambda: False
    # Told when a stream's caller is let in, so that a transport can say so before the first item.
    on_admitted: Callable[[], None] | None = None

    def text(self, key: str) -> str:
        """A metadata value, "" when absent."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""


class Run:
    """One call from first byte to status: trace, log, deadline, locale and error mapping."""

    __slots__ = (
        "_chain",
        "_started",
        "_tokens",
        "_who",
        "deadline",
        "incoming",
        "locale",
        "method",
        "span",
        "tracestate",
    )

    def __init__(self, chain: Chain, path: str, incoming: Incoming) -> None:
        self._chain = chain
        self.incoming = incoming
        self.locale = i18n.negotiate(incoming.text("accept-language"))
        try:
            self.method = chain.begin(path)
        except XianbanError as error:
            raise self._failed(error) from error
        self.deadline = chain.deadline_for(self.method, incoming)
        self.tracestate = incoming.text("tracestate")
        self._who: dict[str, Any] = {}

    def __enter__(self) -> Run:
        self._started = time.perf_counter()
        parent = TraceContext.parse(self.incoming.text("traceparent"), self.tracestate)
        remote = telemetry.enter_remote(parent)
        self.span, local = telemetry.start(
            self.method.path[1:], kind=SpanKind.SERVER, keep=self.method.rule.safety
        )
        self._tokens = (
            remote,
            local,
            current_deadline.set(self.deadline),
            current_locale.set(self.locale),
        )
        try:
            self.deadline.check()
        except XianbanError as error:
            self._leave(error)
            raise self._failed(error) from error
        return self

    def note(self, actor: str, subject: str | None, grant: Grant) -> None:
        """Actor, subject and basis, for the log line and the span."""
        self._who = {"actor": actor, "subject": subject, "basis": grant.basis.name}
        self.span.set("xianban.basis", grant.basis.name)

    def __exit__(self, kind: Any, raised: BaseException | None, trace: Any) -> None:
        if raised is None or isinstance(raised, GeneratorExit):
            self._leave(None)
            return
        error = _mapped(raised)
        self._leave(error, raised)
        raise self._failed(error) from raised

    def _failed(self, error: XianbanError) -> Failed:
        return Failed(to_status(error, self.locale, self._chain.package), error)

    def _leave(self, error: XianbanError | None, raised: BaseException | None = None) -> None:
        milliseconds = (time.perf_counter() - self._started) * 1000
        code = error.code.name if error else "OK"
        if error is not None:
            self.span.set("xianban.reason", error.reason)
            if code in _OUR_FAULTS:
                self.span.fail(error.reason)
        self._log(code, error, milliseconds, raised)
        self._chain.measured(self.method, code, milliseconds / 1000)
        remote, local, deadline, locale = self._tokens
        current_locale.reset(locale)
        current_deadline.reset(deadline)
        telemetry.end(self.span, local)
        telemetry.leave_remote(remote)

    def _log(
        self,
        code: str,
        error: XianbanError | None,
        milliseconds: float,
        raised: BaseException | None,
    ) -> None:
        line: dict[str, Any] = {
            "service": self._chain.service,
            "rpc": self.method.rule.action,
            "code": code,
            "ms": round(milliseconds, 2),
            **self._who,
        }
        if error is not None:
            line["reason"] = error.reason
        if isinstance(error, Internal):
            log.error("call_failed", **line, exc_info=raised)
        else:
            telemetry.access_line("call", line)


# What is kept in traces whatever the sampling; a caller's mistake is not a fault of ours.
_OUR_FAULTS: Final = frozenset({"INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNKNOWN"})


def _mapped(raised: BaseException) -> XianbanError:
    if isinstance(raised, XianbanError):
        return raised
    if isinstance(raised, grpc.RpcError):
        return _upstream(from_rpc_error(raised))
    if is_transient(raised):
        return Unavailable("STORAGE_UNAVAILABLE")
    return Internal("INTERNAL")


def _upstream(error: XianbanError) -> XianbanError:
    # What another service said to us is not what we say to our caller, except "not now".
    if isinstance(error, Unavailable):
        return Unavailable("UPSTREAM_UNAVAILABLE")
    if isinstance(error, DeadlineExceeded):
        return DeadlineExceeded("UPSTREAM_DEADLINE_EXCEEDED")
    return Internal("INTERNAL")
