"""Calls a plugin in its own confined process and watches what it does.

Every hook and every method of what it brings is called with values made of their types: ordinary
ones, hostile ones, and the ordinary ones again many times.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.conformance.looks import unlocalised, with_markup
from xianban_sdk.plugins.conformance.samples import HOSTILE, ORDINARY, Samples
from xianban_sdk.plugins.conformance.scale import Finding, scale
from xianban_sdk.plugins.conformance.source import PluginSource
from xianban_sdk.plugins.isolation import Source, open_plugin
from xianban_sdk.plugins.isolation.failures import (
    PluginGone,
    PluginLied,
    PluginUnavailable,
)
from xianban_sdk.plugins.isolation.usage import memory_of
from xianban_sdk.plugins.loaded import Plugin
from xianban_sdk.plugins.manifest import PluginRefused
from xianban_sdk.plugins.scaffold.reading import Specs, capability_of
from xianban_sdk.plugins.workers import Overrun
from xianban_sdk.settings import Settings

__all__ = ["Trial", "try_out"]

_START_SECONDS: Final = 30.0
_AGAIN: Final = 60
_GROWTH: Final = 8 << 20
_TOO_LARGE: Final = re.compile(r"can't be sent|bytes where|longer than")
_DISK: Final = re.compile(r"Errno (28|27|122)\b")
_SYSTEM: Final = re.compile(r"\[Errno ")
# Raised by mistake, never to say something.
_MISTAKE: Final = re.compile(
    r"(Index|Attribute|Assertion|Recursion|Name|UnboundLocal|ZeroDivision|System)\w*Error|SystemExit"
    r"|RuntimeError: generator raised"
)
_FATAL: Final = frozenset({"in-time", "stays-alive", "memory"})


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    findings: Sequence[Finding]
    not_judged: Mapping[str, str]
    """Rule → the key of the reason."""


@dataclass(frozen=True)
class _Target:
    """One thing that can be called."""

    name: str
    function: Callable[..., Any]
    hints: Mapping[str, Any]
    plugin: Plugin
    capability: bool


def try_out(source: PluginSource, config: Path | None = None) -> Trial:
    """Opens the plugin as a district would, and calls all of it.

    `config` becomes its DATA/plugins/<id>.toml.
    """
    rules = [rule.id for rule in scale() if rule.how == "run"]
    if "*" in source.manifest.hosts:
        # Its own process has a door to named hosts only: it runs in ours, reviewed.
        return Trial([], dict.fromkeys(rules, "unjudged-any-host"))
    with tempfile.TemporaryDirectory(prefix="xianban-check-") as folder:
        settings = _district(source, Path(folder), config)
        try:
            return Trial(list(_Course(source, settings, Path(folder)).run()), {})
        except (PluginRefused, PluginGone) as error:
            told = Complaint("", "found-not-loaded", {"why": str(error)[:300]})
            others = dict.fromkeys(rules, "unjudged-not-loaded")
            return Trial([Finding("loads", source.entry, told)], others)


def _district(source: PluginSource, folder: Path, config: Path | None) -> Settings:
    """An empty demo district, so that a plugin that is not configured can be seen, too."""
    settings = Settings(data=folder / "data", demo=True)
    if config is not None:
        own = settings.data / "plugins" / f"{source.manifest.id}.toml"
        own.parent.mkdir(parents=True)
        own.write_bytes(config.read_bytes())
    return settings


class _Course:
    """All calls of one plugin."""

    def __init__(self, source: PluginSource, settings: Settings, folder: Path) -> None:
        self._source = source
        self._settings = settings
        self._specs = Specs(source.domain.module)
        self._samples = {kind: Samples(kind, folder) for kind in (ORDINARY, *HOSTILE)}

    def run(self) -> Iterator[Finding]:
        """What was found."""
        with self._opened() as plugin:
            hooks = sorted(plugin.implementations)
        for hook in hooks:
            with self._opened() as plugin:
                found = list(self._targets(plugin, hook))
            yield from (one for one in found if isinstance(one, Finding))
            for place, target in enumerate(found):
                if isinstance(target, _Target):
                    yield from self._afresh(hook, place)

    def _afresh(self, hook: str, place: int) -> Iterator[Finding]:
        """One target in a process of its own: what others broke is not held against it."""
        with self._opened() as plugin:
            target = next(islice(self._targets(plugin, hook), place, None), None)
            if isinstance(target, _Target):
                yield from self._course(target)

    @contextmanager
    def _opened(self) -> Iterator[Plugin]:
        source = self._source
        code = Source(source.entry, (source.package.parent.absolute(),))
        limits, specs = source.manifest.limits, source.domain.module
        plugin = open_plugin(code, source.manifest, specs, limits, self._settings)
        try:
            yield plugin
        finally:
            plugin.runner.close()

    def _targets(self, plugin: Plugin, hook: str) -> Iterator[_Target | Finding]:
        method, implementation = self._specs.hook(hook), plugin.implementations[hook]
        hints = {name: method.hints[name] for name in implementation.argnames}
        protocol = capability_of(method)
        itself = _Target(hook, implementation.function, hints, plugin, capability=False)
        if protocol is None:
            yield itself
            return
        found, fault = self._call(itself, ORDINARY, _START_SECONDS)
        if fault is not None:
            yield fault
        brought = cast("list[Any]", found if isinstance(found, list) else [found])
        for thing in brought:
            if thing is not None:
                yield from self._methods(itself, protocol, thing)

    def _methods(self, itself: _Target, protocol: type, thing: Any) -> Iterator[_Target | Finding]:
        names = [attribute.name for attribute in self._specs.attributes(protocol)]
        yield from _looked_at(itself.name, {name: getattr(thing, name, None) for name in names})
        for method in self._specs.methods(protocol):
            function = getattr(thing, method.name, None)
            if function is not None:
                name = f"{itself.name}.{method.name}"
                yield _Target(name, function, method.parameters, itself.plugin, capability=True)

    def _course(self, target: _Target) -> Iterator[Finding]:
        found = list(self._ordinary(target))
        yield from found
        broken = {one.rule for one in found}
        if broken & _FATAL:
            return
        for kind in HOSTILE:
            _, fault = self._call(target, kind)
            if fault is not None and fault.rule not in broken:
                # "Not written yet" is said once, of what was asked ordinarily.
                yield fault
                return

    def _ordinary(self, target: _Target) -> Iterator[Finding]:
        before, fault = self._call(target, ORDINARY)
        if fault is not None:
            yield fault
            return
        if isinstance(before, Exception):
            return
        yield from _looked_at(target.name, before)
        yield from self._again(target, before)

    def _again(self, target: _Target, before: Any) -> Iterator[Finding]:
        after, fault = self._call(target, ORDINARY)
        if fault is None and after != before:
            yield _found("repeatable", target.name, "found-fickle")
        size = _size(target.plugin)
        for _ in range(_AGAIN):
            if fault is not None:
                yield fault
                return
            _, fault = self._call(target, ORDINARY)
        growth = _size(target.plugin) - size
        if growth > _GROWTH:
            yield _found("steady-memory", target.name, "found-growth", mib=str(growth >> 20))

    def _call(
        self, target: _Target, kind: str, seconds: float | None = None
    ) -> tuple[Any, Finding | None]:
        try:
            arguments = self._samples[kind].arguments(target.hints)
        except (LookupError, ValueError, TypeError):
            # A type that refuses such a value itself: nobody can send it.
            return None, None
        seconds = seconds or target.plugin.manifest.limits.call_seconds
        try:
            answer = target.plugin.runner.run(
                target.name, lambda: _drained(target.function(*arguments)), seconds
            )
        except Exception as error:
            # What was raised as an answer is the answer.
            return error, _fault(target, kind, error)
        return answer, None


def _size(plugin: Plugin) -> int:
    """Resident bytes of the plugin's process; 0 while there is none."""
    return memory_of(getattr(plugin.runner, "pid", 0))


def _drained(answer: Any) -> Any:
    return list(answer) if hasattr(answer, "__next__") else answer


def _fault(target: _Target, kind: str, error: Exception) -> Finding | None:
    rule = _broken_by(error) or _by_its_answer(target, kind, error)
    if not rule:
        return None
    return _found(rule, target.name, f"found-{rule}", why=str(error)[:200], input=kind)


def _broken_by(error: Exception) -> str:
    text = str(error)
    if isinstance(error, Overrun):
        return "in-time"
    if isinstance(error, PluginGone | PluginUnavailable):
        return "stays-alive"
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, PluginLied):
        return "reply-size" if _TOO_LARGE.search(text) else "answers"
    if isinstance(error, OSError) and _DISK.search(text):
        return "disk"
    if isinstance(error, OSError) and _SYSTEM.search(text):
        return "confined"
    return "written" if text.startswith("NotImplementedError") else ""


def _by_its_answer(target: _Target, kind: str, error: Exception) -> str:
    """The rule that an exception breaks which was meant as an answer; empty: none."""
    if target.capability or kind != ORDINARY:
        # "No" is an answer where a stranger's message is read, and that the outside is away, too.
        if isinstance(error, ValueError | PermissionError | KeyError | TypeError):
            return ""
        if target.plugin.manifest.hosts and not _MISTAKE.match(str(error)):
            return ""
    return "answers" if kind == ORDINARY else "hostile-input"


def _looked_at(where: str, answer: Any) -> Iterator[Finding]:
    for text in with_markup(answer):
        yield _found("plain-text", where, "found-markup", text=text[:80])
    for locale in unlocalised(answer):
        yield _found("both-languages", where, "found-no-language", locale=locale)


def _found(rule: str, where: str, key: str, **params: str) -> Finding:
    return Finding(rule, where, Complaint("", key, params))
