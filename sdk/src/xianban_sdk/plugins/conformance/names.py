"""Whether an id could be taken for somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Final

from xianban_sdk.plugins.complaints import Complaint
from xianban_sdk.plugins.conformance.scale import Finding
from xianban_sdk.plugins.domains import domain_names
from xianban_sdk.plugins.manifest import MANIFEST, Manifest, PluginRefused, read_manifest

__all__ = ["installed_names", "mistaken", "read_name"]

# What looks alike in print; hyphens are overlooked, too.
_ALIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "2": "z", "8": "b", "-": ""})


def installed_names() -> dict[str, str]:
    """Id → vendor of the plugins in this environment."""
    found: dict[str, str] = {}
    for name in domain_names():
        for point in entry_points(group=f"xianban.{name}"):
            try:
                manifest = read_manifest(point.module.partition(".")[0])
            except (PluginRefused, ModuleNotFoundError):
                continue
            found[manifest.id] = manifest.vendor
    return found


def read_name(manifest: Manifest, known: Mapping[str, str]) -> Iterator[Finding]:
    """A name of another vendor's that this one is, or looks like."""
    yield from mistaken(manifest.id, {n: v for n, v in known.items() if v != manifest.vendor})


def mistaken(plugin: str, others: Mapping[str, str]) -> Iterator[Finding]:
    """Which of others' names (id → vendor) this id is, or looks like."""
    for name, vendor in others.items():
        if _alike(name, plugin):
            params = {"id": plugin, "other": name, "vendor": vendor}
            yield Finding("name", MANIFEST, Complaint("id", "found-squat", params))


def _alike(one: str, other: str) -> bool:
    first, second = (_skeleton(name) for name in (one, other))
    return first == second or _one_edit(first, second)


def _skeleton(name: str) -> str:
    return name.translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less, other or two swapped make one of the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    behind = start + (2 if swapped else 1)
    return short[behind:] == long[behind:]
