"""What plugins bring by a ``register_*`` hook, as it is now: they come and go while we run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from xianban_sdk.plugins.hooks import HookResult, Hooks
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.plugins.tiers import IN_PROCESS
from xianban_sdk.telemetry import log

__all__ = ["Brought", "BroughtByName", "Refuse"]

Made = TypeVar("Made")
# plugin, why: what a plugin brings does not fit. It does not come back where that ends the start.
Refuse = Callable[[str, str], None]


class Brought(Generic[Made]):
    """What a domain makes of the results, made anew when a plugin came or went.

    At the start a plugin in process that does not fit stops it, as its maker is at hand. One from
    elsewhere, or one that comes later, costs only what it brings, and the log says why.
    """

    def __init__(
        self,
        hooks: Hooks,
        hook: str,
        make: Callable[[Sequence[HookResult], Refuse], Made],
    ) -> None:
        self._hooks = hooks
        self._hook = hook
        self._make = make
        self._results = list(hooks.registered(hook))
        self._made = make(self._results, self._refuse_at_the_start)

    @property
    def now(self) -> Made:
        """Cheap to ask for."""
        results = self._hooks.registered(self._hook)
        if results != self._results:
            self._made, self._results = self._make(results, self._refuse), list(results)
        return self._made

    def _refuse_at_the_start(self, plugin: str, why: str) -> None:
        found = self._hooks.plugins.get(plugin)
        if found is not None and found.tier == IN_PROCESS:
            raise PluginRefused(f"{plugin}: {why}")
        self._refuse(plugin, why)

    def _refuse(self, plugin: str, why: str) -> None:
        log.error("brought_nothing", plugin=plugin, hook=self._hook, error=why)


class BroughtByName(Mapping[str, Made]):
    """The same, where each thing has a name."""

    def __init__(self, brought: Brought[Mapping[str, Made]]) -> None:
        self._brought = brought

    def __getitem__(self, name: str) -> Made:
        return self._brought.now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._brought.now)

    def __len__(self) -> int:
        return len(self._brought.now)
