"""Storage of the elder care service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

# The tables of places and searches, of orders, and of weather join the metadata.
from xianban_eldercare.repository import order_tables as _order_tables
from xianban_eldercare.repository import whereabouts_tables as _whereabouts_tables
from xianban_eldercare.repository.alarms import Alarms
from xianban_eldercare.repository.assessments import Assessments, EldersToAssess, OfficialLevels
from xianban_eldercare.repository.beds import Beds
from xianban_eldercare.repository.care_files import CareFiles
from xianban_eldercare.repository.muster import Muster
from xianban_eldercare.repository.muster_tables import MUSTER_KEPT as _MUSTER_KEPT
from xianban_eldercare.repository.narrowing import MACHINE, Page, Scope
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.presses import Presses
from xianban_eldercare.repository.referrals import Referrals
from xianban_eldercare.repository.rounds import Rounds
from xianban_eldercare.repository.staff import StaffBook
from xianban_eldercare.repository.tables import KEPT as _KEPT
from xianban_eldercare.repository.tables import metadata
from xianban_eldercare.repository.visit_plans import VisitPlans
from xianban_eldercare.repository.visits import Visits
from xianban_eldercare.repository.weather import Weather
from xianban_eldercare.repository.weather_tables import WEATHER_KEPT as _WEATHER_KEPT

__all__ = [
    "KEPT",
    "MACHINE",
    "Alarms",
    "Assessments",
    "Beds",
    "CareFiles",
    "EldersToAssess",
    "Muster",
    "OfficialLevels",
    "Organisations",
    "Page",
    "Presses",
    "Referrals",
    "Rounds",
    "Scope",
    "StaffBook",
    "VisitPlans",
    "Visits",
    "Weather",
    "metadata",
]

KEPT = (*_KEPT, *_WEATHER_KEPT, *_MUSTER_KEPT)

del _order_tables, _whereabouts_tables
