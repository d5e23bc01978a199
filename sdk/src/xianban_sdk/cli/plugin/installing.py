"""`xianban plugin install`, `list` and `disable`: the plugins of a district, running or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from xianban.common.v1 import admin_pb2, plugins_pb2

from xianban_sdk.cli.admin_client import running_admin
from xianban_sdk.cli.console import console, print_json, print_table
from xianban_sdk.cli.options import Data, Json, load
from xianban_sdk.cli.plugin.packing import signature_beside, told
from xianban_sdk.cli.plugin.untold import untold_of, words_for
from xianban_sdk.cli.plugin.words import refuse, say
from xianban_sdk.plugins import registry
from xianban_sdk.plugins.building import in_environment
from xianban_sdk.plugins.domains import domain_names
from xianban_sdk.plugins.registry import Installed, Store
from xianban_sdk.plugins.switches import Off, Switches
from xianban_sdk.plugins.tiers import tier_of
from xianban_sdk.settings import Settings

__all__ = ["register"]


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    group.command("install")(install)
    group.command("list")(list_plugins)
    group.command("disable")(disable)


def install(
    plugin: Annotated[str, typer.Argument(help="An id in the index, or a file.")],
    index: Annotated[str | None, typer.Option(help="The index: an address or a folder.")] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="Whom you trust, ed25519:…: the index's key, or with a file its signer's."
        ),
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Also a file or version that nobody signed.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Installs a plugin into the suite's data; a running suite takes it up at once."""
    settings = load(data=data)
    with told():
        store = Store(settings)
        if index is not None:
            made = _from_index(store, index, key, plugin, unsigned)
        else:
            made = _from_file(store, Path(plugin), key, unsigned)
    _report(settings, made, as_json, "plugin-installed")


def list_plugins(
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Asks the indexes first; what is revoked stops at once."),
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Shows every plugin: where it comes from, how far to trust it, how it is doing."""
    settings = load(data=data)
    store = Store(settings)
    with told():
        absent, refused = store.refresh() if refresh else ([], [])
        domains = {name for one in store.installed().values() for name in one.domains}
    for domain in domains if refresh else ():
        _refresh(settings, domain)
    _show(_rows(settings, store), absent, as_json)
    with told():
        if refused:
            raise refused[0]


def _show(rows: list[dict[str, Any]], absent: list[str], as_json: bool) -> None:
    if as_json:
        print_json({"plugins": rows, "unreachable": absent})
        return
    print_table(("id", "version", "domain", "standing", "state", "tier"), rows)
    for row in rows:
        for line in words_for(row["id"], row["untold"]):
            console.print(f"! {line}", highlight=False, markup=False)
    for source in absent:
        console.print(say("index-absent", source=source), highlight=False)


def disable(
    plugin: Annotated[str, typer.Argument(help="The plugin's id.")],
    undo: Annotated[bool, typer.Option("--undo", help="Lets it run again.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Deletes it, too.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Stops an installed plugin; a running suite lets go of it at once."""
    settings = load(data=data)
    with told():
        store = Store(settings)
        if plugin in store.installed() or remove:
            made = store.remove(plugin) if remove else store.enable(plugin, enabled=undo)
        else:
            made = _package(settings, plugin, undo) or store.enable(plugin, enabled=undo)
    key = "plugin-enabled" if undo else "plugin-removed" if remove else "plugin-disabled"
    _report(settings, made, as_json, key)


def _package(settings: Settings, plugin: str, undo: bool) -> Installed | None:
    """Switches a package of the environment; None where there is none of this id."""
    for domain in domain_names():
        if plugin in (found := in_environment(domain)):
            now = datetime.now(UTC).isoformat()
            switches = Switches(settings)
            if undo:
                switches.switch_on(plugin)
            else:
                switches.switch_off(plugin, Off("", "", now))
            manifest, point = found[plugin]
            return Installed(plugin, manifest.version, domain, point.value, "", now, "")
    return None


def _from_index(
    store: Store, index: str, key: str | None, plugin: str, unsigned: bool
) -> Installed:
    if key is None:
        refuse("install-needs-key", source=index)
    source = index if "://" in index else str(Path(index).absolute())
    if not unsigned and store.fetch_index(source, key).standing_of_newest(plugin) == "unsigned":
        refuse("install-unsigned", plugin=plugin)
    return store.install_from_index(source, key, plugin, datetime.now(UTC))


def _from_file(store: Store, path: Path, key: str | None, unsigned: bool) -> Installed:
    if not path.is_file():
        refuse("install-no-file", path=str(path))
    archive, signature = registry.open_archive(path), signature_beside(path)
    if signature is None and not unsigned:
        refuse("install-unsigned", plugin=archive.manifest.id)
    if signature is not None and signature.key != key:
        refuse("install-other-key", key=signature.key)
    return store.install(archive, signature, datetime.now(UTC), source=str(path.absolute()))


def _report(settings: Settings, made: Installed, as_json: bool, key: str) -> None:
    running = _refreshed(settings, made)
    facts = {
        "id": made.id,
        "version": made.version,
        "domain": made.domain,
        "suite": "running" if running is not None else "stopped",
        "running": made.id in (running or ()),
    }
    if as_json:
        print_json(facts)
        return
    console.print(f"✓ {say(key, plugin=made.id, version=made.version)}", highlight=False)
    if running is None:
        console.print(f"  {say('suite-stopped')}", highlight=False)
    else:
        word = "suite-runs-it" if made.id in running else "suite-runs-it-not"
        console.print(f"  {say(word, domain=made.domain)}", highlight=False)


def _refreshed(settings: Settings, made: Installed) -> list[str] | None:
    """What all of its domains run that are there; None: none of them is."""
    told = [_refresh(settings, one, of_the_store=bool(made.sha256)) for one in made.domains]
    there = [set(one) for one in told if one is not None]
    return sorted(set[str].intersection(*there)) if there else None


def _refresh(settings: Settings, domain: str, *, of_the_store: bool = True) -> list[str] | None:
    """The ids that the domain's service runs, of the store or of all; None: it does not run."""
    with running_admin(settings, domain) as stub:
        if stub is None:
            return None
        running = stub.RefreshPlugins(admin_pb2.RefreshPluginsRequest()).running
        if of_the_store:
            return list(running)
        found = stub.ListPlugins(admin_pb2.ListPluginsRequest()).plugins
        return [one.id for one in found if not one.set_aside]


def _rows(settings: Settings, store: Store) -> list[dict[str, Any]]:
    installed = store.installed()
    rows: dict[str, dict[str, Any]] = {}
    off = Switches(settings).off()
    for name, one in installed.items():
        standing = store.standing(one).value
        state = "stopped" if one.enabled else "disabled"
        rows[name] = _row(name, one.version, one.domain, standing, state, 1)
    for domain in domain_names():
        for name, (manifest, _) in in_environment(domain).items():
            if name in off:
                tier = tier_of(name, settings.plugin_tiers)
                rows[name] = _row(name, manifest.version, domain, "core", "disabled", tier)
    for domain, answer in _loaded(settings):
        for loaded in answer.plugins:
            standing = rows[loaded.id]["standing"] if loaded.id in rows else "core"
            state = loaded.set_aside or "running"
            rows[loaded.id] = _row(loaded.id, loaded.version, domain, standing, state, loaded.tier)
        for one in answer.all:
            rows[one.name.removeprefix("plugins/")]["figures"] = _figures(one)
    untold = untold_of(settings, store)
    return [{**rows[name], "untold": untold.get(name, {})} for name in sorted(rows)]


def _figures(told: plugins_pb2.Plugin) -> dict[str, Any]:
    """As the operator's page shows them."""
    return {
        "window_seconds": told.window_seconds,
        "calls": told.total.calls,
        "errors": dict(told.total.errors),
        "p50_ms": told.total.p50_ms,
        "p99_ms": told.total.p99_ms,
        "memory_bytes": told.memory_bytes,
        "restarts": told.restarts,
    }


def _row(
    name: str, version: str, domain: str, standing: str, state: str, tier: int
) -> dict[str, Any]:
    facts = {"id": name, "version": version, "domain": domain}
    return {**facts, "standing": standing, "state": state, "tier": tier}


def _loaded(settings: Settings) -> Iterator[tuple[str, admin_pb2.ListPluginsResponse]]:
    """What the services that run have."""
    for domain in domain_names():
        with running_admin(settings, domain) as stub:
            if stub is not None:
                yield domain, stub.ListPlugins(admin_pb2.ListPluginsRequest())
