"""The Envoy data plane, configured from descriptors."""

from __future__ import annotations

from xianban_edge.run import Edge, EdgeFailed
from xianban_edge.settings import (
    Address,
    EdgeService,
    EdgeSettings,
    Facade,
    Limits,
    edge_services,
)

__all__ = [
    "Address",
    "Edge",
    "EdgeFailed",
    "EdgeService",
    "EdgeSettings",
    "Facade",
    "Limits",
    "edge_services",
]
