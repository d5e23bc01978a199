"""Starts a plugin in its own process and gives it the face that hooks call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from xianban.plugin.v1.plugin_pb2 import Call, Ready, Start

from xianban_sdk import i18n
from xianban_sdk.plugins.isolation.child import Child
from xianban_sdk.plugins.isolation.confined import bounds_of, check_required
from xianban_sdk.plugins.isolation.declared import hosts_of
from xianban_sdk.plugins.isolation.dialling import Dialler
from xianban_sdk.plugins.isolation.remote import Remote
from xianban_sdk.plugins.isolation.room import Room, environment_of
from xianban_sdk.plugins.isolation.stand_ins import StandIns, called
from xianban_sdk.plugins.limits import Limits
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import Manifest, PluginRefused
from xianban_sdk.plugins.tiers import PROCESS
from xianban_sdk.sandbox.codec import Domain, NoForm
from xianban_sdk.settings import Settings
from xianban_sdk.telemetry import log

__all__ = ["Source", "closed_on_failure", "hooks_of", "open_plugin", "place_texts", "source_in"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a plugin's code is: the module with its hooks, and directories looked at first."""

    entry: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteHook:
    """A hook of a plugin elsewhere, in the shape of pluggy's own implementations."""

    argnames: tuple[str, ...]
    function: Callable[..., Any]


def source_in(directory: Path) -> Source:
    """The plugin in a directory: its one package with a ``plugin`` module, there or in ``src``."""
    roots = [root for root in (directory / "src", directory) if root.is_dir()]
    found = sorted(path for root in roots for path in root.glob("*/plugin.py"))
    if len(found) != 1:
        raise PluginRefused(f"{directory} has {len(found)} packages with a plugin.py, not one")
    package = found[0].parent
    return Source(f"{package.name}.plugin", (package.parent,))


def open_plugin(
    source: Source,
    manifest: Manifest,
    hookspecs: ModuleType,
    limits: Limits | None = None,
    settings: Settings | None = None,
) -> Plugin:
    """The running plugin; ``limits`` replace those of its manifest.

    PluginRefused when it can't be loaded, or not be confined as the operator asks.
    Nothing of its code is ever imported here. ``close()`` of its runner ends it.
    """
    settings, limits = settings or Settings.load(), limits or manifest.limits
    dials = bool(hosts_of(manifest, settings))
    room = Room(manifest, settings, _code(source, hookspecs))
    try:
        start = _start(source, manifest, hookspecs, limits, room)
        start.dials = dials
        remote = _started(start, manifest, settings, room, limits.call_seconds)
    except BaseException:
        room.close()
        raise
    with closed_on_failure(remote):
        _check_confinement(manifest.id, remote.ready, settings.plugin_require)
        found = hooks_of(remote, hookspecs)
    place_texts(source)
    return Plugin(manifest, found, remote, PROCESS)


@contextmanager
def closed_on_failure(remote: Remote) -> Iterator[None]:
    """A process of which nothing comes does not stay."""
    try:
        yield
    except BaseException:
        remote.close()
        raise


def _started(
    start: Start, manifest: Manifest, settings: Settings, room: Room, seconds: float
) -> Remote:
    named = [host.strip() for host in settings.plugin_private_hosts.split(",")]
    private = [settings.issuer, *filter(None, (settings.gateway, *named))]
    dialler = Dialler(manifest.id, hosts_of(manifest, settings), private)
    environment = environment_of(manifest, settings, room)
    door = dialler.serve if start.dials else None
    return Remote(manifest.id, lambda: Child(start, environment, door), room, seconds)


def place_texts(source: Source) -> None:
    """The plugin's own sentences, without its code."""
    package = source.entry.partition(".")[0]
    for path in source.paths:
        i18n.place(package, path / package)


def _start(
    source: Source, manifest: Manifest, hookspecs: ModuleType, limits: Limits, room: Room
) -> Start:
    return Start(
        plugin=manifest.id,
        hookspecs=hookspecs.__name__,
        entry=source.entry,
        paths=map(str, source.paths),
        hookspecs_path=str(Path(str(hookspecs.__file__)).parents[1]),
        readable=[str(room.files), str(room.data)],
        scratch=str(room.scratch),
        bounds=bounds_of(limits),
        uid=room.uid,
        why_no_user=room.why_no_user,
    )


def _code(source: Source, hookspecs: ModuleType) -> list[Path]:
    """Where the code lies that the plugin's process loads."""
    entry = source.entry.partition(":")[0].partition(".")[0]
    spec = None if source.paths else find_spec(entry)
    own = [*source.paths, *map(Path, (spec.submodule_search_locations if spec else None) or ())]
    return [*own, Path(str(hookspecs.__file__)), Path(__file__)]


def _check_confinement(plugin: str, ready: Ready, required: str) -> None:
    """Told in the log whatever is required: a plugin is never held less than people think."""
    absent = {name: why for name, why in ready.confinement.items() if why}
    if absent:
        log.warning("plugin_confined_less", plugin=plugin, absent=absent)
    check_required(plugin, ready.confinement, required)


def hooks_of(remote: Remote, hookspecs: ModuleType) -> dict[str, Any]:
    """Hook → what calls it over there; PluginRefused for one that has no form on the wire."""
    stand_ins = StandIns(remote)
    domain = Domain(hookspecs, stand_ins)
    try:
        return {
            hook.name: RemoteHook(
                tuple(hook.arguments),
                _function(remote, domain, stand_ins, hook.name, hook.arguments),
            )
            for hook in remote.ready.hooks
        }
    except (NoForm, AttributeError) as error:
        raise PluginRefused(f"{remote.plugin}: {error}") from error


def _function(
    remote: Remote, domain: Domain, stand_ins: StandIns, hook: str, wanted: Sequence[str]
) -> Callable[..., Any]:
    signature = domain.hook(hook).taking(wanted)

    def function(*arguments: Any) -> Any:
        return called(remote, Call(hook=hook), signature, arguments)

    def register() -> Any:
        with stand_ins.of(hook):
            return function()

    return register if hook.startswith("register_") else function
