"""`xianban backup`, `restore` and `events missed`: before and after the worst."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from xianban_sdk.cli.console import console, fail, print_json
from xianban_sdk.cli.options import Broker, Data, Database, Json, load

if TYPE_CHECKING:
    from xianban_sdk.backups import Missed

__all__ = ["missed", "register"]

Folder = Annotated[Path, typer.Argument(metavar="FOLDER")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    folder: Folder,
    keys: Annotated[
        Path | None,
        typer.Option(help="Copies the keys, too, to a folder of their own; never beside the rows."),
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Copies all services' rows of one instant, uploads and plugins; the suite may run.

    Without the keys (DATA/keys) encrypted columns are lost: keep them elsewhere.
    """
    from xianban_sdk.app import installed_services
    from xianban_sdk.backups import BackupRefused, back_up

    settings = load(data=data, database=database)
    try:
        made = back_up(installed_services(), settings, folder, keys)
    except (BackupRefused, OSError, SQLAlchemyError) as error:
        fail(str(error))
    if as_json:
        print_json({"cut": made.cut, "services": made.services, "files": len(made.files)})
        return
    console.print(
        f"✓ {folder}: {', '.join(made.services)} as of {made.cut}", highlight=False, soft_wrap=True
    )
    if keys is None:
        console.print(f"  The keys under {settings.keys} are not in it.", highlight=False)


def restore(
    folder: Folder,
    keys: Annotated[
        Path | None, typer.Option(help="Where `backup --keys` put them, if they are gone, too.")
    ] = None,
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    as_json: Json = False,
) -> None:
    """Brings a backup back into an empty place; the suite is stopped.

    Events that a service should have heard of and had not are sent again at the next start. With
    --broker the services' queues are emptied: what waits there is of rows that are gone.
    """
    from xianban_sdk.app import installed_services
    from xianban_sdk.backups import BackupRefused
    from xianban_sdk.backups import restore as bring_back
    from xianban_sdk.storage.engine import DatabaseInUse

    settings = load(data=data, database=database, broker=broker)
    try:
        done = bring_back(installed_services(), settings, folder, keys)
    except DatabaseInUse as error:
        fail(str(error), hint="Stop the suite first.")
    except (BackupRefused, OSError, SQLAlchemyError) as error:
        fail(str(error))
    if as_json:
        told = {"cut": done.manifest.cut, "dropped": done.dropped}
        print_json(told | _figures(done.missed))
        return
    there = ", ".join(done.manifest.services)
    console.print(f"✓ {there} as of {done.manifest.cut}", highlight=False, soft_wrap=True)
    console.print(f"  {done.dropped} events of after that were dropped from the broker's queues.")
    _say(done.missed)
    console.print(
        "  Next: xianban audit verify; then the erasures since (docs/operations/backup.md)"
    )


def missed(
    again: Annotated[
        bool, typer.Option("--send-again", help="Lets the relays send them again.")
    ] = False,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Finds events that left and never reached a service: after databases of different instants
    were restored, or a broker was lost. On SQLite the suite is stopped."""
    from xianban_sdk.app import installed_services
    from xianban_sdk.backups import find_missed, send_again
    from xianban_sdk.storage.engine import DatabaseInUse

    settings = load(data=data, database=database)
    try:
        found = find_missed(installed_services(), settings)
        if again:
            send_again(installed_services(), settings, found)
    except DatabaseInUse as error:
        fail(str(error), hint="Stop the suite first.")
    except SQLAlchemyError as error:
        fail(str(error))
    if as_json:
        print_json(_figures(found))
    else:
        _say(found)


def _figures(found: Missed) -> dict[str, object]:
    return {
        "missed": found.events,
        "missedBy": {name: count for name, count in found.by_receiver.items() if count},
        "orphans": {name: count for name, count in found.orphans.items() if count},
    }


def _say(found: Missed) -> None:
    console.print(f"  {found.events} events were sent and missed by somebody", highlight=False)
    for name, count in found.by_receiver.items():
        if count:
            console.print(f"    {name}: {count}", highlight=False)
    for name, count in found.orphans.items():
        if count:
            console.print(
                f"[bold red]✗[/] {name} applied {count} events that no service has sent: its rows "
                "are newer than theirs",
                highlight=False,
            )
