"""`xianban serve`, `relay`, `worker`, `process`: what the supervisor runs; `migrate` and `seed`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated

import typer
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import district, services
from xianban_sdk.cli.console import console, fail, print_json
from xianban_sdk.cli.options import Broker, Data, Database, Json, load
from xianban_sdk.settings import Settings

if TYPE_CHECKING:
    from xianban_sdk.app import Service

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("serve")(serve)
    app.command("relay")(relay)
    app.command("worker")(worker)
    app.command("process", hidden=True)(process)
    app.command("migrate")(migrate)
    app.command("seed")(seed)


def serve(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Services to run.")],
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    own_relay: Annotated[
        bool | None,
        typer.Option("--relay/--no-relay", help="Whether they relay themselves [XIANBAN_RELAY]."),
    ] = None,
) -> None:
    """Runs services in this process, on Unix sockets or XIANBAN_<NAME>_ADDR."""
    from xianban_sdk.app import installed_services
    from xianban_sdk.app import serve as run

    settings = load(data=data, database=database, broker=broker, relay=own_relay)
    if not settings.relay:
        _refuse_own_outbox(settings, "--no-relay")
    known = installed_services(names)
    run(known, settings)


def relay(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Whose outboxes to relay.")],
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
) -> None:
    """Runs only the outbox relays of services, beside `serve --no-relay`; any number may run."""
    from xianban_sdk.process import bus_of, run_until_signal
    from xianban_sdk.relays import RelayProcess

    settings = load(data=data, database=database, broker=broker)
    _refuse_own_outbox(settings, "relay")
    run_until_signal(RelayProcess(_named(names), settings, bus_of(settings)))


def _named(names: list[str]) -> list[Service]:
    from xianban_sdk.app import UnknownService, installed_services

    try:
        return installed_services(names)
    except UnknownService as error:
        fail(str(error))


def _refuse_own_outbox(settings: Settings, what: str) -> None:
    """A relay of its own reaches the outbox and the consumers through servers alone."""
    if not settings.database:
        fail(
            f"{what} needs --database: a SQLite file has one owner, which relays it too.",
            hint="`make backends` starts PostgreSQL and RabbitMQ and prints their URLs.",
        )
    if not settings.broker:
        fail(f"{what} needs --broker: the in-process bus can't be reached from outside.")


def worker(
    name: Annotated[str, typer.Argument(help="Whose worker, e.g. notify.")],
    data: Data = None,
    broker: Broker = None,
) -> None:
    """Runs a stateless worker beside the services; any number may run. Needs --broker."""
    settings = load(data=data, broker=broker)
    found = entry_points(group="xianban.workers", name=name)
    if not found:
        known = ", ".join(sorted(point.name for point in entry_points(group="xianban.workers")))
        fail(f"There is no worker {name!r}.", hint=f"There are: {known}.")
    if not settings.broker:
        fail(
            "A worker needs --broker: without one the service does its work itself.",
            hint="`make backends` starts RabbitMQ and prints its URL.",
        )
    told = {
        "XIANBAN_DATA": str(settings.data),
        "XIANBAN_BROKER": settings.broker,
        "XIANBAN_DEMO": "1" if settings.demo else "0",
    }
    # A new interpreter in this process: eventlet must come before everything, grpc not at all.
    module = next(iter(found)).module
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", module]
    os.execve(sys.executable, command, os.environ | told)  # noqa: S606


def process(name: str) -> None:
    """Runs another part of the suite (portal, edge) until it is told to stop."""
    found = entry_points(group="xianban.processes", name=name)
    if not found:
        fail(f"There is no process {name!r}.")
    next(iter(found)).load()(load())


def migrate(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]")] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Brings the services' databases to the newest schema."""
    from xianban_sdk.app import installed_services, migrate_all

    settings = load(data=data, database=database)
    for name in migrate_all(installed_services(names), settings):
        console.print(f"✓ {name}")


def seed(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]")] = None,
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    as_json: Json = False,
) -> None:
    """Brings the demo district's people and things about; again it adds nothing."""
    settings = load(data=data, database=database, broker=broker)
    for name in names or ():
        services(settings, name)
    if not settings.demo:
        fail("This is no demo district (XIANBAN_DEMO=0): made-up people do not mix with real ones.")
    seeded: dict[str, bool] = {}
    with district(settings, relay=True) as stubs:
        for name in names or stubs:
            with console.status(f"Seeding {name} …"):
                seeded[name] = stubs[name].Seed(admin_pb2.SeedRequest()).seeded
    if as_json:
        print_json([{"service": name, "seeded": done} for name, done in seeded.items()])
        return
    for name, done in seeded.items():
        console.print(f"✓ {name}" if done else f"– {name}: has no demo data of its own")
