"""Since when a hook or a field is there, and until when: data beside the hooks themselves.

A hookspecs module has ``API_VERSION = "1.2"`` (major.minor) and says of what came after 1.0::

    @hookspec
    @since("1.2")
    def register_meter() -> list[Meter]: ...

    @hookspec
    @deprecated("1.2", removal="2.0", on=date(2027, 6, 1), use="register_meter")
    def register_counter() -> list[Counter]: ...

    @dataclass(frozen=True)
    class Reading:
        value: float
        phase: int = added("1.1", default=0)

    REMOVED = {"register_dial": Removed("2.0", use="register_counter")}

Plugins' processes read it, too: standard library only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

__all__ = [
    "FIRST",
    "Deprecated",
    "Removed",
    "added",
    "api_of",
    "deprecated",
    "deprecation_of",
    "order",
    "removed_from",
    "since",
    "since_of",
]

FIRST: Final = "1.0"
_SINCE: Final = "_xianban_since"
_DEPRECATED: Final = "_xianban_deprecated"
_REMOVED: Final = "REMOVED"

Spec = TypeVar("Spec", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A hook that goes: it works until then."""

    since: str
    removal: str
    """The version that has it no more."""
    on: date
    """Not before this day."""
    use: str
    """What to write instead."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A hook that has gone."""

    version: str
    use: str


def since(version: str) -> Callable[[Spec], Spec]:
    """Says in which minor version a hook came."""
    return _marked(_SINCE, version)


def deprecated(version: str, *, removal: str, on: date, use: str) -> Callable[[Spec], Spec]:
    """Says that a hook goes, when, and what to use instead."""
    return _marked(_DEPRECATED, Deprecated(version, removal, on, use))


def added(version: str, *, default: Any) -> Any:
    """A dataclass's field that came later: whoever does not know it goes without."""
    return dataclasses.field(default=default, metadata={_SINCE: version})


def api_of(hookspecs: Any) -> str:
    """The version of a domain's hooks."""
    return str(getattr(hookspecs, "API_VERSION", FIRST))


def since_of(spec: Callable[..., Any]) -> str:
    """The version in which a hook came."""
    return str(getattr(spec, _SINCE, FIRST))


def deprecation_of(spec: Callable[..., Any]) -> Deprecated | None:
    """How long a hook still works; None while it stays."""
    return getattr(spec, _DEPRECATED, None)


def removed_from(hookspecs: Any) -> Mapping[str, Removed]:
    """The hooks that the domain once had."""
    return getattr(hookspecs, _REMOVED, {})


def order(version: str) -> tuple[int, ...]:
    """To compare versions by: "1.10" comes after "1.9", "1" and "1.0" are the same."""
    parts = [int(part) for part in version.removesuffix(".*").split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _marked(name: str, value: object) -> Callable[[Spec], Spec]:
    def mark(spec: Spec) -> Spec:
        setattr(spec, name, value)
        return spec

    return mark
