"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Table, select
from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_eldercare.domain.searches import TRAIL_KEPT
from xianban_eldercare.repository.tables import care_file, threshold
from xianban_eldercare.repository.whereabouts_tables import (
    fence,
    fence_state,
    search,
    trail_point,
)

__all__ = ["PERSONAL"]


def _of(table: Table, person: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_(select(table.c.id).where(table.c.resident == person))


PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=care_file,
            category="care-file",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=threshold,
            category="thresholds",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=fence_state,
            category="fence-states",
            through=lambda person: _of(fence, person, fence_state.c.fence),
            fate=Fate.ERASED,
        ),
        Holding(
            table=fence,
            category="fences",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=trail_point,
            category="trails",
            through=lambda person: _of(search, person, trail_point.c.search),
            fate=Fate.ERASED,
            days=TRAIL_KEPT.days,
        ),
        Holding(
            table=search,
            category="searches",
            subjects=("resident",),
            actors=("started_by",),
            fate=Fate.ERASED,
        ),
    )
)
