"""The demo's referral, as somebody proposed it this morning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from xianban_sdk.clock import local_day
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.referrals import LONGEST, ReferralState
from xianban_eldercare.handlers.referral_steps import By, noted
from xianban_eldercare.repository import MACHINE, CareFiles, Referrals
from xianban_eldercare.repository.referral_rows import ReferralRow

__all__ = ["seed_referral"]


def seed_referral(uow: UnitOfWork, entry: dict[str, Any]) -> None:
    """Once: each start seeds, and finds what has become of it."""
    elder, referrer = person_id(entry["elder"]), person_id(entry["referrer"])
    book = Referrals(uow.conn, MACHINE)
    if book.known(elder):
        return
    file = CareFiles(uow.conn, MACHINE).find(elder)
    now = uow.clock.now()
    row = ReferralRow(
        id=uow.ids.new(),
        resident=elder,
        under_way_of=elder,
        origin=entry["origin"],
        target=entry["target"],
        reason=entry["reason"],
        want_on=local_day(now) + timedelta(days=entry["want_days"]),
        state=ReferralState.PROPOSED.value,
        area=file.area if file else "",
        referrer=referrer,
        referrer_display=entry["referrer_name"],
        created_at=now,
        due_at=now + LONGEST,
        organisation=None,
        consented_by=None,
        consent_display="",
        consented_at=None,
        admitted_at=None,
        kept="",
        version=1,
    )
    if book.add(row):
        noted(None, row, By(referrer, entry["referrer_name"], entry["reason"]), uow=uow)
