"""The second factor: enrolled once, asked for when a client wants a strong log-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, NotFound, ResourceExhausted
from xianban_sdk.storage import UnitOfWork

from xianban_identity.handlers.methods import factor_added, recovery_renewed
from xianban_identity.hookspecs import DeviceFactor, SecondFactor
from xianban_identity.oidc.provider import Provider
from xianban_identity.plugins import Factor
from xianban_identity.repository import signins
from xianban_identity.repository.signins import FactorRow

__all__ = [
    "check_factor",
    "choosable",
    "confirm_device",
    "enrol_factor",
    "enrolled",
    "factor_of",
    "renew_codes",
]

_TRIES = 5
_LOCK = timedelta(minutes=15)


def enrolled(provider: Provider, uow: UnitOfWork, person: str) -> list[Factor]:
    """The factors the person has, in the plugins' order."""
    has = signins.factors(uow.conn, person)
    return [factor for factor in provider.factors if factor.id in has]


def choosable(provider: Provider) -> SecondFactor | None:
    """What a person without any can choose on the spot."""
    plain = (one for one in provider.factors if not isinstance(one, DeviceFactor))
    return next(plain, None)


def factor_of(provider: Provider, factor_id: str) -> Factor:
    """The plugin's factor by its id."""
    for factor in provider.factors:
        if factor.id == factor_id:
            return factor
    raise NotFound("METHOD_NOT_FOUND")


def enrol_factor(factor: SecondFactor, uow: UnitOfWork, person: str, given: str) -> None:
    """Chosen by the person themselves right after a log-in; never replaces one silently."""
    _check_new(factor, uow, person)
    try:
        secret = factor.enrol(given)
    except ValueError:
        raise InvalidArgument("FACTOR_UNFIT", field="factor") from None
    _enrolled(factor, uow, person, secret)


def confirm_device(
    factor: DeviceFactor, uow: UnitOfWork, person: str, secret: str, given: str
) -> tuple[str, ...]:
    """The device answered rightly: it counts from now on. The recovery codes, to be shown once."""
    _check_new(factor, uow, person)
    kept = factor.confirm(secret, given, uow.clock.now().timestamp())
    if kept is None:
        raise InvalidArgument("FACTOR_WRONG", field="factor")
    _enrolled(factor, uow, person, kept.secret)
    return kept.codes


def renew_codes(factor: Factor, uow: UnitOfWork, person: str) -> tuple[str, ...]:
    """Fresh recovery codes, to be shown once; those before are void."""
    row = signins.factor(uow.conn, person, factor.id)
    if row is None or not isinstance(factor, DeviceFactor):
        raise NotFound("METHOD_NOT_FOUND")
    kept = factor.renew(row.secret)
    signins.put_factor(uow.conn, replace(row, secret=kept.secret))
    recovery_renewed(person, factor.id, uow=uow)
    return kept.codes


def _check_new(factor: Factor, uow: UnitOfWork, person: str) -> None:
    if signins.factor(uow.conn, person, factor.id) is not None:
        raise FailedPrecondition("FACTOR_ENROLLED", field="factor")


def _enrolled(factor: Factor, uow: UnitOfWork, person: str, secret: str) -> None:
    signins.put_factor(uow.conn, FactorRow(person, factor.id, secret, uow.clock.now()))
    factor_added(person, factor.id, uow=uow)


def check_factor(factor: Factor, uow: UnitOfWork, person: str, given: str) -> None:
    """Raises unless it fits; too many tries lock it for a while. Commit what this did."""
    row = signins.factor(uow.conn, person, factor.id)
    now = uow.clock.now()
    if row is None:
        raise FailedPrecondition("FACTOR_MISSING", field="factor")
    if row.locked_until is not None and now < row.locked_until:
        raise ResourceExhausted("FACTOR_LOCKED", field="factor")
    kept = _answered(factor, row.secret, given, now.timestamp())
    if kept is not None:
        signins.put_factor(uow.conn, replace(row, secret=kept, tries=0, locked_until=None))
        return
    tries = row.tries + 1
    locked = now + _LOCK if tries >= _TRIES else None
    signins.put_factor(uow.conn, replace(row, tries=tries % _TRIES, locked_until=locked))
    raise InvalidArgument("FACTOR_WRONG", field="factor")


def _answered(factor: Factor, secret: str, given: str, at: float) -> str | None:
    """What to remember afterwards when the answer fits: a device's answer is used up by it."""
    if isinstance(factor, DeviceFactor):
        return factor.answer(secret, given, at)
    return secret if factor.verify(secret, given, at) else None
