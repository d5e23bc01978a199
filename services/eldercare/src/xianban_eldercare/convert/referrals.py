"""Referrals: protobuf ⇄ rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from xianban.eldercare.v1 import referrals_pb2 as pb
from xianban_sdk.wire import day, stamp

from xianban_eldercare.convert.care_files import LEVELS
from xianban_eldercare.convert.states import CARE_SETTINGS, REFERRAL_STATES
from xianban_eldercare.domain.referrals import OfferState, ReferralState
from xianban_eldercare.repository.referral_rows import (
    ReferralOfferRow,
    ReferralRow,
    ReferralStepRow,
)
from xianban_eldercare.repository.rows import CareFileRow

__all__ = ["Names", "offer", "offer_key", "referral", "referral_id", "written"]

_SETTINGS: Final = {shown: kept for kept, shown in CARE_SETTINGS.items()}
_OFFERS: Final = {
    state.value: pb.ReferralOfferState.Value(f"REFERRAL_OFFER_STATE_{state.name}")
    for state in OfferState
}
# The handler says when it is.
_UNSET: Final = datetime.min.replace(tzinfo=UTC)
_TIMED: Final = frozenset({OfferState.REQUESTED, OfferState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Names:
    """As elders' files and organisations are called."""

    files: Mapping[str, CareFileRow] = field(default_factory=dict[str, CareFileRow])
    organisations: Mapping[str, str] = field(default_factory=dict[str, str])

    def elder(self, resident: str) -> str:
        file = self.files.get(resident)
        return file.display_name if file else ""

    def organisation(self, number: str | None) -> str:
        return self.organisations.get(number or "", "")


def referral_id(name: str) -> str:
    """`residents/{r}/referrals/{id}` → the id."""
    return name.rpartition("/")[2]


def offer_key(name: str) -> tuple[str, str]:
    """`organisations/{o}/referralOffers/{r}` → both ids."""
    _, organisation, _, referral = name.split("/")
    return organisation, referral


def referral(
    row: ReferralRow,
    names: Names,
    offers: Iterable[ReferralOfferRow] = (),
    steps: Iterable[ReferralStepRow] = (),
) -> pb.Referral:
    return pb.Referral(
        name=row.name,
        origin=CARE_SETTINGS[row.origin],
        target=CARE_SETTINGS[row.target],
        reason=row.reason,
        want_date=row.want_on.isoformat(),
        state=REFERRAL_STATES[row.state],
        referrer_display=row.referrer_display,
        resident_display=names.elder(row.resident),
        create_time=stamp(row.created_at),
        expire_time=stamp(row.due_at),
        organisation=f"organisations/{row.organisation}" if row.organisation else "",
        organisation_display=names.organisation(row.organisation),
        consent_display=row.consent_display,
        consent_time=stamp(row.consented_at),
        offers=[offer(row, one, names) for one in offers],
        steps=[_step(one, names) for one in steps],
        area=row.area,
    )


def offer(row: ReferralRow, one: ReferralOfferRow, names: Names) -> pb.ReferralOffer:
    """What an organisation sees; after the elder has gone elsewhere nothing of their needs."""
    file = names.files.get(row.resident)
    concerns = one.state in _TIMED
    return pb.ReferralOffer(
        name=f"organisations/{one.organisation}/referralOffers/{row.id}",
        organisation_display=names.organisation(one.organisation),
        state=_OFFERS[one.state],
        resident=f"residents/{row.resident}",
        resident_display=names.elder(row.resident),
        care_level=LEVELS[file.care_level if file and concerns else 0],
        origin=CARE_SETTINGS[row.origin],
        target=CARE_SETTINGS[row.target],
        reason=row.reason if concerns else "",
        want_date=row.want_on.isoformat(),
        referrer_display=row.referrer_display,
        create_time=stamp(one.asked_at),
        answer_time=stamp(one.answered_at),
        expire_time=stamp(row.due_at if concerns else None),
        bed=f"organisations/{one.organisation}/beds/{one.bed}" if one.bed else "",
        answer_reason=one.answer_reason,
        referral_state=REFERRAL_STATES[row.state],
    )


def _step(one: ReferralStepRow, names: Names) -> pb.ReferralStep:
    return pb.ReferralStep(
        state=REFERRAL_STATES[one.state],
        time=stamp(one.at),
        actor_display=one.actor_display,
        organisation_display=names.organisation(one.organisation),
        note=one.note,
    )


def written(resident: str, given: pb.Referral) -> ReferralRow:
    """What is proposed; all else is the service's."""
    return ReferralRow(
        id="",
        resident=resident,
        under_way_of=None,
        origin=_SETTINGS[given.origin],
        target=_SETTINGS[given.target],
        reason=given.reason,
        want_on=day(given.want_date, "referral.want_date"),
        state=ReferralState.PROPOSED.value,
        area="",
        referrer="",
        referrer_display="",
        created_at=_UNSET,
        due_at=None,
        organisation=None,
        consented_by=None,
        consent_display="",
        consented_at=None,
        admitted_at=None,
        kept="",
        version=0,
    )
