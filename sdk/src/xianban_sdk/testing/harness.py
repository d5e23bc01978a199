"""A real service with real sockets, on its own database, with a test's issuer and relations."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc

from xianban_sdk.app import Resources, Service
from xianban_sdk.clock import Clock
from xianban_sdk.demo import PEOPLE, person_id
from xianban_sdk.identity.jwks import StaticKeys
from xianban_sdk.identity.relations import Relations
from xianban_sdk.ids import Ids
from xianban_sdk.messaging.bus import Bus
from xianban_sdk.process import Process
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.running import RunningService
from xianban_sdk.settings import Settings
from xianban_sdk.storage.engine import Database
from xianban_sdk.testing.backends import backends, renew
from xianban_sdk.testing.issuer import TestIssuer
from xianban_sdk.testing.world import RelationsWorld

__all__ = ["ServiceUnderTest", "settings_for"]

Stub = TypeVar("Stub")
# A demo district is seeded in this time even on a busy machine.
_PATIENCE: Final = 90.0


def settings_for(data: Path, **changes: Any) -> Settings:
    """A test's settings: own data, a short run directory, no demo seed, no pinning, and time."""
    database, broker = backends()
    run = Path(tempfile.mkdtemp(prefix="xb-"))
    chosen: dict[str, Any] = {
        "data": data,
        "run": run,
        "database": database,
        "broker": broker,
        "demo": False,
        "pin": False,
        "drain": 0.0,
        "grace": 1.0,
        "streams": 16,
        # A busy machine must not fail a call that nothing holds up.
        "deadline": 30.0,
        **changes,
    }
    return Settings(**chosen)


class ServiceUnderTest:
    """One running service and callers for it."""

    def __init__(
        self,
        app: Service,
        settings: Settings,
        *,
        clock: Clock,
        ids: Ids,
        issuer: TestIssuer,
        world: RelationsWorld,
        bus: Bus | None = None,
        person: str | None = None,
    ) -> None:
        self.issuer = issuer
        self.world = world
        self.settings = settings
        self._person = person
        self._changes: dict[str, Any] = {"keys": self._keys}
        if app.relations is None:
            # Identity keeps its own: it is what the others would ask.
            self._changes["relations"] = self._relations
        self.app = dataclasses.replace(app, **self._changes)
        renew(app, settings)
        self.process = Process([self.app], settings, clock=clock, ids=ids, bus=bus)
        self._clients = Clients(settings)

    def _keys(self, _resources: Resources) -> StaticKeys:
        return StaticKeys(self.issuer.jwks)

    def _relations(self, resources: Resources) -> Relations:
        world = self.world
        return Relations(resources.db, resources.clock, world.resolve, world.list_after)

    def start(self) -> None:
        """Returns when the service is ready."""
        self.process.start()
        end = time.monotonic() + _PATIENCE
        while not self.service.health.serving:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.app.name} is not ready: {self.service.health.problems}")
            time.sleep(0.01)
        if isinstance(self.service.resources.relations, Relations):
            self.world.follow(self.service.resources.relations)

    def stop(self) -> None:
        """Drains and closes."""
        self._clients.close()
        self.process.stop()

    @property
    def service(self) -> RunningService:
        """The running service."""
        return self.process.running[0]

    @property
    def resources(self) -> Resources:
        """Its resources: db, clock, hooks …"""
        return self.service.resources

    @property
    def db(self) -> Database:
        """Its database."""
        return self.service.db

    def token(self, person: str, **claims: Any) -> str:
        """A token of a demo person (alias) or anybody (id) for this service."""
        return self.issuer.token(person, self.app.name, **claims)

    def stub(
        self,
        stub: Callable[[grpc.Channel], Stub],
        person: str | None = None,
        *,
        workload: str | None = None,
        locale: str = "en",
        **claims: Any,
    ) -> Stub:
        """A stub on the real sockets, as ``person``, as the test's marker says, or anonymous.

        ``person=""`` is anonymous whatever the marker says.
        """
        chosen = self._person if person is None else person
        pairs: list[tuple[str, str]] = [("accept-language", locale)]
        if chosen:
            pairs.append(("authorization", f"Bearer {self.token(chosen, **claims)}"))
        if workload:
            pairs.append(("x-xianban-workload", self.issuer.workload(workload, self.app.name)))
        return self._clients.stub(stub, service=self.app.name, extra=tuple(pairs))

    def channel(self, lane: str = "") -> grpc.Channel:
        """A bare channel, for raw bytes."""
        return grpc.insecure_channel(self.settings.address(self.app.name, lane))

    @staticmethod
    def person(alias: str) -> str:
        """A demo person's id; anything else is taken for an id."""
        return person_id(alias) if alias in PEOPLE else alias
