"""Storage of the elder care service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

from xianban_eldercare.repository.alarms import Alarms
from xianban_eldercare.repository.beds import Beds
from xianban_eldercare.repository.care_files import CareFiles
from xianban_eldercare.repository.narrowing import MACHINE, Page, Scope
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.staff import StaffBook
from xianban_eldercare.repository.tables import metadata
from xianban_eldercare.repository.visits import Visits

__all__ = [
    "MACHINE",
    "Alarms",
    "Beds",
    "CareFiles",
    "Organisations",
    "Page",
    "Scope",
    "StaffBook",
    "Visits",
    "metadata",
]
