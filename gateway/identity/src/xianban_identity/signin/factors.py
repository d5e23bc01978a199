"""The second factor: enrolled once, asked for when a client wants a strong log-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, ResourceExhausted
from xianban_sdk.storage import UnitOfWork

from xianban_identity.hookspecs import SecondFactor
from xianban_identity.oidc.provider import Provider
from xianban_identity.repository import signins
from xianban_identity.repository.signins import FactorRow

__all__ = ["check_factor", "enrol_factor", "enrolled"]

_TRIES = 5
_LOCK = timedelta(minutes=15)


def enrolled(provider: Provider, uow: UnitOfWork, person: str) -> SecondFactor | None:
    """The factor the person has, if any."""
    for factor in provider.factors:
        if signins.factor(uow.conn, person, factor.id) is not None:
            return factor
    return None


def enrol_factor(factor: SecondFactor, uow: UnitOfWork, person: str, given: str) -> None:
    """Chosen right after a fresh code, by the person themselves; never replaces one silently."""
    if signins.factor(uow.conn, person, factor.id) is not None:
        raise FailedPrecondition("FACTOR_ENROLLED", field="factor")
    try:
        secret = factor.enrol(given)
    except ValueError:
        raise InvalidArgument("FACTOR_UNFIT", field="factor") from None
    signins.put_factor(uow.conn, FactorRow(person, factor.id, secret, uow.clock.now()))


def check_factor(factor: SecondFactor, uow: UnitOfWork, person: str, given: str) -> None:
    """Raises unless it fits; too many tries lock it for a while. Commit what this did."""
    row = signins.factor(uow.conn, person, factor.id)
    now = uow.clock.now()
    if row is None:
        raise FailedPrecondition("FACTOR_MISSING", field="factor")
    if row.locked_until is not None and now < row.locked_until:
        raise ResourceExhausted("FACTOR_LOCKED", field="factor")
    if factor.verify(row.secret, given, now.timestamp()):
        signins.put_factor(uow.conn, replace(row, tries=0, locked_until=None))
        return
    tries = row.tries + 1
    locked = now + _LOCK if tries >= _TRIES else None
    signins.put_factor(uow.conn, replace(row, tries=tries % _TRIES, locked_until=locked))
    raise InvalidArgument("FACTOR_WRONG", field="factor")
