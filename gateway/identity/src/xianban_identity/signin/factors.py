"""The second factor: enrolled once, asked for when a client wants a strong log-in.

What takes a unit of work reads and writes; what takes the provider asks the plugin, and is called
between two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from xianban_sdk.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from xianban_sdk.storage import UnitOfWork

from xianban_identity.handlers.methods import factor_added, recovery_renewed
from xianban_identity.hookspecs import DeviceFactor, Kept, SecondFactor
from xianban_identity.oidc.provider import Provider
from xianban_identity.plugins import Factor, ask_factor
from xianban_identity.repository import signins
from xianban_identity.repository.signins import FactorRow

__all__ = [
    "answer",
    "check_new",
    "claim_try",
    "codes_left",
    "confirmation",
    "device_of",
    "enrol_factor",
    "enrolled",
    "enrolment",
    "factor_of",
    "keep_answer",
    "keep_renewal",
    "renewal",
]

Told = TypeVar("Told")

_TRIES = 5
_LOCK = timedelta(minutes=15)


def enrolled(provider: Provider, uow: UnitOfWork, person: str) -> list[Factor]:
    """The factors the person has, in the plugins' order."""
    has = signins.factors(uow.conn, person)
    return [factor for factor in provider.factors if factor.id in has]


def factor_of(provider: Provider, factor_id: str) -> Factor:
    """The plugin's factor by its id."""
    for factor in provider.factors:
        if factor.id == factor_id:
            return factor
    raise NotFound("METHOD_NOT_FOUND")


def enrolment(provider: Provider, factor: SecondFactor, given: str) -> str:
    """What to remember of what the person chose."""
    try:
        return ask_factor(provider.hooks, factor, "factor.enrol", lambda: factor.enrol(given))
    except ValueError:
        raise InvalidArgument("FACTOR_UNFIT", field="factor") from None


def confirmation(provider: Provider, factor: DeviceFactor, secret: str, given: str) -> Kept:
    """What to remember of a device that answers rightly."""
    at = provider.now().timestamp()
    kept = _judged(provider, factor, "factor.confirm", lambda: factor.confirm(secret, given, at))
    if kept is None:
        raise InvalidArgument("FACTOR_WRONG", field="factor")
    return kept


def enrol_factor(factor: Factor, uow: UnitOfWork, person: str, secret: str) -> None:
    """It counts from now on; never replaces one silently."""
    check_new(factor, uow, person)
    signins.put_factor(uow.conn, FactorRow(person, factor.id, secret, uow.clock.now()))
    factor_added(person, factor.id, uow=uow)


def check_new(factor: Factor, uow: UnitOfWork, person: str) -> None:
    """FailedPrecondition when the person has it."""
    if signins.factor(uow.conn, person, factor.id) is not None:
        raise FailedPrecondition("FACTOR_ENROLLED", field="factor")


def device_of(factor: Factor, uow: UnitOfWork, person: str) -> tuple[DeviceFactor, FactorRow]:
    """A device that the person has set up; NotFound."""
    row = signins.factor(uow.conn, person, factor.id)
    if row is None or not isinstance(factor, DeviceFactor):
        raise NotFound("METHOD_NOT_FOUND")
    return factor, row


def renewal(provider: Provider, factor: DeviceFactor, row: FactorRow) -> Kept:
    """Fresh recovery codes; those before are void once it is kept."""
    return _judged(provider, factor, "factor.renew", lambda: factor.renew(row.secret))


def keep_renewal(uow: UnitOfWork, asked: FactorRow, kept: Kept) -> tuple[str, ...]:
    """The codes, to be shown once; Aborted when one was used up meanwhile."""
    row = signins.factor(uow.conn, asked.person, asked.factor)
    if row is None or row.secret != asked.secret:
        raise Aborted("FACTOR_CHANGED", field="factor")
    signins.put_factor(uow.conn, replace(row, secret=kept.secret))
    recovery_renewed(row.person, row.factor, uow=uow)
    return kept.codes


def codes_left(provider: Provider, factor: DeviceFactor, row: FactorRow) -> int | None:
    """How many recovery codes are left; None while nobody can say."""
    try:
        return _judged(provider, factor, "factor.left", lambda: factor.left(row.secret))
    except (Unavailable, InvalidArgument):
        return None


def claim_try(factor: Factor, uow: UnitOfWork, person: str) -> FactorRow:
    """Counts a try before it is judged, so that many at once are no more than one by one.

    Too many lock it for a while.
    """
    row = signins.factor(uow.conn, person, factor.id)
    now = uow.clock.now()
    if row is None:
        raise FailedPrecondition("FACTOR_MISSING", field="factor")
    if row.locked_until is not None and now < row.locked_until:
        raise ResourceExhausted("FACTOR_LOCKED", field="factor")
    tries = row.tries + 1
    locked = now + _LOCK if tries >= _TRIES else None
    signins.put_factor(uow.conn, replace(row, tries=tries % _TRIES, locked_until=locked))
    return row


def answer(provider: Provider, factor: Factor, row: FactorRow, given: str) -> str:
    """What to remember afterwards when the answer fits: a device's answer is used up by it."""
    at = provider.now().timestamp()

    def ask() -> str | None:
        if isinstance(factor, DeviceFactor):
            return factor.answer(row.secret, given, at)
        return row.secret if factor.verify(row.secret, given, at) else None

    kept = _judged(provider, factor, "factor.answer", ask)
    if kept is None:
        raise InvalidArgument("FACTOR_WRONG", field="factor")
    return kept


def keep_answer(asked: FactorRow, kept: str, uow: UnitOfWork) -> None:
    """The tries are forgiven. What another call used up meanwhile isn't good twice."""
    row = signins.factor(uow.conn, asked.person, asked.factor)
    if row is None or row.secret != asked.secret:
        raise InvalidArgument("FACTOR_WRONG", field="factor")
    signins.put_factor(uow.conn, replace(row, secret=kept, tries=0, locked_until=None))


def _judged(provider: Provider, factor: Factor, what: str, call: Callable[[], Told]) -> Told:
    """A plugin's word on what was typed; what it cannot read is wrong."""
    try:
        return ask_factor(provider.hooks, factor, what, call)
    except ValueError:
        raise InvalidArgument("FACTOR_WRONG", field="factor") from None
