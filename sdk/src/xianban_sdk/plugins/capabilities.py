"""What a service can do only by plugins, and which of it is missing just now.

A service says it once, in its ``app.py``; health, ``/healthz`` and the portal tell it::

    CAPABILITIES = (Capability("register_payment", "missing-payment"), …)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from xianban_sdk.plugins.manifest import PluginRefused

if TYPE_CHECKING:
    from xianban_sdk.plugins.hooks import Hooks
    from xianban_sdk.settings import Settings

__all__ = ["Capability", "absent"]


def _whatever(_brought: Any, _settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that at least one running plugin should bring."""

    hook: str
    """The ``register_*`` hook that brings it."""
    missing: str
    """The key of the sentence, in the service's texts, that says what cannot be done without."""
    counts: Callable[[Any, Settings], bool] = _whatever
    """Whether one that was brought is of use here, e.g. not outside a demo."""


def absent(wanted: Iterable[Capability], hooks: Hooks, settings: Settings) -> list[Capability]:
    """Those that no running plugin brings."""
    return [one for one in wanted if not _is_there(one, hooks, settings)]


def _is_there(wanted: Capability, hooks: Hooks, settings: Settings) -> bool:
    try:
        results = hooks.registered(wanted.hook)
    except PluginRefused:
        # A service that insists has said so at its start; the others can do without.
        return False
    brought = [
        one
        for result in results
        if not hooks.is_set_aside(result.plugin)
        for one in _each(result.value)
    ]
    return any(wanted.counts(one, settings) for one in brought)


def _each(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]
