"""`xianban migrate-to`: a district that has outgrown one machine goes on in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from xianban_sdk.cli.console import console, fail, print_json, print_table
from xianban_sdk.cli.options import Data, Json, load
from xianban_sdk.settings import Settings

if TYPE_CHECKING:
    from xianban_sdk.moving import Arrived

__all__ = ["register"]

_SHAPE: Final = "postgresql://user@host:5432/database"

Target = Annotated[
    str,
    typer.Argument(
        metavar="POSTGRESQL_URL",
        help=f"Where everything goes: {_SHAPE} [XIANBAN_MIGRATE_TO].",
        envvar="XIANBAN_MIGRATE_TO",
        show_envvar=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate-to")(migrate_to)


def migrate_to(url: Target, data: Data = None, as_json: Json = False) -> None:
    """Copies every service's SQLite file into PostgreSQL, and compares row by row.

    The suite must not run meanwhile. The files stay as they are, a schema that is there already
    is never written into, and all services arrive or none.
    """
    target, settings = _postgresql(url), load(data=data)
    if settings.database:
        fail("XIANBAN_DATABASE is set: there are no SQLite files to move.", hint="Unset it.")
    found = _moved(settings, target, quiet=as_json)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _say(found, settings, target)
    if any(one.audit for one in found):
        raise typer.Exit(1)


def _postgresql(url: str) -> str:
    try:
        named = make_url(url).get_backend_name()
    except ArgumentError:
        fail("POSTGRESQL_URL is no URL.", hint=f"It looks like {_SHAPE}.")
    if named != "postgresql":
        fail(f"POSTGRESQL_URL names {named}, not PostgreSQL.", hint=f"It looks like {_SHAPE}.")
    return url


def _moved(settings: Settings, target: str, *, quiet: bool) -> list[Arrived]:
    from xianban_sdk.app import installed_services
    from xianban_sdk.moving import MoveRefused, move
    from xianban_sdk.storage.engine import DatabaseInUse

    shown = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} rows"))
    try:
        with Progress(*shown, console=console, disable=quiet) as bar:
            tasks = {one.name: bar.add_task(one.name, total=None) for one in installed_services()}
            return move(
                installed_services(),
                settings,
                target,
                lambda service, rows: bar.advance(tasks[service], rows),
            )
    except DatabaseInUse as error:
        fail(str(error), hint="Stop the suite first.")
    except (MoveRefused, SQLAlchemyError) as error:
        fail(str(error), hint="Nothing was kept there; the SQLite files are as they were.")


def _say(found: Sequence[Arrived], settings: Settings, target: str) -> None:
    print_table(
        ("service", "tables", "rows", "audit_rows", "audit"),
        [{**asdict(one), "audit": one.audit or "holds"} for one in found],
    )
    console.print("✓ Every row is the same on both sides.", highlight=False)
    url = make_url(target).render_as_string(hide_password=True)
    console.print(
        f"  Go on with: xianban up --data {settings.data} --database {url}",
        highlight=False,
        soft_wrap=True,
    )
