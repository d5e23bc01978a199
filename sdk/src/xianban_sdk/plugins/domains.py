"""The domains that plugins extend, by their hookspecs; here also where no service is installed.

``hookspecs.py`` of a service is the product. The SDK carries generated copies of them
(``carried/``, written by ``make proto``) under the same import name, behind everything that is
installed: a vendor with the SDK alone imports ``xianban_parking.hookspecs`` as the suite does, and
where the service is installed its own file is the one that is found.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from xianban_sdk.carrying import purposes_of
from xianban_sdk.hook_versions import api_of
from xianban_sdk.plugins.manifest import Manifest

__all__ = ["CARRIED", "Domain", "UnknownDomain", "domain", "domain_names", "offer_carried"]

CARRIED: Final = Path(__file__).parent / "carried"
_PREFIX: Final = "xianban_"
_ROOM: Final = "hookspecs"


class UnknownDomain(LookupError):
    """No domain of this name has hooks."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain's hooks."""

    name: str
    module: ModuleType
    specs: Mapping[str, Callable[..., Any]]
    api: str
    """The version of its hooks."""

    @property
    def import_name(self) -> str:
        """What a plugin imports, e.g. "xianban_parking.hookspecs"."""
        return f"{_PREFIX}{self.name}.{_ROOM}"

    def undeclared(self, manifest: Manifest) -> dict[str, str]:
        """Purpose → hook, of what a plugin is told nothing for, because it does not declare it."""
        return {
            purpose: hook
            for hook in sorted(manifest.hooks & self.specs.keys())
            for purpose in sorted(purposes_of(self.specs[hook]) - manifest.purposes.keys())
        }


def offer_carried() -> None:
    """Makes the carried hookspecs importable, behind what is installed."""
    if str(CARRIED) not in sys.path:
        sys.path.append(str(CARRIED))


def domain_names() -> list[str]:
    """All domains that have hooks."""
    offer_carried()
    carried = {path.name.removeprefix(_PREFIX) for path in CARRIED.glob(f"{_PREFIX}*")}
    installed = {point.name for point in entry_points(group="xianban.services")}
    return sorted(name for name in carried | installed if find_spec(f"{_PREFIX}{name}.{_ROOM}"))


def domain(name: str) -> Domain:
    """The domain's hooks; UnknownDomain names those there are."""
    if name not in domain_names():
        raise UnknownDomain(f"no domain {name!r}; there are: {', '.join(domain_names())}")
    module = import_module(f"{_PREFIX}{name}.{_ROOM}")
    marker = f"xianban.{name}_spec"
    specs = {
        key: value
        for key, value in vars(module).items()
        if inspect.isfunction(value) and hasattr(value, marker)
    }
    return Domain(name, module, specs, api_of(module))
