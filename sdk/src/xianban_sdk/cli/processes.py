"""`xianban serve` and `xianban process`: what the supervisor and Kubernetes run."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated

import typer

from xianban_sdk.cli.console import console, fail
from xianban_sdk.cli.options import Broker, Data, Database, load

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("serve")(serve)
    app.command("process", hidden=True)(process)
    app.command("migrate")(migrate)


def serve(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Services to run.")],
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
) -> None:
    """Runs services in this process, on Unix sockets or XIANBAN_<NAME>_ADDR."""
    from xianban_sdk.app import installed_services
    from xianban_sdk.app import serve as run

    settings = load(data=data, database=database, broker=broker)
    known = installed_services(names)
    run(known, settings)


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
