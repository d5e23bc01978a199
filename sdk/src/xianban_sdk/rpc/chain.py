"""The one call chain, for unary and every stream kind, whatever the transport.

trace and log → deadline → decode → locale → principal → access rule, relations, policy → field
rules → idempotency → handler → commit → error mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from xianban_sdk.clock import Clock
from xianban_sdk.deadline import Deadline
from xianban_sdk.errors import (
    InvalidArgument,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    XianbanError,
)
from xianban_sdk.identity.access import Authoriser, Grant
from xianban_sdk.identity.principal import Principal
from xianban_sdk.identity.tokens import TokenVerifier
from xianban_sdk.ids import Ids
from xianban_sdk.instruments import RPC_SERVER, SERVICE
from xianban_sdk.plugins import Hooks
from xianban_sdk.rpc.accesses import AccessLog
from xianban_sdk.rpc.call import Call
from xianban_sdk.rpc.methods import Method
from xianban_sdk.rpc.requests import FirstAnswer, Replayed
from xianban_sdk.rpc.run import Failed, Incoming, Run, current_locale
from xianban_sdk.rpc.streams import OpenStreams
from xianban_sdk.rpc.validation import validate
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.unit_of_work import CallInfo

__all__ = ["Chain", "Failed", "Incoming", "current_locale"]

_BEARER: Final = "bearer "
_WORKLOAD: Final = "x-xianban-workload"


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

    # -- the four kinds ---------------------------------------------------------------------

    def unary(self, path: str, request: bytes | Message, incoming: Incoming) -> Message:
        """One request, one response."""
        with Run(self, path, incoming) as run:
            method, message = run.method, run.method.decode(request)
            call = self._admit(run, message)
            validate(message)
            return self._serve(method, call, message)

    def client_stream(self, path: str, requests: Iterator[bytes], incoming: Incoming) -> Message:
        """Many requests, one response, one transaction."""
        with Run(self, path, incoming) as run:
            call, checked = self._admit_stream(run, requests)
            return self._serve(run.method, call, checked)

    def server_stream(
        self, path: str, request: bytes | Message, incoming: Incoming
    ) -> Iterator[Message]:
        """One request, many responses."""
        with Run(self, path, incoming) as run:
            message = run.method.decode(request)
            call = self._admit(run, message)
            validate(message)
            yield from self._items(run, call, message)

    def bidi_stream(
        self, path: str, requests: Iterator[bytes], incoming: Incoming
    ) -> Iterator[Message]:
        """Many requests, many responses."""
        with Run(self, path, incoming) as run:
            call, checked = self._admit_stream(run, requests)
            yield from self._items(run, call, checked)

    # -- admission --------------------------------------------------------------------------

    def _admit(self, run: Run, message: Message) -> Call:
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
        return self._call(run, principal, subject, grant, info)

    def _call(
        self,
        run: Run,
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

    def _admit_stream(self, run: Run, requests: Iterator[bytes]) -> tuple[Call, Iterator[Message]]:
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
        # A look at one's own data is in the log by its trace; the audit tells who else looked.
        if call.subject is not None and call.basis != "self":
            self.accesses.record(call.info, call.action, "allowed", call.basis, wait=True)
        for resident in call.looked:
            info = replace(call.info, subject=resident)
            self.accesses.record(info, call.action, "allowed", call.basis, wait=True)

    def _items(self, run: Run, call: Call, request: Any) -> Iterator[Message]:
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

    def _again(self, run: Run, call: Call) -> None:
        """What is shown was chosen by the grant of the beginning: another one begins anew."""
        grant = self._authoriser.authorise(run.method.rule, call.principal, call.subject)
        if not grant.reaches_as(call.grant):
            raise Unavailable("ACCESS_CHANGED")

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
        seconds = None if method.server_streaming else self._default_deadline
        asked = seconds if incoming.timeout is None else incoming.timeout
        return Deadline(asked, is_abandoned=incoming.is_abandoned)

    def measured(self, method: Method, code: str, seconds: float) -> None:
        """Feeds the duration metric."""
        labels = {
            SERVICE: self.service,
            "rpc.method": method.path[1:],
            "rpc.response.status_code": code,
            "xianban.lane": method.lane or "unary",
        }
        RPC_SERVER.record(seconds, labels)


def _checked_response(method: Method, response: Any) -> Message:
    if not isinstance(response, method.response_type):
        raise TypeError(f"{method.path} answered {type(response).__name__}")
    return response


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
