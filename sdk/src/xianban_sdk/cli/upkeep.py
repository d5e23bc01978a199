"""`xianban audit verify`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import admin, services
from xianban_sdk.cli.console import console, print_json
from xianban_sdk.cli.options import Data, Database, Json, load

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    audit = typer.Typer(no_args_is_help=True, help="The audit chain.")
    audit.command("verify")(verify)
    app.add_typer(audit, name="audit")


def verify(
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Walks each service's audit chain and names the first row that does not hold."""
    settings = load(data=data, database=database)
    found: list[dict[str, Any]] = []
    for name in services(settings, service):
        with admin(settings, name) as stub:
            answer = stub.VerifyAudit(admin_pb2.VerifyAuditRequest())
        found.append(
            {
                "service": name,
                "rows": answer.rows,
                "firstBadRow": answer.first_bad_row,
                "reason": answer.reason,
            }
        )
    _report(found, as_json)
    if any(row["firstBadRow"] for row in found):
        raise typer.Exit(1)


def _report(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for row in found:
        if row["firstBadRow"]:
            console.print(
                f"[bold red]✗[/] {row['service']}: row {row['firstBadRow']}: {row['reason']}"
            )
        else:
            console.print(f"✓ {row['service']}: {row['rows']} rows hold")
