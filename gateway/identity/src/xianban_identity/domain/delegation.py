"""亲属账户: leave for one person (the delegate) to act for another (the subject)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_identity.domain.ages import ADULT, birthday_instant
from xianban_identity.domain.errors import Invalid, LimitReached, NotAllowed
from xianban_identity.domain.people import HouseholdRole, Person

__all__ = [
    "OPEN",
    "Delegation",
    "Kind",
    "Limits",
    "Opening",
    "Side",
    "State",
    "check_limits",
    "end_of",
    "opening",
]


class Kind(StrEnum):
    """What ties delegate to subject."""

    GUARDIAN = "guardian"
    FAMILY = "family"
    CARER = "carer"


class State(StrEnum):
    """The life of a delegation."""

    PENDING = "pending"
    IN_REVIEW = "in_review"
    ACTIVE = "active"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Side(StrEnum):
    """Which of the two a person is."""

    DELEGATE = "delegate"
    SUBJECT = "subject"

    def other(self) -> Side:
        """The side across."""
        return Side.SUBJECT if self is Side.DELEGATE else Side.DELEGATE


OPEN = frozenset({State.PENDING, State.IN_REVIEW, State.ACTIVE})
_GUARDING = frozenset({HouseholdRole.HEAD, HouseholdRole.SPOUSE})
_WARDED = frozenset({HouseholdRole.CHILD})


@dataclass(frozen=True, slots=True)
class Limits:
    """How many delegations a person may have, and how long one waits for an answer."""

    delegates_per_subject: int = 5
    subjects_per_delegate: int = 10
    open_requests: int = 10
    unanswered: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Opening:
    """The state a request starts in, and the rule that approved it, if one did."""

    state: State
    auto_rule: str = ""


@dataclass(frozen=True, slots=True)
class Delegation:
    """One request and what became of it. The side that was asked is "" until it is matched."""

    id: str
    kind: Kind
    delegate: str
    subject: str
    scopes: tuple[str, ...]
    state: State
    requested_by: Side
    created_at: datetime
    ends_at: datetime | None = None
    auto_rule: str = ""
    # When it first came into force: from then on the two sides know each other.
    answered_at: datetime | None = None

    def state_at(self, now: datetime) -> State:
        """The clock ends it, whether a job ran or not."""
        over = self.ends_at is not None and now >= self.ends_at
        return State.EXPIRED if over and self.state in OPEN else self.state

    def side_of(self, person: str) -> Side | None:
        """The side of a person; None for a stranger."""
        if not person:
            return None
        if person == self.delegate:
            return Side.DELEGATE
        return Side.SUBJECT if person == self.subject else None

    def approve(self, by: str, now: datetime, ends_at: datetime | None) -> Delegation:
        """By the side that was asked; `ends_at` as the rules say from now on."""
        self._must_be_asked(by, now)
        return replace(self, state=State.ACTIVE, ends_at=ends_at)

    def reject(self, by: str, now: datetime) -> Delegation:
        """By the side that was asked."""
        self._must_be_asked(by, now)
        return replace(self, state=State.REJECTED)

    def revoke(self, by: str, now: datetime, *, by_minor: bool) -> Delegation:
        """By either side, at any time; a minor can't shed the guardian the law gave."""
        if self.state_at(now) not in OPEN:
            raise NotAllowed("DELEGATION_NOT_OPEN")
        if by_minor and self.kind is Kind.GUARDIAN and self.side_of(by) is Side.SUBJECT:
            raise NotAllowed("GUARDIAN_OF_MINOR_STAYS")
        return replace(self, state=State.REVOKED)

    def decide(self, approved: bool, now: datetime, ends_at: datetime | None) -> Delegation:
        """By a clerk who looked at the papers."""
        if self.state_at(now) is not State.IN_REVIEW:
            raise NotAllowed("DELEGATION_NOT_IN_REVIEW")
        if not approved:
            return replace(self, state=State.REJECTED)
        return replace(self, state=State.ACTIVE, ends_at=ends_at)

    def expire(self, now: datetime) -> Delegation:
        """Writes down what the clock already did."""
        return replace(self, state=self.state_at(now))

    def _must_be_asked(self, by: str, now: datetime) -> None:
        if self.state_at(now) is not State.PENDING:
            raise NotAllowed("DELEGATION_NOT_PENDING")
        if self.side_of(by) is not self.requested_by.other():
            raise NotAllowed("DELEGATION_WAITS_FOR_OTHER_SIDE")


def opening(kind: Kind, delegate: Person, subject: Person, now: datetime) -> Opening:
    """How a request between two known people starts."""
    if delegate.is_minor(now):
        raise NotAllowed("DELEGATE_IS_MINOR")
    if kind is Kind.GUARDIAN:
        return _guardian_opening(delegate, subject, now)
    if kind is Kind.FAMILY and delegate.shares_household(subject):
        return Opening(State.ACTIVE, "same-household")
    # A minor can't hand out leave; somebody has to look at it.
    return Opening(State.IN_REVIEW if subject.is_minor(now) else State.PENDING)


def _guardian_opening(delegate: Person, subject: Person, now: datetime) -> Opening:
    proven = (
        subject.is_minor(now)
        and delegate.shares_household(subject)
        and delegate.household_role in _GUARDING
        and subject.household_role in _WARDED
    )
    return Opening(State.ACTIVE, "household-register") if proven else Opening(State.IN_REVIEW)


def end_of(kind: Kind, subject: Person, asked: datetime | None, now: datetime) -> datetime | None:
    """The earlier of what was asked for and, for a minor's guardian, the 18th birthday."""
    if asked is not None and asked <= now:
        raise Invalid("EXPIRY_IN_PAST", "expire_time")
    if kind is not Kind.GUARDIAN or subject.birth is None or not subject.is_minor(now):
        return asked
    grown = birthday_instant(subject.birth, ADULT)
    return min(asked, grown) if asked else grown


def check_limits(delegates_of_subject: int, subjects_of_delegate: int, limits: Limits) -> None:
    """Raises when one more delegation in force would be one too many."""
    if delegates_of_subject >= limits.delegates_per_subject:
        raise LimitReached("TOO_MANY_DELEGATES", None, {"limit": limits.delegates_per_subject})
    if subjects_of_delegate >= limits.subjects_per_delegate:
        raise LimitReached("TOO_MANY_SUBJECTS", None, {"limit": limits.subjects_per_delegate})
