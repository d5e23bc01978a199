"""The wire side of elder care: each method converts, calls one use case, converts back."""

from __future__ import annotations

from xianban_eldercare.servicer.care_files import CareFileServicer
from xianban_eldercare.servicer.ingest import IngestServicer
from xianban_eldercare.servicer.monitoring import MonitoringServicer
from xianban_eldercare.servicer.organisations import OrganisationServicer
from xianban_eldercare.servicer.visits import VisitServicer

__all__ = [
    "CareFileServicer",
    "IngestServicer",
    "MonitoringServicer",
    "OrganisationServicer",
    "VisitServicer",
]
