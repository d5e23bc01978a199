"""How a call into a plugin's process can end badly."""

from __future__ import annotations

import builtins
from typing import Final

from xianban.plugin.v1.plugin_pb2 import Failure

from xianban_sdk.plugins.workers import CallerGone, Overrun

__all__ = [
    "CallerGone",
    "PluginFailed",
    "PluginGone",
    "PluginLied",
    "PluginUnavailable",
    "is_fault",
    "raised",
]


class PluginLied(TypeError):
    """An answer is not of the type that the hook promises."""


class PluginFailed(RuntimeError):
    """The plugin raised something that has no meaning between it and its domain."""


class PluginGone(RuntimeError):
    """The plugin's process ended during the call."""


class PluginUnavailable(RuntimeError):
    """The plugin is not asked: its breaker is open, or it is starting anew."""


# What a plugin says about what it was given (a forged signature, a body that can't be read): a
# stranger's bad input must not open the plugin's breaker.
_ANSWERS: Final = (PermissionError, ValueError, KeyError, TypeError)


def is_fault(error: BaseException) -> bool:
    """Whether the plugin failed, rather than said no."""
    if isinstance(error, PluginLied):
        return True
    return not isinstance(error, (*_ANSWERS, CallerGone, PluginUnavailable))


def raised(failure: Failure) -> Exception:
    """The host's form of what the plugin said went wrong."""
    if failure.kind == Failure.KIND_RAISED:
        kinds = (*_ANSWERS, MemoryError, OSError)
        return next((kind for kind in kinds if _is_a(failure.type, kind)), PluginFailed)(
            failure.text
        )
    if failure.kind == Failure.KIND_CANCELLED:
        return Overrun("cancelled")
    return PluginLied(failure.text)


def _is_a(name: str, kind: type) -> bool:
    known = getattr(builtins, name, None)
    return isinstance(known, type) and issubclass(known, kind)
