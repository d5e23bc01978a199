"""How a referral goes on: one step, one transaction.

Whatever follows from a step is written with it: beds that are given back, the clock, the history,
what others are told. What another service must do (devices) leaves as an event and comes back as
one, so that a process may die between any two statements: the step is done whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from xianban_sdk.storage import UnitOfWork
from xianban_sdk.timers import Timer

from xianban_eldercare.alarms import called
from xianban_eldercare.domain.beds import BedState
from xianban_eldercare.domain.referrals import (
    LONGEST,
    UNDER_WAY,
    OfferState,
    Referral,
    ReferralState,
)
from xianban_eldercare.errors import refusals
from xianban_eldercare.handlers.beds import release_bed
from xianban_eldercare.handlers.referral_tellings import tell
from xianban_eldercare.repository import MACHINE, Beds, CareFiles, Referrals
from xianban_eldercare.repository.referral_rows import (
    ReferralOfferRow,
    ReferralRow,
    ReferralStepRow,
)

__all__ = ["CLOCK", "DUE", "By", "by_person", "moved", "noted", "on_due"]

# The timer's kind; its key is the referral's id.
DUE: Final = "referral-due"
_WAITING: Final = frozenset({ReferralState.PROPOSED, ReferralState.CONSENTED})
_KEEPING: Final = frozenset({ReferralState.REQUESTED, ReferralState.CONFIRMED})


@dataclass(frozen=True, slots=True)
class By:
    """Who takes a step, and what they say."""

    actor: str = ""
    display: str = ""
    note: str = ""


CLOCK: Final = By()


def by_person(actor: str, resident: str, uow: UnitOfWork, note: str = "") -> By:
    """With the name under which the elder's side or the staff know them."""
    if actor == resident:
        file = CareFiles(uow.conn, MACHINE).find(resident)
        return By(actor, file.display_name if file else "", note)
    return By(actor, called(actor, resident, uow), note)


def moved(
    row: ReferralRow,
    step: Callable[[Referral], Referral],
    by: By,
    *,
    uow: UnitOfWork,
    due: datetime | None = None,
    bed: str = "",
    **changes: Any,
) -> ReferralRow:
    """One step of a locked referral. `bed`: what the organisation that now accepts keeps."""
    book = Referrals(uow.conn, MACHINE)
    offers = {one.organisation: one for one in book.offers([row.id]).get(row.id, [])}
    with refusals():
        after = step(_referral(row, offers))
    asked = list(_answered(row.id, offers, after.offers, by, bed, uow.clock.now()))
    book.put_offers(asked)
    for one in asked:
        _give_back(row, offers.get(one.organisation), one, uow)
    saved = replace(
        row,
        state=after.state.value,
        due_at=_due(row, after.state, due, uow.clock.now()),
        organisation=after.accepted_by,
        under_way_of=row.resident if after.state in UNDER_WAY else None,
        version=row.version + 1,
        **changes,
    )
    book.save(saved)
    noted(row, saved, by, asked, uow=uow)
    return saved


def noted(
    before: ReferralRow | None,
    after: ReferralRow,
    by: By,
    asked: Iterable[ReferralOfferRow] = (),
    *,
    uow: UnitOfWork,
) -> None:
    """The clock, the history, the audit, and who is told; `asked`: the offers that changed."""
    if after.due_at is None:
        uow.cancel(DUE, after.id)
    else:
        uow.schedule(DUE, after.id, after.due_at)
    changed = list(asked)
    about = after.organisation or next((one.organisation for one in changed), None)
    step = ReferralStepRow(
        after.id, 0, after.state, uow.clock.now(), by.actor, by.display, about, by.note
    )
    Referrals(uow.conn, MACHINE).add_step(step)
    uow.audit(
        "ChangeReferral", after.resident, basis=f"{before.state if before else ''} → {after.state}"
    )
    tell(before, after, by.note, changed, uow=uow)


def on_due(timer: Timer, *, uow: UnitOfWork) -> None:
    """The state's time is over, unless the referral went on meanwhile."""
    row = Referrals(uow.conn, MACHINE).numbered(timer.key)
    if row is not None and row.due_at is not None and row.due_at <= uow.clock.now():
        moved(row, Referral.timed_out, CLOCK, uow=uow)


def _referral(row: ReferralRow, offers: Mapping[str, ReferralOfferRow]) -> Referral:
    states = {one: OfferState(offer.state) for one, offer in offers.items()}
    return Referral(ReferralState(row.state), states)


def _answered(
    referral: str,
    before: Mapping[str, ReferralOfferRow],
    after: Mapping[str, OfferState],
    by: By,
    bed: str,
    now: datetime,
) -> Iterable[ReferralOfferRow]:
    """The offers that changed; who is asked again begins anew."""
    for organisation, state in after.items():
        known = before.get(organisation)
        if known is not None and known.state == state:
            continue
        if known is None or state is OfferState.REQUESTED:
            yield ReferralOfferRow(referral, organisation, state.value, now, None, "", "")
            continue
        said = by.note if state is OfferState.REJECTED else ""
        kept = bed if state is OfferState.ACCEPTED else known.bed
        yield replace(known, state=state.value, answered_at=now, answer_reason=said, bed=kept)


def _give_back(
    row: ReferralRow, before: ReferralOfferRow | None, after: ReferralOfferRow, uow: UnitOfWork
) -> None:
    """A bed that was kept is free again; the hold's own timer may have been faster."""
    if before is None or before.state != OfferState.ACCEPTED or not before.bed:
        return
    key = (after.organisation, before.bed)
    bed = Beds(uow.conn, MACHINE).find(*key, locked=True)
    if bed is not None and (bed.state, bed.resident) == (BedState.HELD, row.resident):
        release_bed(key, scope=MACHINE, uow=uow)


def _due(
    row: ReferralRow, state: ReferralState, given: datetime | None, now: datetime
) -> datetime | None:
    """When the state ends by itself; who moved in stays."""
    if given is not None:
        return given
    if state in _WAITING:
        return now + LONGEST
    return row.due_at if state in _KEEPING else None
