"""`xianban master`: the installation's master secret, changed while the suite runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from xianban_sdk.cli.console import console, fail, print_table
from xianban_sdk.cli.options import Data, Database, load
from xianban_sdk.settings import Settings
from xianban_sdk.storage import masters

__all__ = ["register"]

_THEN = {
    "begun": "Restart every process, one after the other; then: xianban master promote",
    "promoted": "Restart every process, one after the other; then: xianban master reseal",
    "": "No change is under way; xianban master begin",
}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="The master secret: status and change.")
    for command in (status, begin, promote, reseal, end):
        group.command()(command)
    app.add_typer(group, name="master")


def status(data: Data = None) -> None:
    """Says where a change stands and what comes next."""
    _say(load(data=data))


def begin(data: Data = None) -> None:
    """Makes the next secret; nothing is encrypted with it yet."""
    _do(masters.begin, load(data=data))


def promote(data: Data = None) -> None:
    """The next secret encrypts from each process's next start on; the old one still decrypts."""
    _do(masters.promote, load(data=data))


def reseal(data: Data = None, database: Database = None) -> None:
    """Encrypts every column under the current secret; on SQLite the suite is stopped."""
    from xianban_sdk.app import installed_services
    from xianban_sdk.resealing import reseal as run
    from xianban_sdk.storage.engine import DatabaseInUse

    settings = load(data=data, database=database)
    try:
        found = run(installed_services(), settings, masters.installed_keyring(settings))
    except DatabaseInUse as error:
        fail(str(error), hint="Stop the suite first.")
    rows = [{"service": o.service, "resealed": o.rows, "still older": o.left} for o in found]
    print_table(("service", "resealed", "still older"), rows)
    if any(one.left for one in found):
        console.print("  What is still older is gone or written anew in thirty days; then again.")
    else:
        console.print("  Nothing needs the old one: xianban master end")


def end(
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Does not ask.")] = False,
) -> None:
    """Deletes the old secret; what is still encrypted with it is lost."""
    settings = load(data=data)
    if not yes:
        typer.confirm("Did `reseal` say that nothing needs the old one?", abort=True)
    _do(masters.end, settings)


def _do(change: Callable[[Settings], None], settings: Settings) -> None:
    try:
        change(settings)
    except masters.RotationRefused as error:
        fail(str(error))
    _say(settings)


def _say(settings: Settings) -> None:
    found = masters.step(settings)
    console.print(f"{found or 'settled'}: {_THEN[found]}", highlight=False, soft_wrap=True)
