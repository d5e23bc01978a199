"""A host for one frozen plugin: hosting.py DOMAIN ID FOLDER PLACE [HOOKSPECS]; prints JSON.

In a process of its own, so that HOOKSPECS, a folder, can stand in for the domain's hooks as they
are: a later version of them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from structlog.testing import capture_logs


def main(name: str, plugin: str, folder: str, place: str, hookspecs: str = "") -> None:
    sys.path[:0] = [one for one in (hookspecs, folder) if one]
    from xianban_sdk.plugins import build
    from xianban_sdk.plugins.building import open_outside, take_up
    from xianban_sdk.plugins.domains import domain
    from xianban_sdk.plugins.isolation import Source
    from xianban_sdk.plugins.manifest import read_manifest
    from xianban_sdk.settings import Settings
    from xianban_sdk.testing.matrix import answers

    package, found = f"xianban_plugin_{plugin.replace('-', '_')}", domain(name)
    told: dict[str, object] = {"api": found.api}
    with tempfile.TemporaryDirectory() as data, capture_logs() as lines:
        inside = [import_module(f"{package}.plugin")] if place == "0" else []
        try:
            hooks = build(name, found.module, inside)
            if place != "0":
                settings = Settings(data=Path(data), plugin_tiers=f"*={place}")
                paths = tuple(Path(one) for one in (hookspecs, folder) if one)
                source, manifest = Source(f"{package}.plugin", paths), read_manifest(package)
                made = open_outside(source, manifest, found.module, name, settings)
                take_up(hooks, made, lambda: made)
            told["quarantined"] = hooks.quarantined.get(plugin, "")
            if not told["quarantined"]:
                told["answers"] = answers(hooks, found, plugin, Path(data))
            hooks.close()
        except Exception as error:
            told["refused"] = str(error)
        told["logged"] = [one for one in lines if one["event"] == "plugin_uses_deprecated"]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
