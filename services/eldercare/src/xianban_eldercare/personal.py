"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, select
from xianban_sdk.personal import Fate, Hold, Holding, PersonalData

from xianban_eldercare.domain.orders import OPEN
from xianban_eldercare.domain.searches import TRAIL_KEPT
from xianban_eldercare.handlers.visits import LATE_RULE
from xianban_eldercare.repository.muster_tables import (
    MUSTER_DAYS,
    SENT_DAYS,
    responder,
    responder_sent,
)
from xianban_eldercare.repository.order_tables import (
    care_order,
    journal_entry,
    posting,
    subsidy_account,
    subsidy_lot,
)
from xianban_eldercare.repository.organisation_tables import (
    bed,
    staff,
    staff_licence,
    visit,
    visit_plan,
    visit_plan_unmade,
)
from xianban_eldercare.repository.referral_tables import (
    referral,
    referral_offer,
    referral_step,
)
from xianban_eldercare.repository.tables import (
    PRESSES_KEPT,
    assessment,
    care_file,
    official_level,
    oxygen_scale,
    pack_state,
    press,
    threshold,
)
from xianban_eldercare.repository.weather_tables import PROPOSALS_KEPT, round_proposal
from xianban_eldercare.repository.whereabouts_tables import (
    fence,
    fence_state,
    search,
    trail_point,
)

__all__ = ["PERSONAL"]


# 会计档案管理办法: ledgers and vouchers, thirty years.
_ACCOUNTS_DAYS: Final = 30 * 365


def _of_plan(person: str) -> ColumnElement[bool]:
    """Why a day has no visit tells of the elder, and of the carer: which licence is over …"""
    plans = select(visit_plan.c.id)
    mine = (visit_plan.c.resident == person) | (visit_plan.c.carer == person)
    return visit_plan_unmade.c.plan.in_(plans.where(mine))


def _of(table: Table, person: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_(select(table.c.id).where(table.c.resident == person))


def _accounts(table: Table, category: str, **more: Any) -> Holding:
    """Kept for the books, without its person."""
    return Holding(
        table=table,
        category=category,
        subjects=("resident",),
        fate=Fate.PSEUDONYMISED,
        reason="accounting",
        days=_ACCOUNTS_DAYS,
        **more,
    )


def _holds(conn: Connection, person: str, now: datetime) -> Iterator[Hold]:
    """Places and subsidies that are promised to the person."""
    states = [one.value for one in OPEN]
    standing = (care_order.c.resident == person, care_order.c.state.in_(states))
    count = conn.scalar(select(func.count()).select_from(care_order).where(*standing))
    if count:
        yield Hold("ORDER_OPEN", {"count": count})


PERSONAL: Final = PersonalData(
    holds=_holds,
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
            table=oxygen_scale,
            category="oxygen-scales",
            subjects=("resident",),
            actors=("set_by",),
            displays={"set_by": "set_by_display"},
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
        Holding(
            table=round_proposal,
            category="rounds",
            subjects=("resident",),
            actors=("settled_by",),
            displays={"settled_by": "settled_by_display"},
            fate=Fate.ERASED,
            days=PROPOSALS_KEPT.days,
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
            table=responder,
            category="responders",
            subjects=("person",),
            fate=Fate.ERASED,
            days=MUSTER_DAYS,
        ),
        Holding(
            table=responder_sent,
            category="responders-sent",
            subjects=("person",),
            fate=Fate.ERASED,
            days=SENT_DAYS,
        ),
        Holding(
            table=referral_step,
            category="referral-steps",
            through=lambda person: _of(referral, person, referral_step.c.referral),
            actors=("actor",),
            displays={"actor": "actor_display"},
            fate=Fate.ERASED,
        ),
        Holding(
            table=referral_offer,
            category="referral-offers",
            through=lambda person: _of(referral, person, referral_offer.c.referral),
            fate=Fate.ERASED,
        ),
        Holding(
            table=referral,
            category="referrals",
            subjects=("resident",),
            actors=("referrer", "consented_by"),
            displays={"referrer": "referrer_display", "consented_by": "consent_display"},
            fate=Fate.ERASED,
        ),
        Holding(
            table=pack_state,
            category="rule-packs",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=press,
            category="presses",
            subjects=("resident",),
            fate=Fate.ERASED,
            days=PRESSES_KEPT.days,
        ),
        Holding(
            table=subsidy_account,
            category="subsidy-accounts",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        _accounts(
            care_order,
            "care-orders",
            actors=("placed_by", "checked_in_by"),
            displays={"checked_in_by": "checked_in_by_display"},
            blank={"note": "", "reason": "", "comment": "", "checked_in_place": ""},
        ),
        _accounts(subsidy_lot, "subsidy-lots"),
        _accounts(journal_entry, "ledger-entries"),
        _accounts(posting, "ledger-postings"),
    ),
)
