"""Asks all that a plugin brings with values made of the hooks' types: what it answers, as data.

Two hosts, or two tiers, that take a plugin the same way get the same. A later host's dataclasses
may have more fields than an older plugin knew: ``covers`` compares what was there then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast

from xianban_sdk.plugins import Hooks
from xianban_sdk.plugins.conformance.samples import ORDINARY, Samples
from xianban_sdk.plugins.domains import Domain
from xianban_sdk.plugins.scaffold.reading import Specs, capability_of

__all__ = ["answers", "covers"]

_MEANT: Final = (PermissionError, ValueError, KeyError, TypeError)


def answers(hooks: Hooks, domain: Domain, plugin: str, folder: Path) -> dict[str, Any]:
    """Hook, attribute or method → the answer, or the class of what was raised."""
    samples, specs = Samples(ORDINARY, folder), Specs(domain.module)
    found: dict[str, Any] = {}
    for name, implementation in sorted(hooks.plugins[plugin].implementations.items()):
        hook = specs.hook(name)
        protocol = capability_of(hook)
        if protocol is None:
            given = [samples.value(hook.hints[one]) for one in implementation.argnames]
            # Beside the host's own door: who may be told what is not the plugin's matter.
            found[name] = _outcome(lambda i=implementation, g=given: i.function(*g))
            continue
        brought = next(one.value for one in hooks.registered(name) if one.plugin == plugin)
        things = cast("list[Any]", brought if isinstance(brought, list) else [brought])
        for number, thing in enumerate(things):
            of_it = _of_capability(specs, protocol, thing, samples)
            found |= {f"{name}.{number}.{key}": value for key, value in of_it}
    return found


def _of_capability(
    specs: Specs, protocol: type, thing: Any, samples: Samples
) -> Iterator[tuple[str, Any]]:
    for attribute in specs.attributes(protocol):
        yield attribute.name, _plain(getattr(thing, attribute.name))
    for method in specs.methods(protocol):
        given = samples.arguments(method.parameters)
        yield method.name, _outcome(lambda m=method, g=given: getattr(thing, m.name)(*g))


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return _plain(call())
    except Exception as error:
        # Whatever has no meaning between a plugin and its domain has no name outside of it.
        known = (one.__name__ for one in _MEANT if isinstance(error, one))
        return {"raised": next(known, "Exception")}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {one.name: _plain(getattr(value, one.name)) for one in fields}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, frozenset | set):
        return sorted(map(_plain, cast("set[Any]", value)))
    if isinstance(value, list | tuple) or hasattr(value, "__next__"):
        return [_plain(one) for one in cast("Any", value)]
    return value if isinstance(value, str | int | float | None) else str(value)


def covers(now: Any, then: Any) -> bool:
    """Whether what was answered then is answered now; fields that came later may be there."""
    if isinstance(then, dict) and isinstance(now, dict):
        both = cast("tuple[dict[str, Any], dict[str, Any]]", (now, then))
        return all(key in both[0] and covers(both[0][key], one) for key, one in both[1].items())
    if isinstance(then, list) and isinstance(now, list):
        items = cast("tuple[list[Any], list[Any]]", (now, then))
        same = len(items[0]) == len(items[1])
        return same and all(map(covers, *items))
    return now == then
