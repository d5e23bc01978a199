"""`xianban plugin ledger`: what plugins were told of people, who are counted, not named."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer
from xianban.common.v1 import admin_pb2 as pb
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub

from xianban_sdk.cli.admin_client import district
from xianban_sdk.cli.console import fail, print_json, print_table
from xianban_sdk.cli.options import Data, Json, load

__all__ = ["register"]

_LINE = ("day", "plugin", "version", "vendor", "purpose", "basis", "capability")
_COUNTS = ("people", "calls", "refused")


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("ledger")(ledger)


def ledger(
    vendor: Annotated[str, typer.Option("--vendor", help="This vendor's alone.")] = "",
    plugin: Annotated[str, typer.Option("--plugin", help="This plugin's alone.")] = "",
    since: Annotated[str, typer.Option("--since", help="From this day on, YYYY-MM-DD.")] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Shows what plugins were told of people: by day, plugin and purpose, for three years."""
    asked = pb.ListDisclosuresRequest(vendor=vendor, plugin=plugin, since=_day(since))
    with district(load(data=data)) as stubs:
        rows = [row for name, stub in stubs.items() for row in _rows(name, stub, asked)]
    rows.sort(key=lambda row: row["day"], reverse=True)
    if as_json:
        print_json({"disclosures": rows})
        return
    print_table(("service", *_LINE, *_COUNTS), rows)


def _day(since: str) -> str:
    try:
        return date.fromisoformat(since).isoformat() if since else ""
    except ValueError:
        fail(f"--since: {since!r} is no day.", hint="For example 2026-11-01.")


def _rows(
    service: str, stub: AdminServiceStub, asked: pb.ListDisclosuresRequest
) -> list[dict[str, Any]]:
    told = stub.ListDisclosures(asked).lines
    names = (*_LINE, *_COUNTS)
    return [{"service": service, **{name: getattr(line, name) for name in names}} for line in told]
