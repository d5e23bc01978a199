"""The one call chain, for unary and every stream kind, whatever the transport.

trace and log → deadline → decode → locale → principal → access rule, relations, policy → field
rules → idempotency → handler → commit → error mapping.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, cast

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from opentelemetry.trace import SpanKind

from xianban_sdk import i18n, telemetry
from xianban_sdk.clock import Clock
from xianban_sdk.deadline import Deadline, current_deadline
from xianban_sdk.errors import (
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    XianbanError,
    from_rpc_error,
    to_status,
)
from xianban_sdk.identity.access import Authoriser, Grant
from xianban_sdk.identity.principal import Principal
from xianban_sdk.identity.tokens import TokenVerifier
from xianban_sdk.ids import Ids
from xianban_sdk.plugins import Hooks
from xianban_sdk.rpc.accesses import AccessLog
from xianban_sdk.rpc.call import Call
from xianban_sdk.rpc.methods import Method
from xianban_sdk.rpc.requests import FirstAnswer, Replayed
from xianban_sdk.rpc.streams import OpenStreams
from xianban_sdk.rpc.validation import validate
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.failures import is_transient
from xianban_sdk.storage.unit_of_work import CallInfo
from xianban_sdk.telemetry import TraceContext, log

__all__ = ["Chain", "Failed", "Incoming", "current_locale"]

_BEARER: Final = "bearer "
_WORKLOAD: Final = "x-xianban-workload"

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
    cancel: Callable[[], None] | None = None
    on_gone: Callable[[Callable[[], None]], object] | None = None
    # Told when a stream's caller is let in, so that a transport can say so before the first item.
    on_admitted: Callable[[], None] | None = None

    def text(self, key: str) -> str:
        """A metadata value, "" when absent."""
        value = self.metadata.get(key, "")
        return value if isinstance(value, str) else ""


class Chain:
    """Serves the RPCs of one service."""

    def __init__(
        self,
        methods: Iterable[Method],
        *,
        service: str,
        package: str,
        db: Database,
        clock: Clock,
        ids: Ids,
        verifier: TokenVerifier,
        authoriser: Authoriser,
        accesses: AccessLog,
        streams: OpenStreams,
        hooks: Hooks,
        cipher: Cipher,
        default_deadline: float,
    ) -> None:
        self.methods = {method.path: method for method in methods}
        self.service = service
        self.package = package
        self.streams = streams
        self._db = db
        self._clock = clock
        self._ids = ids
        self._verifier = verifier
        self._authoriser = authoriser
        self.accesses = accesses
        self._hooks = hooks
        self._cipher = cipher
        self._default_deadline = default_deadline
        # Until the database is there, calls are refused and health says why.
        self.ready: Callable[[], bool] = lambda: True
        self._duration = telemetry.meter().create_histogram("rpc.server.duration", "ms")

    # -- the four kinds ---------------------------------------------------------------------

    def unary(self, path: str, request: bytes | Message, incoming: Incoming) -> Message:
        """One request, one response."""
        with _Run(self, path, incoming) as run:
            method, message = run.method, run.method.decode(request)
            call = self._admit(run, message)
            validate(message)
            return self._serve(method, call, message)

    def client_stream(self, path: str, requests: Iterator[bytes], incoming: Incoming) -> Message:
        """Many requests, one response, one transaction."""
        with _Run(self, path, incoming) as run:
            call, checked = self._admit_stream(run, requests)
            return self._serve(run.method, call, checked)

    def server_stream(
        self, path: str, request: bytes | Message, incoming: Incoming
    ) -> Iterator[Message]:
        """One request, many responses."""
        with _Run(self, path, incoming) as run:
            message = run.method.decode(request)
            call = self._admit(run, message)
            validate(message)
            yield from self._items(run, call, message)

    def bidi_stream(
        self, path: str, requests: Iterator[bytes], incoming: Incoming
    ) -> Iterator[Message]:
        """Many requests, many responses."""
        with _Run(self, path, incoming) as run:
            call, checked = self._admit_stream(run, requests)
            yield from self._items(run, call, checked)

    # -- admission --------------------------------------------------------------------------

    def _admit(self, run: _Run, message: Message) -> Call:
        """Principal, subject, relations, policy; the call that the handler gets."""
        principal = self._principal(run.incoming)
        actor = principal.actor if principal else ""
        run.span.set("xianban.actor", actor)
        subject = run.method.subject(message)
        info = CallInfo(actor, subject or "", run.span.context.traceparent, run.tracestate)
        try:
            grant = self._authoriser.authorise(run.method.rule, principal, subject)
        except XianbanError as error:
            if principal is not None and subject is not None:
                self.accesses.record(info, run.method.rule.action, error.reason, "")
            raise
        run.note(actor, subject, grant)
        return run.admitted(self._call(run, principal, subject, grant, info))

    def _call(
        self,
        run: _Run,
        principal: Principal | None,
        subject: str | None,
        grant: Grant,
        info: CallInfo,
    ) -> Call:
        return Call(
            principal=principal,
            subject=subject,
            grant=grant,
            action=run.method.rule.action,
            locale=run.locale,
            deadline=run.deadline,
            clock=self._clock,
            ids=self._ids,
            db=self._db,
            read_only=run.method.read_only,
            info=info,
            _hooks=self._hooks,
            headers=run.incoming.metadata,
        )

    def _admit_stream(self, run: _Run, requests: Iterator[bytes]) -> tuple[Call, Iterator[Message]]:
        # The first message tells whose data it is; it must not change afterwards.
        first = next(requests, None)
        if first is None:
            raise InvalidArgument("MALFORMED_REQUEST")
        message = run.method.decode(first)
        call = self._admit(run, message)
        validate(message)
        return call, _checked(run.method, call, message, requests)

    def _principal(self, incoming: Incoming) -> Principal | None:
        header = incoming.text("authorization")
        person = self._person(header) if header else None
        workload = self._workload(incoming.text(_WORKLOAD))
        if workload is None:
            return person
        if person is None:
            return workload
        return Principal(
            person.actor,
            person.client,
            person.acr,
            person.amr,
            person.district,
            person.session,
            person.level,
            workload.workload,
            person.expires,
        )

    def _person(self, header: str) -> Principal:
        if header[:7].lower() != _BEARER:
            raise Unauthenticated("TOKEN_INVALID")
        return self._verifier.verify(header[7:].strip())

    def _workload(self, token: str) -> Principal | None:
        if not token:
            return None
        principal = self._verifier.verify(token)
        if not principal.is_workload:
            raise Unauthenticated("TOKEN_INVALID")
        return principal

    # -- serving ----------------------------------------------------------------------------

    def _serve(self, method: Method, call: Call, request: Any) -> Message:
        first = self._first_answer(method, call, request)
        if first is not None and (answer := first.find()) is not None:
            return method.response_type.FromString(answer)
        try:
            response = _checked_response(method, method.handler(request, call))
            self._finish(method, call, first, response)
        except Replayed as replayed:
            call.roll_back(replayed)
            return method.response_type.FromString(replayed.response)
        except BaseException as error:
            call.roll_back(error)
            raise
        return response

    def _first_answer(self, method: Method, call: Call, request: Any) -> FirstAnswer | None:
        if method.read_only or not method.has_request_id or method.client_streaming:
            return None
        first = FirstAnswer(method, call, request, self._cipher)
        call.on_open = first.claim
        return first

    def _finish(
        self, method: Method, call: Call, first: FirstAnswer | None, response: Message
    ) -> None:
        # The caller has gone: what it would not learn of is not done.
        call.deadline.check()
        if method.read_only:
            call.commit()
            self._record_read(call)
            return
        if first is not None:
            first.complete(call.uow, response)
        if call.subject is not None:
            call.uow.audit(call.action, call.subject, "allowed", call.basis)
        call.commit()

    def _record_read(self, call: Call) -> None:
        if call.subject is not None:
            others = call.basis != "self"
            self.accesses.record(call.info, call.action, "allowed", call.basis, wait=others)

    def _items(self, run: _Run, call: Call, request: Any) -> Iterator[Message]:
        method = run.method
        closed = self.streams.add(call, lambda: self._again(run, call), run.incoming.cancel)
        if run.incoming.on_gone is not None:
            run.incoming.on_gone(call.end)
        try:
            self._record_read(call)
            # A handler that may refuse is a plain function that returns its generator: then the
            # refusal comes here, while the transport can still answer with a plain status.
            responses = method.handler(request, call)
            if run.incoming.on_admitted is not None:
                run.incoming.on_admitted()
            for response in responses:
                # Each item is its own transaction: nothing stays open while the stream waits.
                call.commit()
                call.alive()
                yield _checked_response(method, response)
                call.alive()
            call.commit()
        except BaseException as error:
            call.roll_back(error)
            raise
        finally:
            closed()
            call.end()

    def _again(self, run: _Run, call: Call) -> None:
        self._authoriser.authorise(run.method.rule, call.principal, call.subject)

    def begin(self, path: str) -> Method:
        """The method of a path."""
        if not self.ready():
            raise Unavailable("STORAGE_UNAVAILABLE")
        method = self.methods.get(path)
        if method is None:
            raise Unimplemented("NOT_FOUND")
        return method

    def deadline_for(self, method: Method, incoming: Incoming) -> Deadline:
        """The caller's deadline, or the default; streams without one have none."""
        if incoming.timeout is not None:
            return Deadline(incoming.timeout)
        return Deadline(None if method.server_streaming else self._default_deadline)

    def measured(self, action: str, code: str, milliseconds: float) -> None:
        """Feeds the duration metric."""
        attributes = {"rpc.service": self.service, "rpc.method": action, "rpc.code": code}
        self._duration.record(milliseconds, attributes)


class _Run:
    """One call from first byte to status: trace, log, deadline, locale and error mapping."""

    __slots__ = (
        "_chain",
        "_started",
        "_tokens",
        "_who",
        "call",
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
        self.call: Call | None = None

    def __enter__(self) -> _Run:
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

    def admitted(self, call: Call) -> Call:
        """Remembers the call."""
        self.call = call
        return call

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
        self._chain.measured(self.method.rule.action, code, milliseconds)
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
            log.info("call", **line)


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


def _checked_response(method: Method, response: Any) -> Message:
    if not isinstance(response, method.response_type):
        raise TypeError(f"{method.path} answered {type(response).__name__}")
    return cast(Message, response)


def _checked(
    method: Method, call: Call, first: Message, requests: Iterator[bytes]
) -> Iterator[Message]:
    yield first
    for raw in requests:
        call.alive()
        message = method.decode(raw)
        if method.subject(message) != call.subject:
            raise InvalidArgument("RESOURCE_PATH_INVALID", field=method.rule.subject)
        validate(message)
        yield message
