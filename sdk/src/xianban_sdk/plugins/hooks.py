"""Calls plugins one at a time: whoever raises, hangs or lies loses only its own say."""

from __future__ import annotations

import copy
import threading
import time
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final, cast

import pluggy

from xianban_sdk import telemetry
from xianban_sdk.deadline import current_deadline
from xianban_sdk.plugins.manifest import Manifest, PluginRefused, read_manifest
from xianban_sdk.plugins.workers import Overrun, Workers
from xianban_sdk.telemetry import log

__all__ = ["HookResult", "Hooks", "Plugin", "build", "hookimpl", "hookspec"]

# For domains that make no markers of their own.
hookspec = pluggy.HookspecMarker("xianban")
hookimpl = pluggy.HookimplMarker("xianban")

_DEFAULT_SECONDS: Final = 1.0
_START_SECONDS: Final = 30.0
_REGISTER: Final = "register_"


@dataclass(frozen=True, slots=True)
class HookResult:
    """One plugin's answer: a value, or the error that cost it its say."""

    plugin: str
    value: Any
    error: Exception | None
    seconds: float


class PluginLied(TypeError):
    """An answer is not of the type that the hook promises."""


@dataclass(slots=True)
class Plugin:
    """A loaded plugin and what became of it."""

    manifest: Manifest
    implementations: dict[str, Any]
    workers: Workers
    quarantined: str = ""


class Hooks:
    """The plugins of one domain."""

    def __init__(self, domain: str, specs: dict[str, Callable[..., Any]]) -> None:
        self.domain = domain
        self._specs = specs
        self._returns = {name: _return_hint(spec) for name, spec in specs.items()}
        self.plugins: dict[str, Plugin] = {}
        self._registered: dict[str, list[HookResult]] = {}
        self._lock = threading.RLock()
        self._before: Callable[[], None] | None = None
        self._calls = telemetry.meter().create_counter("plugin.calls")

    def each(
        self, hook: str, /, seconds: float | None = None, **arguments: Any
    ) -> list[HookResult]:
        """Asks every plugin for its contribution; each has its own time and its own failure."""
        self._check_spec(hook)
        found = [p for p in self.plugins.values() if hook in p.implementations]
        return [
            self._call(plugin, hook, _bound(plugin.implementations[hook], arguments), seconds)
            for plugin in found
        ]

    def values(self, hook: str, /, seconds: float | None = None, **arguments: Any) -> list[Any]:
        """Like :meth:`each`, only the values of those that answered."""
        results = self.each(hook, seconds, **arguments)
        return [r.value for r in results if r.error is None and r.value is not None]

    def registered(self, hook: str) -> list[HookResult]:
        """Capabilities of a ``register_*`` hook, read once; a failure stops the start."""
        self._check_spec(hook)
        if not hook.startswith(_REGISTER):
            raise PluginRefused(f"{hook} is no register_ hook of {self.domain}")
        with self._lock:
            if hook not in self._registered:
                self._registered[hook] = self._register(hook)
            return self._registered[hook]

    def run(
        self, plugin: str, what: str, call: Callable[[], Any], seconds: float | None = None
    ) -> HookResult:
        """Calls a capability that a plugin registered, isolated like a hook."""
        return self._call(self.plugins[plugin], what, call, seconds)

    def guarded(self, before: Callable[[], None]) -> Hooks:
        """The same plugins, with a check before every call."""
        view = copy.copy(self)
        view._before = before
        return view

    @property
    def quarantined(self) -> dict[str, str]:
        """Plugins that are skipped, and why; the process wants a restart."""
        return {name: p.quarantined for name, p in self.plugins.items() if p.quarantined}

    def _register(self, hook: str) -> list[HookResult]:
        results = self.each(hook, _START_SECONDS)
        for result in results:
            if result.error is not None:
                raise PluginRefused(f"{result.plugin}: {hook}: {result.error}") from result.error
        return results

    def _check_spec(self, hook: str) -> None:
        if hook not in self._specs:
            raise PluginRefused(f"{self.domain} has no hook {hook!r}")

    def _call(
        self, plugin: Plugin, hook: str, call: Callable[[], Any], seconds: float | None
    ) -> HookResult:
        if self._before is not None:
            self._before()
        name = plugin.manifest.id
        if plugin.quarantined:
            error = PluginRefused(f"{name} is quarantined: {plugin.quarantined}")
            return HookResult(name, None, error, 0.0)
        started = time.perf_counter()
        with telemetry.span(f"plugin {hook}", plugin=name, hook=hook) as span:
            value, error = self._isolated(plugin, hook, call, _time_for(seconds))
            if error is not None:
                span.fail(type(error).__name__)
        outcome = type(error).__name__ if error else "ok"
        self._calls.add(1, {"plugin": name, "hook": hook, "outcome": outcome})
        return HookResult(name, value, error, time.perf_counter() - started)

    def _isolated(
        self, plugin: Plugin, hook: str, call: Callable[[], Any], seconds: float
    ) -> tuple[Any, Exception | None]:
        name = plugin.manifest.id
        try:
            value = plugin.workers.run(call, seconds)
            _check(value, self._returns.get(hook), f"{name}.{hook}")
        except Overrun as error:
            plugin.quarantined = f"{hook}: {error}"
            log.error("plugin_quarantined", plugin=name, hook=hook, error=str(error))
            return None, error
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            log.error("plugin_failed", plugin=name, hook=hook, exc_info=error)
            wrapped = error if isinstance(error, Exception) else RuntimeError(repr(error))
            return None, wrapped
        return value, None


def build(domain: str, hookspecs: Any, plugins: Iterable[Any] | None = None) -> Hooks:
    """Loads the installed plugins of a domain; ``plugins`` (objects or modules) replaces them.

    Refuses a plugin without manifest, with a hook it does not declare, for another API version,
    or with a misspelt hook.
    """
    specs, project = _specs(domain, hookspecs)
    manager = pluggy.PluginManager(project)
    if hookspecs is not None:
        manager.add_hookspecs(hookspecs)
    hooks = Hooks(domain, specs)
    api = str(getattr(hookspecs, "API_VERSION", "1"))
    for manifest, plugin in _loaded(domain) if plugins is None else map(_given, plugins):
        _admit(hooks, manager, manifest, plugin, api)
    return hooks


def _specs(domain: str, hookspecs: Any) -> tuple[dict[str, Callable[..., Any]], str]:
    own = f"xianban.{domain}"
    members = cast(dict[str, Any], vars(hookspecs)) if hookspecs else {}
    functions = {name: member for name, member in members.items() if callable(member)}
    for project in (own, "xianban"):
        found = {n: f for n, f in functions.items() if hasattr(f, f"{project}_spec")}
        if found:
            return found, project
    return {}, own


def _loaded(domain: str) -> Iterable[tuple[Manifest, Any]]:
    for point in sorted(entry_points(group=f"xianban.{domain}"), key=lambda p: p.name):
        package = point.module.partition(".")[0]
        yield read_manifest(package), point.load()


def _given(plugin: Any) -> tuple[Manifest, Any]:
    """An object passed by a test carries its manifest, or declares what it implements."""
    manifest = getattr(plugin, "manifest", None)
    if isinstance(manifest, Manifest):
        return manifest, plugin
    if isinstance(plugin, types.ModuleType):
        return read_manifest(plugin.__name__.partition(".")[0]), plugin
    name = type(plugin).__name__
    return Manifest(name, "0", "test", ">=0", frozenset(dir(plugin))), plugin


def _admit(
    hooks: Hooks, manager: pluggy.PluginManager, manifest: Manifest, plugin: Any, api: str
) -> None:
    if manifest.id in hooks.plugins:
        raise PluginRefused(f"two plugins call themselves {manifest.id!r}")
    if not manifest.accepts(api):
        raise PluginRefused(f"{manifest.id} wants API {manifest.api}, {hooks.domain} has {api}")
    try:
        manager.register(plugin, manifest.id)
        # pluggy takes a misspelt hook without a word until it is asked.
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginRefused(f"{manifest.id}: {error}") from error
    found = {c.name: c for c in manager.get_hookcallers(plugin) or []}
    undeclared = sorted(found.keys() - manifest.hooks)
    if undeclared:
        raise PluginRefused(f"{manifest.id} does not declare {', '.join(undeclared)}")
    implementations = {
        name: impl
        for name, caller in found.items()
        for impl in caller.get_hookimpls()
        if impl.plugin is plugin
    }
    hooks.plugins[manifest.id] = Plugin(manifest, implementations, Workers(manifest.id))


def _bound(implementation: Any, arguments: dict[str, Any]) -> Callable[[], Any]:
    # As pluggy does: an implementation takes only the arguments it names.
    wanted = [arguments[name] for name in implementation.argnames]
    return lambda: implementation.function(*wanted)


def _time_for(seconds: float | None) -> float:
    own = _DEFAULT_SECONDS if seconds is None else seconds
    deadline = current_deadline.get()
    return own if deadline is None else max(min(own, deadline.remaining()), 0.001)


def _return_hint(spec: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(spec).get("return")
    except NameError:
        # Names that the specs import only for type checking can't be checked at run time.
        return None


def _check(value: Any, hint: Any, where: str) -> None:
    if hint is not None and not _conforms(value, hint):
        raise PluginLied(f"{where} answered {type(value).__name__}, not {hint}")


def _conforms(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_conforms(value, argument) for argument in arguments)
    if hint is type(None):
        return value is None
    if isinstance(origin, type):
        if not isinstance(value, origin):
            return False
        items = list(cast(Iterable[Any], value)) if origin in (list, tuple) else []
        return len(arguments) != 1 or all(_conforms(item, arguments[0]) for item in items)
    if isinstance(hint, type) and hint is not float and not _is_protocol(hint):
        return isinstance(value, hint)
    return True


def _is_protocol(hint: type) -> bool:
    # A capability's protocol is checked by its type checker; isinstance would need run-time ones.
    return bool(getattr(hint, "_is_protocol", False))
