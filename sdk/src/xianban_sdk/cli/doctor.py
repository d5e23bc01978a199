"""`xianban doctor`: looks at this machine, these settings and, where it runs, the suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Final, Literal

import typer
from rich.markup import escape

from xianban_sdk import diagnosis, i18n
from xianban_sdk.app import installed_services
from xianban_sdk.cli.console import console, print_json
from xianban_sdk.cli.options import Broker, Data, Database, Json, load
from xianban_sdk.cli.plugin.words import locale as terminal_locale
from xianban_sdk.diagnosis import Finding, Level
from xianban_sdk.settings import Settings

__all__ = ["register"]

_SIGNS: Final[Mapping[Level, str]] = {
    "well": "✓",
    "note": "–",
    "warning": "[bold yellow]![/]",
    "broken": "[bold red]✗[/]",
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(doctor)


def doctor(
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    language: Annotated[
        Literal["zh-CN", "en"] | None, typer.Option("--lang", help="Else as LANG says.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Says what is wrong with this installation. Ends with 1 when something is broken."""
    settings = load(data=data, database=database, broker=broker)
    locale = language or terminal_locale()
    findings = list(_examined(settings))
    if as_json:
        print_json([_for_machines(one, locale) for one in findings])
    else:
        for one in findings:
            said = f"{_SIGNS[one.level]} {escape(one.about)}: {escape(one.text(locale))}"
            console.print(said, highlight=False, soft_wrap=True)
    if diagnosis.worst(findings) == "broken":
        raise typer.Exit(1)


def _for_machines(one: Finding, locale: str) -> dict[str, str]:
    return {"about": one.about, "level": one.level, "key": one.key, "text": one.text(locale)}


def _examined(settings: Settings) -> Iterator[Finding]:
    yield from diagnosis.disk(settings)
    yield from _tried("database", lambda: _database(settings))
    yield from _tried("broker", lambda: _broker(settings))
    yield from _tried("confinement", lambda: _confinement(settings))
    yield from _tried("plugins", lambda: _told(settings))
    yield from diagnosis.clocks(settings)
    yield from diagnosis.certificates(settings, dict(os.environ))
    for found in installed_services(None):
        i18n.register(found.package)
        yield from diagnosis.service(found, settings)
    for point in sorted(entry_points(group="xianban.doctor"), key=lambda one: one.name):
        check: Callable[[Settings], Iterable[Finding]] = point.load()
        yield from check(settings)


def _tried(about: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Whatever fails is the finding; the other checks go on."""
    try:
        yield from check()
    except Exception as error:
        yield Finding(about, "broken", "plain", {"said": str(error) or repr(error)})


def _well(about: str, said: str) -> Finding:
    """What is the same in every language."""
    return Finding(about, "well", "plain", {"said": said})


def _database(settings: Settings) -> Iterator[Finding]:
    if not settings.database:
        yield Finding("database", "well", "database-sqlite")
        return
    from sqlalchemy import create_engine, text

    with create_engine(settings.database).connect() as connection:
        said = str(connection.execute(text("select version()")).scalar_one())
        yield _well("database", said.split(" on ")[0])


def _broker(settings: Settings) -> Iterator[Finding]:
    if not settings.broker:
        yield Finding("broker", "well", "bus-in-process")
        return
    from kombu.connection import Connection

    with Connection(settings.broker, connect_timeout=3) as connection:
        connection.ensure_connection(max_retries=1)
        yield _well("broker", connection.as_uri())


def _confinement(settings: Settings) -> Iterator[Finding]:
    from xianban_sdk.plugins.isolation.confined import check_required, confinement_here

    found, about = confinement_here(settings), "confinement"
    held = ", ".join(name for name, why in found.items() if not why)
    yield Finding(about, "well", "confined", {"by": held})
    absent = {name: why for name, why in found.items() if why}
    for name, why in absent.items():
        yield Finding(about, "note", "confinement-absent", {"feature": name, "why": why})
    if absent:
        yield Finding(about, "note", "confinement-elsewhere")
    check_required("plugins", found, settings.plugin_require)


def _told(settings: Settings) -> Iterator[Finding]:
    from xianban_sdk.cli.plugin.untold import untold_of, words_for
    from xianban_sdk.plugins.registry import Store

    untold = untold_of(settings, Store(settings))
    for plugin, purposes in sorted(untold.items()):
        yield from (_well("plugins", line) for line in words_for(plugin, purposes))
    if not untold:
        yield Finding("plugins", "well", "told-declared")
