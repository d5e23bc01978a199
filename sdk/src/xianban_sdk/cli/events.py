"""`xianban events`: what left, what could not be applied, and applying it again."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import admin, services
from xianban_sdk.cli.backups import missed
from xianban_sdk.cli.console import console, print_json, print_table
from xianban_sdk.cli.options import Broker, Data, Database, Json, load

__all__ = ["register"]

Service = Annotated[str | None, typer.Option(help="Only this service.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="Events: tail, dead letters, replay.")
    for command in (tail, dead, replay, missed):
        group.command()(command)
    app.add_typer(group, name="events")


def tail(
    service: Service = None,
    count: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many.")] = 20,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Shows the newest events of each outbox; never their data."""
    settings = load(data=data, database=database)
    rows: list[dict[str, Any]] = []
    for name in services(settings, service):
        with admin(settings, name) as stub:
            answer = stub.TailEvents(admin_pb2.TailEventsRequest(count=count))
        rows += [_plain(event) | {"service": name} for event in answer.events]
    _print(("service", "time", "type", "aggregate", "sent", "id"), rows, as_json)


def dead(
    service: Service = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Lists events that could not be applied, with the reason."""
    settings = load(data=data, database=database)
    rows: list[dict[str, Any]] = []
    for name in services(settings, service):
        with admin(settings, name) as stub:
            answer = stub.ListDeadLetters(admin_pb2.ListDeadLettersRequest())
        rows += [_plain(letter) for letter in answer.dead_letters]
    _print(("service", "id", "type", "aggregate", "state", "attempts", "error"), rows, as_json)


def replay(
    event: Annotated[str, typer.Argument(help="The dead letter's id.")],
    service: Annotated[str, typer.Option(help="The service that could not apply it.")],
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
) -> None:
    """Applies a dead letter again, then those parked behind it, in order."""
    settings = load(data=data, database=database, broker=broker)
    (name,) = services(settings, service)
    with admin(settings, name) as stub:
        answer = stub.ReplayDeadLetter(admin_pb2.ReplayDeadLetterRequest(id=event))
    console.print(f"✓ {answer.applied} applied")


def _plain(message: Any) -> dict[str, Any]:
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _print(columns: tuple[str, ...], rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        print_table(columns, [{column: row.get(column, "") for column in columns} for row in rows])
