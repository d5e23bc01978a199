"""Which parts are there, what they lack, and since when. Asked every other second, told at once.

A part that is there and lacks a capability, because no plugin brings it, is degraded and no more:
`/healthz` stays 200, or a balancer would take a whole district away for want of a way to pay.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from xianban.common.v1 import plugins_pb2
from xianban_sdk.telemetry import log

from xianban_portal.calls import PortalCaller
from xianban_portal.oidc import IdentityAwayError, Oidc

INTERVAL = 2.0
PATIENCE = 1.0
_CHECK = "/grpc.health.v1.Health/Check"
_CAPABILITIES = "/xianban.common.v1.PluginService/ListCapabilities"


@dataclass(frozen=True)
class Missing:
    """A capability that no plugin brings."""

    hook: str
    # What cannot be done without it, by locale.
    text: dict[str, str]


@dataclass(frozen=True)
class Condition:
    """One part: ready or why not, since when, and when it was last ready."""

    ready: bool
    reason: str
    since: datetime
    seen: datetime | None = None
    missing: tuple[Missing, ...] = ()


@dataclass
class Monitor:
    """Keeps the condition of every service, of their workers and of identity's log-in."""

    caller: PortalCaller
    oidc: Oidc
    services: list[str]
    # Services that hand work to processes of their own.
    workers: list[str] = field(default_factory=list[str])
    conditions: dict[str, Condition] = field(default_factory=dict[str, Condition])

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Asks everybody once, at the same time."""
        looks = [self._service(name) for name in self.services]
        looks += [self._service(name, "worker") for name in self.workers]
        names = [*self.services, *(f"worker-{name}" for name in self.workers), "log-in"]
        answers, lacks = await asyncio.gather(
            asyncio.gather(*looks, self._log_in()),
            asyncio.gather(*(self._missing(name) for name in self.services)),
        )
        missing = dict(zip(self.services, lacks, strict=True))
        for name, reason in zip(names, answers, strict=True):
            self._note(name, reason, missing.get(name, ()))

    def condition(self, name: str) -> Condition | None:
        return self.conditions.get(name)

    def _note(self, name: str, reason: str, missing: tuple[Missing, ...] = ()) -> None:
        before = self.conditions.get(name)
        ready = not reason
        now = datetime.now(UTC)
        since, seen = now, now if ready else before.seen if before else None
        if before is not None and before.ready == ready:
            since = before.since
        elif before is not None:
            log.info("component_changed", component=name, ready=ready, reason=reason)
        if before is not None and missing != before.missing:
            log.info("capabilities_changed", component=name, missing=[one.hook for one in missing])
        self.conditions[name] = Condition(ready, reason, since, seen, missing)

    async def _service(self, name: str, part: str = "") -> str:
        check = self.caller.channel(name).unary_unary(
            _CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(service=part), timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        serving = health_pb2.HealthCheckResponse.SERVING
        if answer.status == serving:
            return ""
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    async def _missing(self, name: str) -> tuple[Missing, ...]:
        """What the service lacks; as it said last while it does not answer."""
        ask = self.caller.channel(name).unary_unary(
            _CAPABILITIES,
            request_serializer=plugins_pb2.ListCapabilitiesRequest.SerializeToString,
            response_deserializer=plugins_pb2.ListCapabilitiesResponse.FromString,
        )
        try:
            told = await ask(plugins_pb2.ListCapabilitiesRequest(), timeout=PATIENCE)
        except grpc.aio.AioRpcError:
            known = self.conditions.get(name)
            return known.missing if known else ()
        gone = [one for one in told.capabilities if not one.present]
        return tuple(Missing(one.hook, dict(one.missing)) for one in gone)

    async def _log_in(self) -> str:
        try:
            await asyncio.wait_for(self.oidc.ready(), PATIENCE)
        except (IdentityAwayError, TimeoutError) as error:
            return str(error) or "TIMEOUT"
        return ""


async def healthz(request: Request) -> Response:
    """200 when everything answers, also degraded; else 503 with the reason. Looks afresh."""
    monitor: Monitor = request.app.state.monitor
    await monitor.look()
    components = {name: _shown(one) for name, one in monitor.conditions.items()}
    components["portal"] = {"status": "ready"}
    found = {one["status"] for one in components.values()}
    status = next(each for each in ("unavailable", "degraded", "ready") if each in found)
    body = {"status": status, "components": components}
    return JSONResponse(body, 503 if status == "unavailable" else 200)


def status_of(one: Condition) -> str:
    """ "ready", "degraded" or "unavailable"."""
    if not one.ready:
        return "unavailable"
    return "degraded" if one.missing else "ready"


def _shown(one: Condition) -> dict[str, Any]:
    """For a worker `lastReady` is its last heartbeat, as the broker knows it."""
    shown: dict[str, Any] = {"status": status_of(one), "since": _instant(one.since)}
    if one.reason:
        shown["reason"] = one.reason
    if one.missing:
        shown["missing"] = [{"hook": each.hook, "text": each.text} for each in one.missing]
    if one.seen is not None:
        shown["lastReady"] = _instant(one.seen)
    return shown


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def alive(request: Request) -> Response:
    """The portal itself lives; what Kubernetes restarts it by."""
    return JSONResponse({"status": "alive"})
