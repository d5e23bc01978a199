"""Which plugins get no people's data, because they do not declare what for; nobody else says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xianban_sdk.cli.plugin.words import say
from xianban_sdk.plugins.building import in_environment
from xianban_sdk.plugins.domains import domain, domain_names
from xianban_sdk.plugins.registry import Store
from xianban_sdk.settings import Settings

__all__ = ["untold_of", "words_for"]


def untold_of(settings: Settings, store: Store) -> dict[str, dict[str, str]]:
    """Id → purpose → hook, of all that may run here."""
    found: dict[str, dict[str, str]] = {}
    for name in domain_names():
        manifests = [manifest for manifest, _ in in_environment(name).values()]
        manifests += [store.manifest(one) for one in store.runnable(name)]
        for manifest in manifests:
            if untold := domain(name).undeclared(manifest):
                found.setdefault(manifest.id, {}).update(untold)
    return found


def words_for(plugin: str, untold: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each purpose."""
    for purpose, hook in untold.items():
        yield say("plugin-untold", plugin=plugin, purpose=purpose, hook=hook)
