"""Which parts are there, and since when one is away. Asked every other second, told at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
from grpc_health.v1 import health_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from xianban_sdk.telemetry import log

from xianban_portal.calls import PortalCaller
from xianban_portal.oidc import IdentityAwayError, Oidc

INTERVAL = 2.0
PATIENCE = 1.0
_CHECK = "/grpc.health.v1.Health/Check"


@dataclass(frozen=True)
class Condition:
    """One part: ready or why not, and since when."""

    ready: bool
    reason: str
    since: datetime


@dataclass
class Monitor:
    """Keeps the condition of every service and of identity's log-in."""

    caller: PortalCaller
    oidc: Oidc
    services: list[str]
    conditions: dict[str, Condition] = field(default_factory=dict[str, Condition])

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Asks everybody once, at the same time."""
        looks = [self._service(name) for name in self.services]
        answers = await asyncio.gather(*looks, self._log_in())
        for name, reason in zip([*self.services, "log-in"], answers, strict=True):
            self._note(name, reason)

    def condition(self, name: str) -> Condition | None:
        return self.conditions.get(name)

    def _note(self, name: str, reason: str) -> None:
        before = self.conditions.get(name)
        ready = not reason
        since = datetime.now(UTC)
        if before is not None and before.ready == ready:
            since = before.since
        elif before is not None:
            log.info("component_changed", component=name, ready=ready, reason=reason)
        self.conditions[name] = Condition(ready, reason, since)

    async def _service(self, name: str) -> str:
        check = self.caller.channel(name).unary_unary(
            _CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        serving = health_pb2.HealthCheckResponse.SERVING
        if answer.status == serving:
            return ""
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    async def _log_in(self) -> str:
        try:
            await asyncio.wait_for(self.oidc.ready(), PATIENCE)
        except (IdentityAwayError, TimeoutError) as error:
            return str(error) or "TIMEOUT"
        return ""


async def healthz(request: Request) -> Response:
    """200 when everything is ready, else 503 with the reason; looks afresh each time."""
    monitor: Monitor = request.app.state.monitor
    await monitor.look()
    components = {
        name: {
            "status": "ready" if one.ready else "unavailable",
            "since": one.since.isoformat().replace("+00:00", "Z"),
            **({"reason": one.reason} if one.reason else {}),
        }
        for name, one in monitor.conditions.items()
    }
    components["portal"] = {"status": "ready"}
    ready = all(one["status"] == "ready" for one in components.values())
    body = {"status": "ready" if ready else "unavailable", "components": components}
    return JSONResponse(body, 200 if ready else 503)


async def alive(request: Request) -> Response:
    """The portal itself lives; what Kubernetes restarts it by."""
    return JSONResponse({"status": "alive"})
