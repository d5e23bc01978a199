"""Calls plugins one at a time: whoever raises, hangs or lies loses only its own say."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from xianban_sdk import telemetry
from xianban_sdk.carrying import Carries
from xianban_sdk.deadline import current_deadline
from xianban_sdk.instruments import PLUGIN_CALLS, PLUGIN_DURATION
from xianban_sdk.plugins.answers import check_answer, return_hint
from xianban_sdk.plugins.figures import Figures
from xianban_sdk.plugins.isolation.failures import PluginUnavailable
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.plugins.tiers import IN_PROCESS, SetAside
from xianban_sdk.plugins.tokens import (
    CapabilityToken,
    Desk,
    Issuer,
    Nobody,
    NotBooked,
    TokenMissing,
    TokenRefused,
    carrying,
    current_token,
)
from xianban_sdk.plugins.workers import CallerGone, Workers
from xianban_sdk.telemetry import log

__all__ = ["HookResult", "Hooks"]

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


class Hooks:
    """The plugins of one domain."""

    def __init__(
        self,
        domain: str,
        specs: dict[str, Callable[..., Any]],
        marks: Mapping[str, Carries] | None = None,
    ) -> None:
        self.domain = domain
        self._issuer = Issuer(domain, marks or {})
        self._specs = specs
        self._returns = {name: return_hint(spec) for name, spec in specs.items()}
        self.plugins: dict[str, Plugin] = {}
        self.figures = Figures()
        # Packages of the environment that are here and off.
        self.left_out: set[str] = set()
        self._registered: dict[str, list[HookResult]] = {}
        self._lock = threading.RLock()
        self._before: Callable[[], None] | None = None

    def issue_at(self, desk: Desk) -> None:
        """From now on calls may carry people's data, as far as the desk lets them."""
        self._issuer.desk = desk

    def each(
        self,
        hook: str,
        /,
        seconds: float | None = None,
        *,
        about: str | Nobody | None = None,
        instead: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> list[HookResult]:
        """Asks every plugin for its contribution; each has its own time and its own failure.

        A hook that carries a person's data is told whose (`about`). A plugin that may not have
        them gets the arguments `instead`, or, where there are none, is left out.
        """
        self._check_spec(hook)
        if self._issuer.mark(hook, about) is None:
            return self._each(hook, self.plugins.values(), seconds, arguments)
        if not isinstance(about, str) or not about:
            raise TokenMissing(f"{self.domain}: {hook} is told whose data: a person, or NOBODY")
        found = [p for p in self.plugins.values() if hook in p.implementations]
        return [self._told(p, hook, seconds, about, arguments, instead) for p in found]

    def values(self, hook: str, /, seconds: float | None = None, **arguments: Any) -> list[Any]:
        """Like :meth:`each`, only the values of those that answered."""
        results = self.each(hook, seconds, **arguments)
        return [r.value for r in results if r.error is None and r.value is not None]

    def registered(self, hook: str) -> list[HookResult]:
        """Capabilities of a ``register_*`` hook, read once; a failure stops the start.

        Where the start is over, who failed is set aside: it isn't asked again until it is taken up
        anew, and the next caller gets what the others bring.
        """
        self._check_spec(hook)
        if not hook.startswith(_REGISTER):
            raise PluginRefused(f"{hook} is no register_ hook of {self.domain}")
        with self._lock:
            if hook not in self._registered:
                self._registered[hook] = []
                self._register(hook, self.plugins.values())
            return self._registered[hook]

    def token(
        self, plugin: str, call: str, people: Collection[str], *, alarm: bool = False
    ) -> CapabilityToken:
        """For one call of a capability: it holds those of the people whose data may go with it.

        `alarm`: somebody is in danger; for calls that are marked so.
        """
        self._check_moment()
        found = self.plugins.get(plugin)
        if found is None:
            return CapabilityToken(plugin, call, "", frozenset(), "PLUGIN_GONE")
        return self._issuer.issue(found.manifest, call, people, alarm=alarm)

    def permit(
        self,
        plugin: str,
        call: str,
        people: Collection[str],
        *,
        alarm: bool = False,
        together: bool = True,
    ) -> CapabilityToken:
        """As `token`, for a call that another process makes: it is booked here and now.

        `together`: for all of these people or for none. NotBooked: it must not be made.
        """
        issued = self.token(plugin, call, people, alarm=alarm)
        if issued.refusal and together:
            issued.people = frozenset()
        if issued.people:
            self._issuer.book(self.plugins[plugin].manifest, issued)
        return issued

    @property
    def purposes(self) -> frozenset[str]:
        """What the domain itself tells plugins people's data for."""
        return self._issuer.purposes

    def run(
        self,
        plugin: str,
        what: str,
        call: Callable[[], Any],
        seconds: float | None = None,
        *,
        about: str | CapabilityToken | Nobody | None = None,
    ) -> HookResult:
        """Calls a capability that a plugin registered, isolated like a hook.

        A call that carries people's data is told whose (`about`): one person, or what
        :meth:`token` issued for many.
        """
        found = self.plugins.get(plugin)
        if found is None:
            # Whoever read the capabilities at its start still holds what this one brought.
            return HookResult(plugin, None, PluginRefused(f"{plugin} was taken away"), 0.0)
        if self._issuer.mark(what, about) is None:
            return self._call(found, what, call, seconds)
        if isinstance(about, str):
            about = self.token(plugin, what, [about])
        if not isinstance(about, CapabilityToken):
            raise TokenMissing(f"{self.domain}: {what} carries people's data: say whose")
        return self._carrying(found, what, call, seconds, about)

    def guarded(self, before: Callable[[], None]) -> Hooks:
        """The same plugins, with a check before every call."""
        view = copy.copy(self)
        view._before = before
        return view

    @property
    def quarantined(self) -> dict[str, str]:
        """Plugins that are skipped, and why."""
        return {name: p.quarantined for name, p in self.plugins.items() if p.quarantined}

    def is_set_aside(self, plugin: str) -> bool:
        """Whether it is not asked any more, or not here at all."""
        found = self.plugins.get(plugin)
        return found is None or bool(found.quarantined)

    @property
    def hung(self) -> dict[str, str]:
        """Those of them that hold a thread of this process: it wants a restart."""
        held = {n: p for n, p in self.plugins.items() if isinstance(p.runner, Workers)}
        return {name: p.quarantined for name, p in held.items() if p.quarantined}

    def take_up(self, plugin: Plugin) -> None:
        """Adds a plugin to those that are running; PluginRefused when its id is taken."""
        name = plugin.manifest.id
        with self._lock:
            if name in self.plugins:
                raise PluginRefused(f"two plugins call themselves {name!r}")
            self.plugins = {**self.plugins, name: plugin}
            for hook in self._registered:
                if hook in plugin.implementations:
                    self._register(hook, [plugin])

    def let_go(self, plugin: str) -> None:
        """Ends a plugin; what it registered is no longer among the capabilities."""
        with self._lock:
            gone = self.plugins[plugin]
            self.plugins = {n: p for n, p in self.plugins.items() if n != plugin}
            for hook, results in self._registered.items():
                self._registered[hook] = [r for r in results if r.plugin != plugin]
        gone.runner.close()

    def replace(self, old: Plugin, new: Plugin) -> bool:
        """Puts a plugin in another's place; False, and ``new`` ended, when that is gone already."""
        name = old.manifest.id
        with self._lock:
            here = self.plugins.get(name) is old
            if here:
                self.let_go(name)
                self.take_up(new)
        if not here:
            new.runner.close()
        return here

    def close(self) -> None:
        """Ends the plugins that have processes of their own."""
        for plugin in self.plugins.values():
            plugin.runner.close()

    def _each(
        self,
        hook: str,
        plugins: Iterable[Plugin],
        seconds: float | None,
        arguments: dict[str, Any],
    ) -> list[HookResult]:
        found = [p for p in plugins if hook in p.implementations]
        return [
            self._call(plugin, hook, _bound(plugin.implementations[hook], arguments), seconds)
            for plugin in found
        ]

    def _told(
        self,
        plugin: Plugin,
        hook: str,
        seconds: float | None,
        about: str,
        arguments: dict[str, Any],
        instead: Mapping[str, Any] | None,
    ) -> HookResult:
        """One plugin's part of a hook that carries a person's data."""
        self._check_moment()
        implementation, quietly = plugin.implementations[hook], instead is not None
        issued = self._issuer.issue(plugin.manifest, hook, [about], quietly=quietly)
        if instead is not None and not issued.people:
            call = _bound(implementation, {**arguments, **instead})
            return self._call(plugin, hook, call, seconds)
        return self._carrying(plugin, hook, _bound(implementation, arguments), seconds, issued)

    def _carrying(
        self,
        plugin: Plugin,
        what: str,
        call: Callable[[], Any],
        seconds: float | None,
        capability: CapabilityToken,
    ) -> HookResult:
        name = plugin.manifest.id
        if not capability.people:
            refused = TokenRefused(capability.refusal, name, capability.purpose)
            PLUGIN_CALLS.add(1, {"plugin": name, "hook": what, "outcome": capability.refusal})
            return HookResult(name, None, refused, 0.0)
        if _why_not(plugin):
            # Nothing will be told.
            return self._call(plugin, what, call, seconds)
        try:
            self._issuer.hand_over(plugin.manifest, what, capability)
        except NotBooked as error:
            # What can't be booked isn't told.
            return HookResult(name, None, error, 0.0)
        with carrying(capability):
            return self._call(plugin, what, call, seconds)

    def _register(self, hook: str, plugins: Iterable[Plugin]) -> None:
        results = self._each(hook, plugins, _START_SECONDS, {})
        self._registered[hook] += [result for result in results if result.error is None]
        # Who runs in a process of its own can do without; health tells.
        inside = [one for one in results if self.plugins[one.plugin].tier == IN_PROCESS]
        failed = [one for one in inside if one.error is not None]
        for one in failed:
            self._set_aside(one.plugin, f"{hook}: {one.error}")
        if failed:
            raise PluginRefused(f"{failed[0].plugin}: {hook}: {failed[0].error}") from failed[
                0
            ].error

    def _set_aside(self, plugin: str, reason: str) -> None:
        """Without its hooks, and with the reason; an overrun has its own."""
        here = self.plugins[plugin]
        if not here.quarantined:
            aside = replace(here, implementations={}, runner=SetAside(reason))
            self.plugins = {**self.plugins, plugin: aside}
            here.runner.close()

    def _check_spec(self, hook: str) -> None:
        if hook not in self._specs:
            raise PluginRefused(f"{self.domain} has no hook {hook!r}")

    def _check_moment(self) -> None:
        if self._before is not None:
            self._before()

    def _call(
        self, plugin: Plugin, hook: str, call: Callable[[], Any], seconds: float | None
    ) -> HookResult:
        self._check_moment()
        name = plugin.manifest.id
        if skipped := _why_not(plugin):
            # No span and no line: one that is left alone must cost less than one that answers.
            PLUGIN_CALLS.add(1, {"plugin": name, "hook": hook, "outcome": type(skipped).__name__})
            return HookResult(name, None, skipped, 0.0)
        started = time.perf_counter()
        with telemetry.span(f"plugin {hook}", plugin=name, hook=hook, **_carried()) as span:
            own = _DEFAULT_SECONDS if seconds is None else seconds
            value, error = self._isolated(plugin, hook, call, own)
            if error is not None:
                span.fail(type(error).__name__)
        kind, seconds = type(error).__name__ if error else "", time.perf_counter() - started
        PLUGIN_CALLS.add(1, {"plugin": name, "hook": hook, "outcome": kind or "ok"})
        PLUGIN_DURATION.record(seconds, {"plugin": name, "hook": hook})
        self.figures.note(name, hook, seconds, time.monotonic(), kind)
        return HookResult(name, value, error, seconds)

    def _isolated(
        self, plugin: Plugin, hook: str, call: Callable[[], Any], seconds: float
    ) -> tuple[Any, Exception | None]:
        name = plugin.manifest.id
        try:
            value = plugin.runner.run(hook, call, seconds)
            if plugin.tier == IN_PROCESS:
                # What came over a line has been held against the same hints already.
                check_answer(value, self._returns.get(hook), f"{name}.{hook}")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            # Of a process of its own the frames would be ours alone.
            inside = {"exc_info": error} if plugin.tier == IN_PROCESS else {}
            told = f"{type(error).__name__}: {error}"
            log.error("plugin_failed", plugin=name, hook=hook, error=told, **inside)
            if plugin.quarantined:
                log.error("plugin_quarantined", plugin=name, hook=hook, error=str(error))
            wrapped = error if isinstance(error, Exception) else RuntimeError(repr(error))
            return None, wrapped
        return value, None


def _carried() -> dict[str, Any]:
    """What the trace says of a person's data in a call: never whose."""
    capability = current_token.get()
    if capability is None:
        return {}
    told = {"purpose": capability.purpose, "basis": capability.basis}
    return {**told, "capability": capability.id}


def _bound(implementation: Any, arguments: dict[str, Any]) -> Callable[[], Any]:
    # As pluggy does: an implementation takes only the arguments it names.
    wanted = [arguments[name] for name in implementation.argnames]
    return lambda: implementation.function(*wanted)


def _why_not(plugin: Plugin) -> Exception | None:
    """Why a call of it is not even begun."""
    name, deadline = plugin.manifest.id, current_deadline.get()
    if plugin.quarantined:
        return PluginRefused(f"{name} is quarantined: {plugin.quarantined}")
    if deadline is not None and deadline.over:
        return CallerGone("nobody waits any more")
    if left := plugin.runner.left_alone:
        return PluginUnavailable(f"{name} failed too often, asked again in {left:.1f} s")
    return None
