"""What stands before every handler of the peer: token, policy, span, log line."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import httpx
import orjson
import structlog
from fastapi import HTTPException, Request
from joserfc.jwk import ECKey
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from xianban_sdk.clock import SystemClock
from xianban_sdk.errors import Unauthenticated
from xianban_sdk.identity.policy import Policy, Question, schema_for
from xianban_sdk.identity.principal import Principal
from xianban_sdk.identity.tokens import TokenVerifier

ACTIONS = ("GetLot", "ListLots", "CreateReservation")
SELF = frozenset({"*"})
NONE: frozenset[str] = frozenset()


class Keys:
    """The issuer's keys, read once, with the first token."""

    def __init__(self, url: str) -> None:
        self._url = url

    def key(self, kid: str) -> ECKey | None:
        return self._keys.get(kid)

    @cached_property
    def _keys(self) -> dict[str, ECKey]:
        found = httpx.get(self._url, timeout=5).raise_for_status().json()["keys"]
        return {key["kid"]: ECKey.import_key(key) for key in found}


issuer = os.environ["BENCH_ISSUER"]
verifier = TokenVerifier(Keys(f"{issuer}/oauth2/jwks"), issuer, "parking", SystemClock())
_cedar = files("xianban_parking").joinpath("policy.cedar").read_text("utf-8")
policy = Policy(_cedar, schema_for(os.environ["BENCH_ACTIONS"].split(",")))
tracer = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.01))).get_tracer("peer")
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(serializer=orjson.dumps),
    ],
    logger_factory=structlog.BytesLoggerFactory(),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger()


@dataclass(slots=True)
class Guarded:
    """Who calls, in which trace."""

    principal: Principal
    traceparent: str
    trace_id: str


class guarded:  # noqa: N801 - used as a context manager
    """Span, token, policy and log line around one handler."""

    def __init__(self, request: Request, action: str, subject: str | None = None) -> None:
        self.request, self.action, self.subject = request, action, subject

    def __enter__(self) -> Guarded:
        self.began = time.perf_counter()
        parent = propagate.extract(self.request.headers)
        self.span = tracer.start_span(self.action, parent, kind=trace.SpanKind.SERVER)
        self.principal = _principal(self.request)
        _allow(self.action, self.principal, self.subject)
        here = self.span.get_span_context()
        self.trace_id = f"{here.trace_id:032x}"
        traceparent = f"00-{self.trace_id}-{here.span_id:016x}-{here.trace_flags:02x}"
        return Guarded(self.principal, traceparent, self.trace_id)

    def __exit__(self, kind: object, error: BaseException | None, trace_: object) -> None:
        self.span.end()
        log.info(
            "call",
            action=self.action,
            code="OK" if error is None else type(error).__name__,
            ms=round((time.perf_counter() - self.began) * 1000, 2),
            actor=self.principal.actor,
            subject=self.subject,
            trace_id=self.trace_id,
        )


def _principal(request: Request) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401)
    try:
        return verifier.verify(token)
    except Unauthenticated as error:
        raise HTTPException(401) from error


def _allow(action: str, person: Principal, subject: str | None) -> None:
    if subject is not None and subject != person.actor:
        raise HTTPException(404)
    question = Question(
        action=action,
        actor=person.actor,
        roles=NONE,
        level=person.level,
        resource_type="District" if subject is None else "Resident",
        resource=subject or "310120",
        basis="self",
        scopes=SELF,
        consents=NONE,
        acr=person.acr,
        minor=False,
        child=False,
    )
    if not policy.allows(question):
        raise HTTPException(403)
