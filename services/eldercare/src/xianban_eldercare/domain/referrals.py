"""梯度衔接: a referral of an elder among home, institution and medical care, from its proposal to
the elder's return.

Names are FHIR's where they fit: the referral is a ServiceRequest, each organisation that is asked
has a Task. What a step undoes follows from the state: who calls off or comes too late leaves no
bed kept and no organisation waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from xianban_eldercare.domain.errors import Refused

__all__ = [
    "ANSWERED_WITHIN",
    "KINDS",
    "LONGEST",
    "OVER",
    "UNDER_WAY",
    "CareSetting",
    "OfferState",
    "Referral",
    "ReferralState",
    "check_way",
    "until",
]

# A referral that nobody goes on with ends after this.
LONGEST: Final = timedelta(days=30)
# Organisations answer, and elders move in, within this if nobody said otherwise.
ANSWERED_WITHIN: Final = timedelta(days=3)


class CareSetting(StrEnum):
    """Where an elder is cared for."""

    HOME = "home"
    INSTITUTION = "institution"
    MEDICAL = "medical"


# Which kinds of organisations are asked for which setting.
KINDS: Final[Mapping[CareSetting, frozenset[str]]] = {
    CareSetting.HOME: frozenset({"home-care", "day-care"}),
    CareSetting.INSTITUTION: frozenset({"institution", "community-home"}),
    CareSetting.MEDICAL: frozenset({"medical"}),
}


class ReferralState(StrEnum):
    """Where a referral stands."""

    PROPOSED = "proposed"
    CONSENTED = "consented"
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    ADMITTING = "admitting"
    ADMITTED = "admitted"
    RETURNING = "returning"
    RETURNED = "returned"
    REFUSED = "refused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OfferState(StrEnum):
    """What became of asking one organisation."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_S = ReferralState
OVER: Final = frozenset({_S.RETURNED, _S.REFUSED, _S.CANCELLED, _S.EXPIRED})
# An elder has one of these at a time: who is admitted may be referred on.
UNDER_WAY: Final = frozenset(_S) - OVER - {_S.ADMITTED}
_BEFORE_MOVING: Final = frozenset(
    {_S.PROPOSED, _S.CONSENTED, _S.REQUESTED, _S.ACCEPTED, _S.CONFIRMED}
)
_HANDED_OVER: Final[Mapping[ReferralState, ReferralState]] = {
    _S.ADMITTING: _S.ADMITTED,
    _S.RETURNING: _S.RETURNED,
    _S.CANCELLING: _S.CANCELLED,
}
_TIMED_OUT: Final[Mapping[ReferralState, ReferralState]] = {
    _S.PROPOSED: _S.EXPIRED,
    _S.CONSENTED: _S.EXPIRED,
    _S.REQUESTED: _S.CONSENTED,
    _S.ACCEPTED: _S.CONSENTED,
    _S.CONFIRMED: _S.CONSENTED,
}


@dataclass(frozen=True, slots=True)
class Referral:
    """The state, and what became of each organisation that was asked, by its id."""

    state: ReferralState = ReferralState.PROPOSED
    offers: Mapping[str, OfferState] = field(default_factory=dict[str, OfferState])

    @property
    def accepted_by(self) -> str | None:
        """The one that keeps a place for the elder, or has them."""
        found = (one for one, state in self.offers.items() if state is OfferState.ACCEPTED)
        return next(found, None)

    def consented(self) -> Referral:
        self._must_be(_S.PROPOSED)
        return replace(self, state=_S.CONSENTED)

    def refused(self) -> Referral:
        self._must_be(_S.PROPOSED)
        return replace(self, state=_S.REFUSED)

    def offered(self, organisations: Iterable[str]) -> Referral:
        """Asked at the same time, or beside those that are asked already."""
        self._must_be(_S.CONSENTED, _S.REQUESTED)
        asked = dict(self.offers)
        for one in organisations:
            if asked.get(one) is OfferState.REQUESTED:
                raise Refused("ORGANISATION_ASKED", "organisations", organisation=one)
            asked[one] = OfferState.REQUESTED
        return replace(self, state=_S.REQUESTED, offers=asked)

    def accepted(self, organisation: str) -> Referral:
        """The first one wins; the others are no longer asked."""
        self._must_be_asked(organisation)
        others = self._put(OfferState.REQUESTED, OfferState.WITHDRAWN)
        return replace(
            self, state=_S.ACCEPTED, offers={**others, organisation: OfferState.ACCEPTED}
        )

    def rejected(self, organisation: str) -> Referral:
        """The last one that says no leaves the choice to the referrer again."""
        self._must_be_asked(organisation)
        offers = {**self.offers, organisation: OfferState.REJECTED}
        waiting = OfferState.REQUESTED in offers.values()
        return replace(self, state=_S.REQUESTED if waiting else _S.CONSENTED, offers=offers)

    def confirmed(self) -> Referral:
        self._must_be(_S.ACCEPTED)
        return replace(self, state=_S.CONFIRMED)

    def admitted(self) -> Referral:
        """The elder has come; their devices follow."""
        self._must_be(_S.CONFIRMED)
        return replace(self, state=_S.ADMITTING)

    def handed_over(self) -> Referral:
        """The devices are where the elder is."""
        self._must_be(*_HANDED_OVER)
        return replace(self, state=_HANDED_OVER[self.state])

    def returned(self) -> Referral:
        """The elder has left; their devices follow."""
        self._must_be(_S.ADMITTED)
        return replace(self, state=_S.RETURNING)

    def cancelled(self, *, elders_side: bool) -> Referral:
        """Called off. Whoever lives there already is not put out by a press of the family's."""
        if self.state in _BEFORE_MOVING:
            return replace(self, state=_S.CANCELLED, offers=self._withdrawn())
        self._must_be(_S.ADMITTING, _S.ADMITTED)
        if elders_side:
            self._refuse()
        return replace(self, state=_S.CANCELLING, offers=self._withdrawn())

    def timed_out(self) -> Referral:
        """Nobody answered, came or went on in time: the bed is given back, another may be asked."""
        self._must_be(*_TIMED_OUT)
        lapsed = self._put(OfferState.REQUESTED, OfferState.LAPSED)
        offers = replace(self, offers=lapsed)._put(OfferState.ACCEPTED, OfferState.LAPSED)
        return Referral(_TIMED_OUT[self.state], offers)

    def _withdrawn(self) -> dict[str, OfferState]:
        asked = replace(self, offers=self._put(OfferState.REQUESTED, OfferState.WITHDRAWN))
        return asked._put(OfferState.ACCEPTED, OfferState.WITHDRAWN)

    def _put(self, before: OfferState, after: OfferState) -> dict[str, OfferState]:
        return {one: after if state is before else state for one, state in self.offers.items()}

    def _must_be_asked(self, organisation: str) -> None:
        state = self.offers.get(organisation)
        if state is not OfferState.REQUESTED:
            raise Refused(f"OFFER_{(state or OfferState.WITHDRAWN).name}")

    def _must_be(self, *states: ReferralState) -> None:
        if self.state not in states:
            self._refuse()

    def _refuse(self) -> None:
        raise Refused(f"REFERRAL_{self.state.name}")


def check_way(origin: CareSetting, target: CareSetting, stay: CareSetting | None) -> None:
    """`stay`: where the elder was referred to and still is. From one institution it may go to
    another one."""
    if origin is target and target is not CareSetting.INSTITUTION:
        raise Refused("REFERRAL_NOWHERE", "referral.target")
    if stay is not None and origin is not stay:
        raise Refused("ORIGIN_OTHER", "referral.origin")
    if stay is not None and target is CareSetting.HOME:
        # Going home ends the stay and brings back how it was.
        raise Refused("STAY_ENDS_BY_RETURN", "referral.target")


def until(hours: int, now: datetime) -> datetime:
    """Until when an answer or an arrival is waited for; 0: as long as usual."""
    return now + (timedelta(hours=hours) if hours else ANSWERED_WITHIN)
