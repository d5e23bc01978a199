"""Storage of the elder care service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

from xianban_eldercare.repository.assessments import Assessments, EldersToAssess, OfficialLevels
from xianban_eldercare.repository.care_files import CareFiles
from xianban_eldercare.repository.narrowing import MACHINE, Page, Scope
from xianban_eldercare.repository.tables import metadata

__all__ = [
    "MACHINE",
    "Assessments",
    "CareFiles",
    "EldersToAssess",
    "OfficialLevels",
    "Page",
    "Scope",
    "metadata",
]
