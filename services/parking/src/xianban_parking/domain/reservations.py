"""Reservations the gate honours: a state machine on the clock and a capacity check.

requested -> held -> confirmed -> used -> (overstayed) -> completed, with no_show, cancelled,
expired and substituted as the other ends. Instants come from the caller's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import ReservationError

__all__ = [
    "ENDED",
    "Reservation",
    "ReservationPolicy",
    "ReservationStatus",
    "Substitute",
    "advance",
    "cancel",
    "check_capacity",
    "choose_substitute",
    "confirm",
    "hold",
    "leave",
    "no_show_at",
    "peak_reserved",
    "request",
    "reservable_bays",
    "substitute",
    "use",
]


class ReservationStatus(StrEnum):
    """Where a reservation stands."""

    REQUESTED = "requested"
    HELD = "held"
    CONFIRMED = "confirmed"
    USED = "used"
    OVERSTAYED = "overstayed"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUBSTITUTED = "substituted"


S = ReservationStatus
ENDED = frozenset({S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.EXPIRED, S.SUBSTITUTED})
TAKES_A_BAY = frozenset({S.HELD, S.CONFIRMED, S.USED, S.OVERSTAYED})


@dataclass(frozen=True, slots=True)
class ReservationPolicy:
    """A lot's published conditions for reservations."""

    hold_for: timedelta = timedelta(minutes=5)
    arrive_early: timedelta = timedelta(minutes=15)
    no_show_after: timedelta = timedelta(minutes=30)
    overstay_grace: timedelta = timedelta(minutes=15)
    walk_in_percent: int = 20
    longest: timedelta = timedelta(hours=24)
    ahead: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One plate's right to a bay in one lot for a window; `version` invalidates older tokens."""

    id: str
    lot: str
    plate: str
    starts_at: datetime
    ends_at: datetime
    status: ReservationStatus = S.REQUESTED
    version: int = 1
    held_until: datetime | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    instead_of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", as_utc(self.starts_at, "starts_at"))
        object.__setattr__(self, "ends_at", as_utc(self.ends_at, "ends_at"))
        if self.ends_at <= self.starts_at:
            raise ReservationError("WINDOW_REVERSED", "ends_at")

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Substitute:
    """Another lot that could take a reservation: its distance, and whether it has room."""

    lot: str
    distance_m: int
    reservable: int
    peak_reserved: int


def request(
    reservation_id: str,
    lot: str,
    plate: str,
    window: tuple[datetime, datetime],
    *,
    now: datetime,
    policy: ReservationPolicy,
) -> Reservation:
    """A new reservation, if its window is one the lot offers."""
    made = Reservation(reservation_id, lot, plate, window[0], window[1])
    if made.ends_at - made.starts_at > policy.longest:
        raise ReservationError("WINDOW_TOO_LONG", "ends_at")
    if made.ends_at <= now:
        raise ReservationError("WINDOW_IN_THE_PAST", "ends_at")
    if made.starts_at - now > policy.ahead:
        raise ReservationError("WINDOW_TOO_FAR_AHEAD", "starts_at")
    return made


def hold(
    reservation: Reservation,
    others: Iterable[Reservation],
    capacity: int,
    *,
    now: datetime,
    policy: ReservationPolicy,
) -> Reservation:
    """Take a bay for the hold time, if one is left at every moment of the window."""
    _demand(reservation, S.REQUESTED)
    check_capacity(reservation, others, capacity, now=now, policy=policy)
    return replace(reservation, status=S.HELD, held_until=now + policy.hold_for)


def confirm(reservation: Reservation, *, now: datetime) -> Reservation:
    """The resident confirmed (and paid, where asked) before the hold ran out."""
    _demand(reservation, S.HELD)
    if reservation.held_until is not None and now >= reservation.held_until:
        raise ReservationError("HOLD_EXPIRED", "status", {"reservation": reservation.id})
    return replace(reservation, status=S.CONFIRMED, held_until=None)


def cancel(reservation: Reservation) -> Reservation:
    """Give the bay back before arrival; older tokens stop being valid."""
    _demand(reservation, S.REQUESTED, S.HELD, S.CONFIRMED)
    version = reservation.version + 1
    return replace(reservation, status=S.CANCELLED, version=version, held_until=None)


def use(reservation: Reservation, *, at: datetime, policy: ReservationPolicy) -> Reservation:
    """The vehicle passed the gate under this reservation."""
    _demand(reservation, S.CONFIRMED)
    if not reservation.starts_at - policy.arrive_early <= at < reservation.ends_at:
        raise ReservationError("OUTSIDE_WINDOW", "at", {"reservation": reservation.id})
    return replace(reservation, status=S.USED, arrived_at=at)


def leave(reservation: Reservation, *, at: datetime) -> Reservation:
    """The vehicle left again."""
    _demand(reservation, S.USED, S.OVERSTAYED)
    return replace(reservation, status=S.COMPLETED, left_at=at)


def substitute(reservation: Reservation, new_id: str, lot: str) -> tuple[Reservation, Reservation]:
    """End this reservation and give the same window, already confirmed, in another lot."""
    _demand(reservation, S.HELD, S.CONFIRMED)
    if lot == reservation.lot:
        raise ReservationError("SAME_LOT", "lot", {"lot": lot})
    ended = replace(
        reservation, status=S.SUBSTITUTED, version=reservation.version + 1, held_until=None
    )
    moved = replace(reservation, id=new_id, lot=lot, version=1, instead_of=reservation.id)
    return ended, moved


def advance(reservation: Reservation, *, now: datetime, policy: ReservationPolicy) -> Reservation:
    """What the clock alone does: expire holds, mark no-shows and overstays. Idempotent."""
    status = reservation.status
    if status is S.REQUESTED and now >= reservation.ends_at:
        return replace(reservation, status=S.EXPIRED)
    if status is S.HELD and reservation.held_until is not None and now >= reservation.held_until:
        return replace(reservation, status=S.EXPIRED, held_until=None)
    if status is S.CONFIRMED and now >= no_show_at(reservation, policy):
        return replace(reservation, status=S.NO_SHOW, version=reservation.version + 1)
    if status is S.USED and now > reservation.ends_at + policy.overstay_grace:
        return replace(reservation, status=S.OVERSTAYED)
    return reservation


def no_show_at(reservation: Reservation, policy: ReservationPolicy) -> datetime:
    """When an unused reservation frees its bay: never after its own window."""
    return min(reservation.starts_at + policy.no_show_after, reservation.ends_at)


def check_capacity(
    wanted: Reservation,
    others: Iterable[Reservation],
    capacity: int,
    *,
    now: datetime,
    policy: ReservationPolicy,
) -> None:
    """Refuse when the window would at any moment leave walk-in drivers less than their share."""
    reservable = reservable_bays(capacity, policy)
    same_lot = [one for one in others if one.lot == wanted.lot and one.id != wanted.id]
    peak = peak_reserved(same_lot, wanted.starts_at, wanted.ends_at, now=now)
    if peak >= reservable:
        params: dict[str, str | int] = {"reserved": peak, "reservable": reservable}
        raise ReservationError("LOT_FULLY_RESERVED", "lot", params)


def reservable_bays(capacity: int, policy: ReservationPolicy) -> int:
    """Bays that may be reserved; the walk-in share is rounded up in favour of walk-ins."""
    return capacity * (100 - policy.walk_in_percent) // 100


def peak_reserved(
    reservations: Iterable[Reservation], starts: datetime, ends: datetime, *, now: datetime
) -> int:
    """The most bays taken at any instant of [starts, ends)."""
    changes: list[tuple[datetime, int]] = []
    for one in reservations:
        begin, end = _occupies(one, now)
        if one.status in TAKES_A_BAY and begin < ends and starts < end:
            changes += [(max(begin, starts), 1), (end, -1)]
    peak = taken = 0
    # At one instant the leaving (-1) comes before the arriving (+1): windows are half-open.
    for _, change in sorted(changes):
        taken += change
        peak = max(peak, taken)
    return peak


def choose_substitute(candidates: Sequence[Substitute], farthest_m: int) -> Substitute | None:
    """The nearest lot with room; ties go to the one with more bays left, then by name."""
    fitting = [
        one
        for one in candidates
        if one.peak_reserved < one.reservable and one.distance_m <= farthest_m
    ]
    return min(
        fitting,
        key=lambda one: (one.distance_m, one.peak_reserved - one.reservable, one.lot),
        default=None,
    )


def _occupies(reservation: Reservation, now: datetime) -> tuple[datetime, datetime]:
    begin = min(reservation.starts_at, reservation.arrived_at or reservation.starts_at)
    if reservation.status is S.OVERSTAYED:
        # Nobody knows when an overstayer leaves; until the gate says so the bay is taken.
        return begin, datetime.max.replace(tzinfo=reservation.ends_at.tzinfo)
    lapsed = reservation.status is S.HELD and reservation.held_until is not None
    if lapsed and reservation.held_until is not None and reservation.held_until <= now:
        return begin, begin
    return begin, reservation.ends_at


def _demand(reservation: Reservation, *allowed: ReservationStatus) -> None:
    if reservation.status not in allowed:
        params: dict[str, str | int] = {"status": str(reservation.status)}
        raise ReservationError("STATUS_FORBIDS", "status", params | {"allowed": " ".join(allowed)})
