"""``Service``: what a service's app.py says, and the functions that run services.

``app = Service(name="parking", package=__package__, servicers={...}, …)`` is found by entry point
``xianban.services`` and runs in every shape: all in one process, one process each, in containers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import Event
from typing import Any, Final

from sqlalchemy import MetaData

from xianban_sdk.clock import Clock
from xianban_sdk.identity.jwks import JwksSource
from xianban_sdk.identity.relations import FactsSource
from xianban_sdk.ids import Ids
from xianban_sdk.messaging.bus import Bus
from xianban_sdk.personal import PersonalData
from xianban_sdk.plugins import Capability, Hooks
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.settings import Settings
from xianban_sdk.storage.encryption import Cipher
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.retention import Kept

__all__ = [
    "Resources",
    "Service",
    "UnknownService",
    "database_url",
    "installed_services",
    "migrate_all",
    "serve",
]

GROUP: Final = "xianban.services"


class UnknownService(LookupError):
    """No installed package offers a service of this name."""


@dataclass(kw_only=True)
class Resources:
    """What a service's servicers, loops, timers and HTTP side are built with."""

    settings: Settings
    db: Database
    clock: Clock
    ids: Ids
    hooks: Hooks
    clients: Clients
    relations: FactsSource
    cipher: Cipher
    log: Any
    bus: Bus
    blobs: Path


Handlers = Mapping[str, Callable[..., None]]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service, composed."""

    name: str
    package: str
    # Proto service → servicer class or factory, called with Resources.
    servicers: Mapping[str, Callable[[Resources], object]]
    # The module of the domain's hooks; its plugins are the entry points of ``xianban.<name>``.
    hookspecs: Any = None
    # What only plugins bring, and the words for when none does.
    capabilities: Sequence[Capability] = ()
    metadata: MetaData | None = None
    migrations: str | None = None
    consumers: Sequence[Callable[..., None]] = ()
    # Timer kind → handler, or a factory of that mapping that needs Resources.
    timers: Handlers | Callable[[Resources], Handlers] = field(default_factory=dict[str, Any])
    # A file in the package, read after the SDK's common prelude.
    policy: str = "policy.cedar"
    # Background loops: ``loop(resources, stop)`` until stop is set.
    loops: Sequence[Callable[[Resources, Event], None]] = ()
    # A WSGI app, served on ``<name>-http.sock``.
    http: Callable[[Resources], Any] | None = None
    # Called at start in the demo, and by ``xianban seed``; does nothing the second time.
    seed: Callable[[Resources], None] | None = None
    # Kind → importer for ``xianban import KIND PATH``.
    importers: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Any])
    # Whose data the tables hold, what for, and what becomes of it when the person goes.
    personal_data: PersonalData = field(default_factory=PersonalData)
    # Dependency → "" when it is well, else what is wrong: beside those that every service has.
    checks: Callable[[Resources], Mapping[str, Callable[[], str]]] | None = None
    # Rows of its own that have done their work, and how long they stay.
    kept: Sequence[Kept] = ()
    # Identity alone knows relations and keys first-hand; everybody else leaves these out.
    relations: Callable[[Resources], FactsSource] | None = None
    keys: Callable[[Resources], JwksSource] | None = None


def installed_services(names: Iterable[str] | None = None) -> list[Service]:
    """The services that packages offer, by name; all when no names are given."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    wanted = sorted(points) if not names else list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in points]
    if unknown:
        known = ", ".join(sorted(points)) or "none"
        raise UnknownService(f"no service {', '.join(unknown)}; installed: {known}")
    return [_load(points[name]) for name in wanted]


def _load(point: EntryPoint) -> Service:
    service = point.load()
    if not isinstance(service, Service):
        raise TypeError(f"{point.value} is no xianban_sdk.app.Service")
    return service


def database_url(service: str, settings: Settings) -> str:
    """The service's own database: a file under data, or its schema in the shared server."""
    if settings.database:
        return settings.database
    return f"sqlite:///{settings.data / f'{service}.db'}"


def migrate_all(services: Iterable[Service], settings: Settings) -> list[str]:
    """Brings the services' databases to the newest schema; returns the names done."""
    from xianban_sdk.storage.migrate import migrate

    done: list[str] = []
    for service in services:
        db = Database.open(database_url(service.name, settings), owner=service.name)
        try:
            migrate(db, service.migrations)
        finally:
            db.close()
        done.append(service.name)
    return done


def serve(services: Sequence[Service], settings: Settings) -> None:
    """Runs services in this process until SIGTERM or SIGINT, then drains."""
    from xianban_sdk.process import Process, run_until_signal

    run_until_signal(Process(services, settings))
