"""What a plugin is given because its manifest or its configuration names it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from xianban_sdk.plugins.manifest import Manifest, PluginRefused
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import OF_THE_SUITE, installed_secret

__all__ = ["address_of", "configured_hosts", "hosts_of", "secrets_of", "variables_of"]

_CONFIGURED: Final = "config:"
_ANY: Final = "*"
_PREFIX: Final = "XIANBAN_"
_SECRET: Final = "XIANBAN_SECRET_"  # noqa: S105 - the name's beginning, no secret
_PORTS: Final = {"http": 80, "https": 443, "smtp": 25, "smtps": 465}


def hosts_of(manifest: Manifest, settings: Settings) -> list[str]:
    """host:port, each; PluginRefused for "any host", which only code among our own may have."""
    if _ANY in manifest.hosts:
        raise PluginRefused(f"{manifest.id}: in its own process a plugin names its hosts")
    return configured_hosts(manifest, settings)


def configured_hosts(manifest: Manifest, settings: Settings) -> list[str]:
    """host:port, each, and "*" as it stands."""
    return [one for declared in manifest.hosts for one in _named(declared, manifest, settings)]


def address_of(named: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or of an address with a scheme."""
    parts = urlsplit(named if "://" in named else f"//{named}")
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return (parts.hostname or "").lower(), port


def secrets_of(manifest: Manifest, settings: Settings) -> dict[str, str]:
    """Its own secret and those of its senders, as the variables that `installed_secret` reads."""
    if manifest.id in OF_THE_SUITE:
        raise PluginRefused(f"{manifest.id} is the name of a secret of the suite")
    names = [manifest.id]
    for declared in manifest.secrets:
        before, brace, key = declared.partition("{")
        configured = _under(key.rstrip("}").split("."), _configuration(manifest, settings))
        names += [before + one for one in configured] if brace else [declared]
    return {
        _SECRET + name.upper().replace("-", "_"): installed_secret(name, settings).decode()
        for name in names
    }


def variables_of(manifest: Manifest) -> dict[str, str]:
    """The environment's variables that a plugin's configuration schema names, none of ours."""
    named = cast("Mapping[str, Any]", manifest.config.get("properties", {}))
    ours = {_PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    return {
        name: os.environ[name]
        for name in named
        if name.startswith(_PREFIX) and not name.startswith(_SECRET)
        if name in os.environ and name not in ours
    }


def _named(declared: str, manifest: Manifest, settings: Settings) -> Iterable[str]:
    if not declared.startswith(_CONFIGURED):
        return [declared]
    key = declared.removeprefix(_CONFIGURED)
    found = list(_under(key.split("."), _configuration(manifest, settings)))
    return ["{}:{}".format(*address_of(one)) for one in found if one]


def _configuration(manifest: Manifest, settings: Settings) -> Mapping[str, Any]:
    file = settings.data / "plugins" / f"{manifest.id}.toml"
    written = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    # The suite's own addresses are no secret: a sandbox's provider lives there.
    ours = {"issuer": settings.issuer, "gateway": settings.gateway}
    return {**written, **variables_of(manifest), **ours}


def _under(key: list[str], value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _under(key, one)
    elif isinstance(value, Mapping) and key:
        yield from _under(key[1:], cast("Mapping[str, Any]", value).get(key[0]))
    elif isinstance(value, str) and not key:
        yield value
