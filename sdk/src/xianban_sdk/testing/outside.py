"""A plugin's own tests, unchanged, with the plugin in a process of its own: XIANBAN_PLUGIN_TIERS.

What its tests import of its module are the hooks; of those plugins that run in tier 1 or 2, they
are called over there (for tier 2 `xianban plugin serve` is started, and joined whatever address the
setting names). So is what a class of the plugin makes that needs nothing to be made of, where its
hook brings one such object. Objects that a test builds of parts stay in the test's process. At the
end it is told how often each plugin was called outside, which never was, and which may not be.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Final

from xianban_sdk.plugins import Manifest, Plugin, building, read_manifest
from xianban_sdk.plugins.domains import domain_names
from xianban_sdk.plugins.isolation import Source, open_plugin
from xianban_sdk.plugins.isolation.elsewhere import join_plugin
from xianban_sdk.plugins.tiers import ELSEWHERE, IN_PROCESS, PROCESS, place_of
from xianban_sdk.sandbox.loading import implementations
from xianban_sdk.settings import Settings
from xianban_sdk.testing.serving import served

__all__ = ["Outside"]

_GROUP: Final = "xianban."
_REGISTER: Final = "register_"
_ANY_HOST: Final = "*"


class Outside:
    """All plugins that the setting has run in processes of their own."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        # Plugin → what its manifest says that no process of its own can give.
        self.inside: dict[str, str] = {}
        self._ends = ExitStack()
        self._tiers = Settings.load().plugin_tiers

    def move(self) -> None:
        """Stands the processes in for their modules' hooks."""
        for domain in domain_names() if self._tiers else ():
            for point in entry_points(group=_GROUP + domain):
                if self._moves(point):
                    self.calls[point.name] = 0
                    hookspecs = import_module(f"xianban_{domain}.hookspecs")
                    _Moved(point, hookspecs, self.calls, self._ends).move()
        if self.calls:
            self._move_what_is_built()

    def close(self) -> None:
        """Ends the processes."""
        self._ends.close()

    def told(self, tested: Collection[str]) -> Iterator[str]:
        """Lines about where plugins ran; `tested` are those whose own tests did."""
        for name, why in self.inside.items():
            yield f"{name} stayed in process: {why}"
        for name, calls in sorted(self.calls.items()):
            if calls:
                yield f"{name} was called outside {calls} times"
        never = [name for name, calls in self.calls.items() if not calls and name in tested]
        if never:
            yield f"never called outside: {', '.join(sorted(never))}"

    def _moves(self, point: EntryPoint) -> bool:
        tier = place_of(point.name, self._tiers).tier
        manifest = read_manifest(point.module.partition(".")[0])
        if tier == PROCESS and _ANY_HOST in manifest.hosts:
            self.inside[point.name] = "its manifest names any host, so it has tiers 0 and 2"
            return False
        return tier != IN_PROCESS

    def _move_what_is_built(self) -> None:
        """Hooks that a test builds itself: their processes are counted, those of tier 2 started."""

        def open_it(source: Source, manifest: Manifest, *told: Any) -> Plugin:
            self.calls[manifest.id] += 1
            return open_plugin(source, manifest, *told)

        def join(
            _address: str, source: Source, manifest: Manifest, hooks: ModuleType, settings: Settings
        ) -> Plugin:
            self.calls[manifest.id] += 1
            address = self._ends.enter_context(served(manifest.id, settings.data))
            return join_plugin(address, source, manifest, hooks, settings)

        for name, made in (("open_plugin", open_it), ("join_plugin", join)):
            setattr(building, name, made)


class _Moved:
    """One plugin, opened when a test first needs it, anew for other settings."""

    def __init__(
        self, point: EntryPoint, hookspecs: ModuleType, calls: Counter[str], ends: ExitStack
    ) -> None:
        self._point = point
        self._hookspecs = hookspecs
        self._calls = calls
        self._ends = ends
        self._open = cache(self._open_anew)

    def move(self) -> None:
        """Replaces what the plugin's tests import."""
        module = self._point.load()
        for hook in implementations(self._hookspecs, module, self._point.name):
            if hook.startswith(_REGISTER):
                self._move_classes(module, hook)
            setattr(module, hook, self._hook(hook))

    def _hook(self, hook: str) -> Callable[..., Any]:
        def outside(*arguments: Any) -> Any:
            self._calls[self._point.name] += 1
            found = self._open(Settings.load(), self._written(Settings.load()))
            return found.implementations[hook].function(*arguments)

        return outside

    def _move_classes(self, module: ModuleType, hook: str) -> None:
        """Only where the hook makes one object of a class that takes nothing."""
        source = inspect.getsource(getattr(module, hook))
        for name, one in list(vars(module).items()):
            if inspect.isclass(one) and source.count(f"[{name}()]") == 1:
                setattr(import_module(one.__module__), name, lambda: self._hook(hook)()[0])

    def _open_anew(self, settings: Settings, _configuration: bytes) -> Plugin:
        manifest = read_manifest(self._point.module.partition(".")[0])
        source = Source(self._point.value)
        if place_of(manifest.id, settings.plugin_tiers).tier == ELSEWHERE:
            address = self._ends.enter_context(served(manifest.id, settings.data))
            made = join_plugin(address, source, manifest, self._hookspecs, settings)
        else:
            made = open_plugin(source, manifest, self._hookspecs, settings=settings)
        self._ends.callback(made.runner.close)
        return made

    def _written(self, settings: Settings) -> bytes:
        file = settings.data / "plugins" / f"{self._point.name}.toml"
        return file.read_bytes() if file.is_file() else b""
