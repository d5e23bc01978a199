"""Referrals: an elder's, an area's, and those that an organisation was asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.repository import columns, within
from xianban_sdk.storage import insert_new, upsert

from xianban_eldercare.domain.referrals import OVER, OfferState, ReferralState
from xianban_eldercare.repository.narrowing import Page, Repository, page_of
from xianban_eldercare.repository.organisation_tables import staff
from xianban_eldercare.repository.referral_rows import (
    ReferralOfferRow,
    ReferralRow,
    ReferralStepRow,
)
from xianban_eldercare.repository.referral_tables import (
    referral,
    referral_offer,
    referral_step,
)

__all__ = ["Referrals"]

_NEWEST = referral.c.id.desc()
# An elder who is away, or on the way: the newest of these is where they are.
_AWAY = (ReferralState.ADMITTING, ReferralState.ADMITTED)
_KEPT_FOR = (ReferralState.ACCEPTED, ReferralState.CONFIRMED)


class Referrals(Repository):
    """What the caller may see: the elder's side its own, staff those from or to their areas."""

    def get(self, referral_id: str, *, by: str = "", locked: bool = False) -> ReferralRow:
        """Of the elder the call is about; `by`: only of that referrer."""
        query = select(referral).where(self._seen(), referral.c.id == referral_id)
        return self._one(query.where(referral.c.referrer == by) if by else query, locked)

    def sent(self, referral_id: str) -> ReferralRow:
        """Locked; only from the caller's areas: theirs to offer and to confirm."""
        here = within(self.scope.areas, referral.c.area)
        mine = (referral.c.id == referral_id, self.own(referral.c.resident), here)
        return self._one(select(referral).where(*mine), locked=True)

    def numbered(self, referral_id: str) -> ReferralRow | None:
        """Locked; for the service's own work, which has found it elsewhere."""
        query = select(referral).where(referral.c.id == referral_id).with_for_update()
        row = self.conn.execute(query).mappings().first()
        return ReferralRow(**row) if row else None

    def of_elder(self, page: Page, *, by: str = "") -> tuple[list[ReferralRow], str]:
        """Newest first; `by`: only those of one referrer."""
        query = select(referral).where(self._seen())
        return self._page(query.where(referral.c.referrer == by) if by else query, page)

    def of_areas(self, page: Page, *, over: bool) -> tuple[list[ReferralRow], str]:
        """From the caller's areas, newest first."""
        query = select(referral).where(within(self.scope.areas, referral.c.area))
        return self._page(query if over else query.where(referral.c.state.not_in(OVER)), page)

    def asked(self, organisation: str, page: Page, *, over: bool) -> tuple[list[ReferralRow], str]:
        """What an organisation was asked, newest first; the caller answers for it."""
        theirs = select(referral_offer.c.referral).where(
            referral_offer.c.organisation == organisation
        )
        if not over:
            standing = (OfferState.REQUESTED, OfferState.ACCEPTED)
            theirs = theirs.where(referral_offer.c.state.in_(standing))
        query = select(referral).where(referral.c.id.in_(theirs))
        return self._page(query if over else query.where(referral.c.state.not_in(OVER)), page)

    def stay(self, resident: str) -> ReferralRow | None:
        """Where the elder is, if they have moved; who was referred on is where they went last."""
        query = select(referral).where(referral.c.resident == resident, referral.c.state.in_(_AWAY))
        newest = query.order_by(referral.c.admitted_at.desc(), _NEWEST).limit(1)
        row = self.conn.execute(newest).mappings().first()
        return ReferralRow(**row) if row else None

    def waiting(self, resident: str, organisation: str) -> ReferralRow | None:
        """Locked: the one for which an organisation keeps a place for the elder."""
        query = select(referral).where(
            referral.c.under_way_of == resident,
            referral.c.organisation == organisation,
            referral.c.state.in_(_KEPT_FOR),
        )
        row = self.conn.execute(query.with_for_update()).mappings().first()
        return ReferralRow(**row) if row else None

    def under_way(self, resident: str) -> bool:
        """The elder has one; whoever asks has locked their file."""
        query = select(referral.c.id).where(referral.c.under_way_of == resident)
        return self.conn.scalar(query) is not None

    def known(self, resident: str) -> bool:
        """The elder has or had one."""
        query = select(referral.c.id).where(referral.c.resident == resident)
        return self.conn.scalar(query.limit(1)) is not None

    def add(self, row: ReferralRow) -> bool:
        """False when the elder has one under way."""
        return insert_new(self.conn, referral, columns(row))

    def save(self, row: ReferralRow) -> None:
        """Whoever saves has locked it."""
        self.conn.execute(update(referral).where(referral.c.id == row.id).values(**columns(row)))

    # -- what belongs to a referral that the caller has found -----------------------------------

    def offers(self, referrals: Collection[str]) -> dict[str, list[ReferralOfferRow]]:
        """Referral → the organisations that were asked, by when."""
        order = (referral_offer.c.asked_at, referral_offer.c.organisation)
        query = select(referral_offer).where(referral_offer.c.referral.in_(referrals))
        found: dict[str, list[ReferralOfferRow]] = {}
        for row in self.conn.execute(query.order_by(*order)).mappings():
            found.setdefault(row["referral"], []).append(ReferralOfferRow(**row))
        return found

    def put_offers(self, rows: Iterable[ReferralOfferRow]) -> None:
        for row in rows:
            upsert(self.conn, referral_offer, columns(row))

    def steps(self, referral_id: str) -> list[ReferralStepRow]:
        """Oldest first."""
        query = select(referral_step).where(referral_step.c.referral == referral_id)
        rows = self.conn.execute(query.order_by(referral_step.c.number)).mappings()
        return [ReferralStepRow(**row) for row in rows]

    def add_step(self, row: ReferralStepRow) -> None:
        """With the next number; the referral is locked."""
        mine = referral_step.c.referral == row.referral
        last = select(func.coalesce(func.max(referral_step.c.number), 0)).where(mine)
        number = (self.conn.scalar(last) or 0) + 1
        self.conn.execute(referral_step.insert().values(**(columns(row) | {"number": number})))

    def employed(self, organisation: str, today: date) -> list[str]:
        """Who works there today, for the ladder of an elder who lives there."""
        query = select(staff.c.person).where(
            staff.c.organisation == organisation,
            staff.c.active.is_(True),
            staff.c.employed_on <= today,
            or_(staff.c.leaves_on.is_(None), staff.c.leaves_on >= today),
        )
        return sorted(self.conn.scalars(query))

    def _seen(self) -> ColumnElement[bool]:
        """The elder's; for staff only from their areas, or of an elder who is there now."""
        mine = self.own(referral.c.resident)
        if not self.scope.areas:
            return mine
        there = within(self.scope.areas, referral.c.area)
        return mine & (there | self.in_areas(referral.c.resident))

    def _one(self, query: Select[tuple[ReferralRow]], locked: bool) -> ReferralRow:
        found = self.conn.execute(query.with_for_update() if locked else query).mappings().first()
        if found is None:
            raise NotFound("REFERRAL_NOT_FOUND", field="name")
        return ReferralRow(**found)

    def _page(self, query: Select[tuple[ReferralRow]], page: Page) -> tuple[list[ReferralRow], str]:
        if page.after is not None:
            query = query.where(referral.c.id < page.after)
        return page_of(self.conn, query.order_by(_NEWEST), page, ReferralRow, "id")
