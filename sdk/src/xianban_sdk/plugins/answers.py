"""Holds what a plugin in our process answers against what its hook promises."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, cast

from xianban_sdk.plugins.isolation.failures import PluginLied

__all__ = ["check_answer", "return_hint"]


def return_hint(spec: Callable[..., Any]) -> Any:
    """What the hook promises; None where that can't be known at run time."""
    try:
        return typing.get_type_hints(spec).get("return")
    except NameError:
        # Names that the specs import only for type checking can't be checked at run time.
        return None


def check_answer(value: Any, hint: Any, where: str) -> None:
    """PluginLied when the answer is not what the hook promises."""
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
