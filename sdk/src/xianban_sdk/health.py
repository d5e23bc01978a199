"""grpc.health.v1 that tells the truth: overall, per proto service and per dependency.

Names: "" and each proto service (may calls be sent here?), and the dependencies "database", "bus",
"relations", "plugins" and "capabilities", and what the service adds (``Service(checks=…)``).
Without its database a service serves nothing; without the bus, identity or a plugin it serves
less, and says which.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2

from xianban_sdk.telemetry import log

__all__ = ["DEPENDENCIES", "Health"]

DEPENDENCIES: Final = ("database", "bus", "relations", "plugins", "capabilities")
_NEEDED: Final = frozenset({"database"})
_EACH: Final = 1.0
_UP: Final = health_pb2.HealthCheckResponse.SERVING
_DOWN: Final = health_pb2.HealthCheckResponse.NOT_SERVING

# Returns "" when the dependency is well, else what is wrong with it.
Check = Callable[[], str]


class Health:
    """Watches one service's dependencies and answers for them."""

    def __init__(self, service: str, names: Iterable[str], checks: Mapping[str, Check]) -> None:
        self._service = service
        self._names = ("", *names)
        self._checks = dict(checks)
        # Watch blocks a thread each: it is offered on the capped streams server only.
        self._servicer = health.HealthServicer(experimental_non_blocking=False)
        self._problems: dict[str, str] = dict.fromkeys(checks, "not checked yet")
        self._draining = False
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._publish()

    def start(self) -> None:
        """Begins to watch."""
        threading.Thread(target=self._loop, name="health", daemon=True).start()

    def stop(self) -> None:
        """Ends watching."""
        self._stop.set()

    def drain(self) -> None:
        """Not serving any more, whatever the dependencies say."""
        with self._lock:
            self._draining = True
            self._publish()

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by dependency; empty when all is well."""
        with self._lock:
            return {name: problem for name, problem in self._problems.items() if problem}

    @property
    def standing(self) -> dict[str, bool]:
        """Every dependency, and whether it is well."""
        with self._lock:
            return {name: not problem for name, problem in self._problems.items()}

    @property
    def serving(self) -> bool:
        """May calls be sent here?"""
        return not self._draining and not _NEEDED & self.problems.keys()

    def check(self) -> None:
        """Looks at every dependency once."""
        found = {name: _ask(check) for name, check in self._checks.items()}
        with self._lock:
            for name, problem in found.items():
                if bool(problem) != bool(self._problems[name]):
                    log.info("health", service=self._service, dependency=name, problem=problem)
            self._problems = found
            self._publish()

    def handler(self, *, watch: bool) -> grpc.GenericRpcHandler:
        """The health service; the unary server has Check alone, so that no watch starves it."""
        check = grpc.unary_unary_rpc_method_handler(
            self._servicer.Check,
            request_deserializer=_request,
            response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
        )
        methods: dict[str, Any] = {"Check": check}
        if watch:
            methods["Watch"] = grpc.unary_stream_rpc_method_handler(
                self._servicer.Watch,
                request_deserializer=_request,
                response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
            )
        name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        return grpc.method_handlers_generic_handler(name, methods)

    def _publish(self) -> None:
        needed = any(self._problems.get(name) for name in _NEEDED)
        overall = _DOWN if self._draining or needed else _UP
        for name in self._names:
            self._servicer.set(name, overall)
        for name, problem in self._problems.items():
            self._servicer.set(name, _DOWN if problem else _UP)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self.check()
            self._stop.wait(_EACH)


def _ask(check: Check) -> str:
    try:
        return check()
    except Exception as error:
        return repr(error)


def _request(raw: bytes) -> health_pb2.HealthCheckRequest:
    return health_pb2.HealthCheckRequest.FromString(raw)
