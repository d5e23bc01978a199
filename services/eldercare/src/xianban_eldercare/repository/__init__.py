"""Storage of the elder care service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

# The tables of places and searches, and of orders, join the metadata.
from xianban_eldercare.repository import order_tables as _order_tables
from xianban_eldercare.repository import whereabouts_tables as _whereabouts_tables
from xianban_eldercare.repository.alarms import Alarms
from xianban_eldercare.repository.assessments import Assessments, EldersToAssess, OfficialLevels
from xianban_eldercare.repository.beds import Beds
from xianban_eldercare.repository.care_files import CareFiles
from xianban_eldercare.repository.narrowing import MACHINE, Page, Scope
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.referrals import Referrals
from xianban_eldercare.repository.staff import StaffBook
from xianban_eldercare.repository.tables import metadata
from xianban_eldercare.repository.visit_plans import VisitPlans
from xianban_eldercare.repository.visits import Visits

__all__ = [
    "MACHINE",
    "Alarms",
    "Assessments",
    "Beds",
    "CareFiles",
    "EldersToAssess",
    "OfficialLevels",
    "Organisations",
    "Page",
    "Referrals",
    "Scope",
    "StaffBook",
    "VisitPlans",
    "Visits",
    "metadata",
]

del _order_tables, _whereabouts_tables
