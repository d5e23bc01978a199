"""`xianban import KIND PATH`: real files in, with bad rows named and kept aside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import admin
from xianban_sdk.cli.console import console, fail, print_json
from xianban_sdk.cli.options import Data, Database, Json, load

__all__ = ["register"]

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import")(import_file)


def import_file(
    kind: Annotated[str, typer.Argument(help="What the file holds, e.g. parking.")],
    path: Annotated[Path, typer.Argument(exists=True, help="A file or a folder of files.")],
    option: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="The importer's own options.")
    ] = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Loads a file; running it again loads nothing twice."""
    settings = load(data=data, database=database)
    service = _owner(kind)
    request = admin_pb2.ImportRequest(
        kind=kind, path=str(path.absolute()), options=dict(_option(text) for text in option or [])
    )
    with admin(settings, service) as stub:
        last, rejections = _follow(stub.Import(request), quiet=as_json)
    _report(last, rejections, as_json)
    if last.rejected and not last.accepted and not last.duplicates:
        raise typer.Exit(1)


def _owner(kind: str) -> str:
    from xianban_sdk.app import installed_services

    kinds = {k: service.name for service in installed_services(None) for k in service.importers}
    if kind not in kinds:
        fail(f"Nothing imports {kind!r}.", hint=f"There is: {', '.join(sorted(kinds))}.")
    return kinds[kind]


def _option(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        fail(f"--option takes KEY=VALUE, not {text!r}.")
    return key, value


def _follow(
    answers: Iterable[admin_pb2.ImportProgress], *, quiet: bool
) -> tuple[admin_pb2.ImportProgress, list[admin_pb2.ImportRejection]]:
    last = admin_pb2.ImportProgress()
    rejections: list[admin_pb2.ImportRejection] = []
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet) as bar:
        task = bar.add_task("import", total=None)
        for last in answers:
            rejections += last.rejections[: max(0, _SHOWN - len(rejections))]
            bar.update(task, completed=last.done, total=last.total or None)
    return last, rejections


def _report(
    last: admin_pb2.ImportProgress, rejections: list[admin_pb2.ImportRejection], as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "accepted": last.accepted,
                "duplicates": last.duplicates,
                "rejected": last.rejected,
                "keptAside": last.kept_aside,
                "rejections": [
                    {"item": r.item, "field": r.field, "reason": r.reason} for r in rejections
                ],
            }
        )
        return
    console.print(
        f"✓ {last.accepted} accepted, {last.duplicates} known already, {last.rejected} refused"
    )
    for rejection in rejections:
        console.print(f"  {rejection.item}: {rejection.field}: {rejection.reason}", markup=False)
    if last.rejected > len(rejections):
        console.print(f"  … and {last.rejected - len(rejections)} more")
    if last.kept_aside:
        console.print(f"  Refused rows are kept in {last.kept_aside}", highlight=False)
