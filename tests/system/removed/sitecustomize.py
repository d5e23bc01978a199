"""Put on PYTHONPATH, this removes every first-party plugin: no entry point, no module."""

from __future__ import annotations

import importlib.metadata as metadata
import sys
from collections.abc import Sequence
from typing import Any

_PLUGINS = "xianban_plugin_"
_all = metadata.entry_points


class _Absent:
    """Finds no module of theirs, and lets nobody else find it."""

    @staticmethod
    def find_spec(name: str, _path: Sequence[str] | None = None, _target: Any = None) -> None:
        if name.startswith(_PLUGINS):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _entry_points(**asked: Any) -> metadata.EntryPoints:
    return metadata.EntryPoints(one for one in _all(**asked) if not one.value.startswith(_PLUGINS))


metadata.entry_points = _entry_points
sys.meta_path.insert(0, _Absent)  # type: ignore[arg-type]
