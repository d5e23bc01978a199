"""The composition root of the elder care service; nothing else wires."""

from __future__ import annotations

from xianban_sdk.app import Service

from xianban_eldercare.personal import PERSONAL
from xianban_eldercare.repository import metadata
from xianban_eldercare.seed import seed
from xianban_eldercare.servicer import CareFileServicer

__all__ = ["app"]

app = Service(
    name="eldercare",
    package="xianban_eldercare",
    servicers={"xianban.eldercare.v1.CareFileService": CareFileServicer},
    metadata=metadata,
    migrations="xianban_eldercare.migrations",
    personal_data=PERSONAL,
    seed=seed,
)
