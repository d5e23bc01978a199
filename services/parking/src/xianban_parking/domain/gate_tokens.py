"""What a reservation token claims, and how a gate without a network decides on it.

Signing is infrastructure; here are only the claims and the decision. The plate is in the token as
a keyed hash, so a photographed QR code does not tell whose car it is for.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from xianban_parking.domain.calendar import as_utc
from xianban_parking.domain.errors import ReservationError
from xianban_parking.domain.reservations import (
    Reservation,
    ReservationPolicy,
    ReservationStatus,
    no_show_at,
)

__all__ = [
    "GateDecision",
    "GateReason",
    "KeyedHash",
    "TokenClaims",
    "TokenSigner",
    "check_at_gate",
    "claims_for",
    "salted_plate",
]


class KeyedHash(Protocol):
    """HMAC with a key the caller holds; equal inputs give equal texts."""

    def __call__(self, text: str) -> str:
        """The hex digest."""
        ...


class TokenSigner(Protocol):
    """Turns claims into a compact signed token and back; refuses what it did not sign."""

    def sign(self, claims: TokenClaims) -> str:
        """The signed token."""
        ...

    def verify(self, token: str) -> TokenClaims:
        """The claims of a token with a good signature."""
        ...


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The facts a gate needs offline; instants are UTC."""

    reservation: str
    lot: str
    plate_hash: str
    not_before: datetime
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    version: int


class GateReason(StrEnum):
    """Why the barrier opens or stays shut."""

    WELCOME = "welcome"
    WELCOME_EARLY = "welcome_early"
    OTHER_LOT = "other_lot"
    OTHER_PLATE = "other_plate"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    ALREADY_USED = "already_used"


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether to open, and the reason to show the driver."""

    opens: bool
    reason: GateReason


def claims_for(
    reservation: Reservation, policy: ReservationPolicy, plate_hash: KeyedHash
) -> TokenClaims:
    """The claims of a confirmed reservation; its token dies with its no-show deadline."""
    if reservation.status is not ReservationStatus.CONFIRMED:
        params: dict[str, str | int] = {"status": str(reservation.status)}
        raise ReservationError("STATUS_FORBIDS", "status", params)
    return TokenClaims(
        reservation=reservation.id,
        lot=reservation.lot,
        plate_hash=salted_plate(reservation.id, reservation.plate, plate_hash),
        not_before=reservation.starts_at - policy.arrive_early,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        expires_at=no_show_at(reservation, policy),
        version=reservation.version,
    )


def check_at_gate(
    claims: TokenClaims,
    lot: str,
    plate: str,
    at: datetime,
    *,
    plate_hash: KeyedHash,
    known_versions: Mapping[str, int] | None = None,
    used: frozenset[str] = frozenset(),
) -> GateDecision:
    """Decide from the claims and what this gate itself remembers; no network is asked.

    `known_versions` is the last list synced to the gate, `used` what it has already let in.
    """
    instant = as_utc(at, "at")
    offered = salted_plate(claims.reservation, plate, plate_hash)
    newest = (known_versions or {}).get(claims.reservation, claims.version)
    refusals = (
        (GateReason.OTHER_LOT, claims.lot != lot),
        (GateReason.OTHER_PLATE, not hmac.compare_digest(offered, claims.plate_hash)),
        (GateReason.SUPERSEDED, claims.version < newest),
        (GateReason.ALREADY_USED, claims.reservation in used),
        (GateReason.TOO_EARLY, instant < claims.not_before),
        (GateReason.EXPIRED, instant >= claims.expires_at),
    )
    for reason, refused in refusals:
        if refused:
            return GateDecision(False, reason)
    early = instant < claims.starts_at
    return GateDecision(True, GateReason.WELCOME_EARLY if early else GateReason.WELCOME)


def salted_plate(reservation_id: str, plate: str, plate_hash: KeyedHash) -> str:
    """The plate's hash salted with the reservation, so two tokens of one car can't be linked."""
    return plate_hash(f"{reservation_id}|{plate}")
