"""Finds the plugins of a domain and admits those that fit it."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, cast

import pluggy

from xianban_sdk.carrying import Carries, marks_of
from xianban_sdk.hook_versions import api_of, deprecation_of
from xianban_sdk.plugins.hooks import Hooks
from xianban_sdk.plugins.isolation.elsewhere import Awaited, join_plugin
from xianban_sdk.plugins.isolation.failures import PluginGone
from xianban_sdk.plugins.isolation.opening import Source, open_plugin
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import Manifest, PluginRefused, read_manifest
from xianban_sdk.plugins.switches import Switches
from xianban_sdk.plugins.tiers import ELSEWHERE, IN_PROCESS, PROCESS, STORE, SetAside, place_of
from xianban_sdk.plugins.workers import Workers
from xianban_sdk.sandbox.loading import Misfit, refuse_removed
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = [
    "build",
    "hookimpl",
    "hookspec",
    "in_environment",
    "open_outside",
    "take_up",
    "take_up_again",
]

# For domains that make no markers of their own.
hookspec = pluggy.HookspecMarker("xianban")
hookimpl = pluggy.HookimplMarker("xianban")

# Starts of processes at the same time.
_STARTS: Final = 4
_NO_WORDS: Final = {"zh-CN": "", "en": ""}

Specs = dict[str, Callable[..., Any]]


def build(
    domain: str,
    hookspecs: Any,
    plugins: Iterable[Any] | None = None,
    settings: Settings | None = None,
) -> Hooks:
    """Loads the installed plugins of a domain; ``plugins`` (objects or modules) replaces them.

    Refuses a plugin without manifest, with a hook it does not declare, for another API version,
    or with a misspelt hook: in process the start fails, one in its own process is set aside.
    """
    specs, project = _specs(domain, hookspecs)
    manager = pluggy.PluginManager(project)
    if hookspecs is not None:
        manager.add_hookspecs(hookspecs)
    hooks = Hooks(domain, specs, _marks(hookspecs))
    loading = _Loading(hooks, manager, hookspecs, settings or Settings.load())
    if plugins is None:
        found, off = in_environment(domain), Switches(loading.settings).off()
        hooks.left_out = found.keys() & off.keys()
        loading.take(one for name, one in found.items() if name not in off)
    else:
        loading.take(_given(plugins, hookspecs))
    if plugins is None and hookspecs is not None and Path(loading.settings.data, *STORE).is_dir():
        # Signatures and indexes cost a start their imports: only where something was installed.
        from xianban_sdk.plugins.registry.following import follow

        follow(hooks, hookspecs, loading.settings)
    return hooks


def in_environment(domain: str) -> dict[str, tuple[Manifest, EntryPoint]]:
    """The domain's plugins among the installed packages, by id; none of them is imported."""
    found = [(read_manifest(_package(point)), point) for point in _entries(domain)]
    made = {manifest.id: (manifest, point) for manifest, point in found}
    if len(made) < len(found):
        twice = next(one.id for one, point in found if made[one.id][1] is not point)
        raise PluginRefused(f"two plugins call themselves {twice!r}")
    return made


def take_up_again(
    hooks: Hooks, hookspecs: Any, manifest: Manifest, point: EntryPoint, settings: Settings
) -> None:
    """A package of the environment that was off; set aside, with the reason, where it fails."""
    _, project = _specs(hooks.domain, hookspecs)
    manager = pluggy.PluginManager(project)
    manager.add_hookspecs(hookspecs)
    loading = _Loading(hooks, manager, hookspecs, settings)
    try:
        loading.take([(manifest, point)])
    except Exception as error:
        log.error("plugin_set_aside", plugin=manifest.id, error=str(error))
        if manifest.id in hooks.plugins:
            hooks.let_go(manifest.id)
        hooks.take_up(Plugin(manifest, {}, SetAside(str(error)), IN_PROCESS))


class _Loading:
    """One start of a domain's plugins."""

    def __init__(
        self, hooks: Hooks, manager: pluggy.PluginManager, hookspecs: Any, settings: Settings
    ) -> None:
        self._hooks = hooks
        self._manager = manager
        self._hookspecs = hookspecs
        self.settings = settings

    def take(self, found: Iterable[tuple[Manifest, EntryPoint | Any]]) -> None:
        """Opens them in order; the processes of those that have their own start side by side."""
        with ThreadPoolExecutor(_STARTS) as pool:
            opened = [self._open(manifest, plugin, pool) for manifest, plugin in found]
            for opening in opened:
                opening()

    def _open(
        self, manifest: Manifest, plugin: EntryPoint | Any, pool: ThreadPoolExecutor
    ) -> Callable[[], None]:
        entry = _entry(plugin)
        if entry and place_of(manifest.id, self.settings.plugin_tiers).tier != IN_PROCESS:
            told = (self._hookspecs, self._hooks.domain, self.settings)
            opening = partial(open_outside, Source(entry), manifest, *told)
            first = pool.submit(opening)
            return lambda: take_up(self._hooks, first.result(), opening)
        loaded = plugin.load() if isinstance(plugin, EntryPoint) else plugin
        return lambda: self._hooks.take_up(self._inside(manifest, loaded))

    def _inside(self, manifest: Manifest, plugin: Any) -> Plugin:
        _check_api(manifest, self._hookspecs, self._hooks.domain)
        try:
            refuse_removed(self._hookspecs, plugin, self._manager)
            self._manager.register(plugin, manifest.id)
            # pluggy takes a misspelt hook without a word until it is asked.
            self._manager.check_pending()
        except (pluggy.PluginValidationError, Misfit) as error:
            raise PluginRefused(f"{manifest.id}: {error}") from error
        except ValueError as error:
            raise PluginRefused(f"two plugins call themselves {manifest.id!r}") from error
        implementations = {
            caller.name: one
            for caller in self._manager.get_hookcallers(plugin) or []
            for one in caller.get_hookimpls()
            if one.plugin is plugin
        }
        made = Plugin(manifest, implementations, Workers(manifest.id), IN_PROCESS)
        _check_declared(made)
        _tell_deprecated(made, self._hookspecs)
        return made


def take_up(hooks: Hooks, made: Plugin, again: Callable[[], Plugin]) -> None:
    """Adds a plugin to the hooks; one that is elsewhere and not there yet joins them later."""
    hooks.take_up(made)
    name = made.manifest.id
    if made.quarantined:
        log.error("plugin_set_aside", plugin=name, error=made.quarantined)
    if isinstance(made.runner, Awaited):
        made.runner.join(name, again, lambda there: _joined(hooks, made, there))


def _joined(hooks: Hooks, awaited: Plugin, there: Plugin) -> None:
    if hooks.replace(awaited, there):
        log.info("plugin_joined", plugin=there.manifest.id)


def open_outside(
    source: Source, manifest: Manifest, hookspecs: Any, domain: str, settings: Settings
) -> Plugin:
    """The plugin where the operator has it run, never in this process.

    Set aside, with the reason, where it does not start or fit; awaited where it is not there yet.
    """
    place = place_of(manifest.id, settings.plugin_tiers, PROCESS)
    tier = max(place.tier, PROCESS)
    try:
        _check_api(manifest, hookspecs, domain)
        if tier == ELSEWHERE:
            made = join_plugin(place.address, source, manifest, hookspecs, settings)
        else:
            made = open_plugin(source, manifest, hookspecs, manifest.limits, settings)
        _check_declared(made)
        _tell_deprecated(made, hookspecs)
    except Exception as error:
        # Whatever keeps it from starting is its own affair; the others go on.
        away = tier == ELSEWHERE and isinstance(error, PluginGone)
        return Plugin(manifest, {}, (Awaited if away else SetAside)(str(error)), tier)
    return made


def _check_api(manifest: Manifest, hookspecs: Any, domain: str) -> None:
    api = api_of(hookspecs)
    if not manifest.accepts(api):
        raise PluginRefused(f"{manifest.id} wants API {manifest.api}, {domain} has {api}")


def _check_declared(plugin: Plugin) -> None:
    undeclared = sorted(plugin.implementations.keys() - plugin.manifest.hooks)
    if undeclared:
        plugin.runner.close()
        raise PluginRefused(f"{plugin.manifest.id} does not declare {', '.join(undeclared)}")


def _tell_deprecated(plugin: Plugin, hookspecs: Any) -> None:
    """Once at the start: who writes plugins reads it in `plugin check`, operators here."""
    for hook in sorted(plugin.implementations):
        going = deprecation_of(getattr(hookspecs, hook))
        if going is not None:
            told = {"removal": going.removal, "on": going.on.isoformat(), "use": going.use}
            log.warning("plugin_uses_deprecated", plugin=plugin.manifest.id, hook=hook, **told)


def _specs(domain: str, hookspecs: Any) -> tuple[Specs, str]:
    own = f"xianban.{domain}"
    members = cast(dict[str, Any], vars(hookspecs)) if hookspecs else {}
    functions = {name: member for name, member in members.items() if callable(member)}
    for project in (own, "xianban"):
        found = {n: f for n, f in functions.items() if hasattr(f, f"{project}_spec")}
        if found:
            return found, project
    return {}, own


@cache
def _entries(domain: str) -> tuple[EntryPoint, ...]:
    """Read once: what comes while the process runs comes through the store."""
    found = entry_points(group=f"xianban.{domain}")
    return tuple(sorted(found, key=lambda point: point.name))


def _package(point: EntryPoint) -> str:
    return point.module.partition(".")[0]


def _given(plugins: Iterable[Any], hookspecs: Any) -> Iterator[tuple[Manifest, Any]]:
    purposes = {mark.purpose: _NO_WORDS for mark in _marks(hookspecs).values()}
    for plugin in plugins:
        yield _declared(plugin, purposes), plugin


def _declared(plugin: Any, purposes: Mapping[str, Mapping[str, str]]) -> Manifest:
    """An object passed by a test carries its manifest, or declares what it implements."""
    manifest = getattr(plugin, "manifest", None)
    if isinstance(manifest, Manifest):
        return manifest
    if isinstance(plugin, types.ModuleType):
        return read_manifest(plugin.__name__.partition(".")[0])
    name, hooks = type(plugin).__name__, frozenset(dir(plugin))
    return Manifest(name, "0", "test", ">=0", hooks, purposes=purposes)


def _marks(hookspecs: Any) -> Mapping[str, Carries]:
    return marks_of(hookspecs) if hookspecs is not None else {}


def _entry(plugin: EntryPoint | Any) -> str:
    """How a process of its own finds the plugin; "" for an object that only this one has."""
    if isinstance(plugin, EntryPoint):
        return plugin.value
    return plugin.__name__ if isinstance(plugin, types.ModuleType) else ""
