"""Storage of the elder care service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

# The tables of places and searches join the metadata.
from xianban_eldercare.repository import whereabouts_tables as _whereabouts_tables
from xianban_eldercare.repository.care_files import CareFiles
from xianban_eldercare.repository.narrowing import MACHINE, Page, Scope
from xianban_eldercare.repository.tables import metadata

__all__ = ["MACHINE", "CareFiles", "Page", "Scope", "metadata"]

del _whereabouts_tables
