"""Tells every call of one plugin with what went in, what came out and how long it took.

For `xianban plugin dev`, in demo districts alone: nobody's body is ever logged.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from xianban_sdk.telemetry import log

__all__ = ["EVENT", "watched"]

EVENT: Final = "plugin_called"
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class _Hook:
    """In the shape of the implementation that it stands before."""

    argnames: tuple[str, ...]
    function: Callable[..., Any]


def watched(plugin: str, implementations: Mapping[str, Any]) -> dict[str, Any]:
    """The same hooks; what they bring is watched, too."""
    return {
        name: _Hook(one.argnames, _told(plugin, name, _watching(plugin, name, one.function)))
        for name, one in implementations.items()
    }


def _watching(plugin: str, hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A `register_` hook whose capabilities tell of their calls."""
    if not hook.startswith("register_"):
        return function

    def register(*arguments: Any) -> Any:
        brought = function(*arguments)
        things = cast("list[Any]", brought if isinstance(brought, list) else [brought])
        for thing in things:
            _watch(plugin, hook, thing)
        return things if isinstance(brought, list) else brought

    return register


def _watch(plugin: str, hook: str, thing: Any) -> None:
    # Each capability from another process has a class of its own.
    kind: type[Any] = thing.__class__
    for name, method in dict(vars(kind)).items():
        if inspect.isfunction(method):
            setattr(kind, name, _told(plugin, f"{hook}.{name}", method, skipped=1))


def _told(
    plugin: str, what: str, function: Callable[..., Any], skipped: int = 0
) -> Callable[..., Any]:
    @functools.wraps(function)
    def tell(*arguments: Any, **named: Any) -> Any:
        begin, asked = time.perf_counter(), [*arguments[skipped:], *named.values()]
        try:
            answer = function(*arguments, **named)
            streamed = hasattr(answer, "__next__")
            # What comes piece by piece takes its time while it is read.
            answer = list(answer) if streamed else answer
        except BaseException as error:
            _tell(plugin, what, asked, error, begin)
            raise
        _tell(plugin, what, asked, answer, begin)
        return iter(answer) if streamed else answer

    return tell


def _tell(plugin: str, what: str, asked: list[Any], answer: object, begin: float) -> None:
    took = round((time.perf_counter() - begin) * 1000, 2)
    said = {"asked": [_short(one) for one in asked], "answer": _short(answer), "ms": took}
    log.info(EVENT, plugin=plugin, call=what, **said)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)})"
