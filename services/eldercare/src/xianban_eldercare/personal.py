"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Table, select
from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_eldercare.domain.searches import TRAIL_KEPT
from xianban_eldercare.handlers.visits import LATE_RULE
from xianban_eldercare.repository.organisation_tables import (
    bed,
    staff,
    staff_licence,
    visit,
    visit_plan,
    visit_plan_unmade,
)
from xianban_eldercare.repository.tables import (
    assessment,
    care_file,
    official_level,
    pack_state,
    threshold,
)
from xianban_eldercare.repository.whereabouts_tables import (
    fence,
    fence_state,
    search,
    trail_point,
)

__all__ = ["PERSONAL"]


def _of_plan(person: str) -> ColumnElement[bool]:
    """Why a day has no visit tells of the elder, and of the carer: which licence is over …"""
    plans = select(visit_plan.c.id)
    mine = (visit_plan.c.resident == person) | (visit_plan.c.carer == person)
    return visit_plan_unmade.c.plan.in_(plans.where(mine))


def _of(table: Table, person: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_(select(table.c.id).where(table.c.resident == person))


PERSONAL: Final = PersonalData(
    # Who has not come for a visit.
    naming_rules=frozenset({LATE_RULE}),
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
            table=assessment,
            category="assessments",
            subjects=("resident",),
            actors=("opened_by",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=official_level,
            category="official-levels",
            subjects=("resident",),
            actors=("entered_by",),
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
            actors=("started_by", "ended_by"),
            displays={"started_by": "started_by_display", "ended_by": "ended_by_display"},
            fate=Fate.ERASED,
        ),
        Holding(
            table=visit,
            category="visits",
            subjects=("resident",),
            actors=("carer",),
            displays={"carer": "carer_display"},
            fate=Fate.ERASED,
        ),
        Holding(
            table=visit_plan_unmade,
            category="visit-plan-days",
            through=_of_plan,
            fate=Fate.ERASED,
        ),
        Holding(
            table=visit_plan,
            category="visit-plans",
            subjects=("resident",),
            actors=("carer",),
            displays={"carer": "carer_display"},
            fate=Fate.ERASED,
        ),
        # The bed stays and is free; who lay in it is gone.
        Holding(
            table=bed,
            category="beds",
            subjects=("resident",),
            fate=Fate.PSEUDONYMISED,
            reason="bed",
            blank={"resident": None, "state": "free", "hold_until": None},
        ),
        Holding(
            table=staff_licence,
            category="licences",
            subjects=("person",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=staff,
            category="employment",
            subjects=("person",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=pack_state,
            category="rule-packs",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
    ),
)
