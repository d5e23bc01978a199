"""From the domain's refusals to the suite's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from xianban_sdk.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    ResourceExhausted,
    XianbanError,
)

from xianban_identity.domain.errors import Conflict, Invalid, LimitReached, NotAllowed, Refusal

__all__ = ["as_error", "refusals"]

_KINDS: dict[type[Refusal], type[XianbanError]] = {
    Invalid: InvalidArgument,
    NotAllowed: FailedPrecondition,
    Conflict: AlreadyExists,
    LimitReached: ResourceExhausted,
}


def as_error(refusal: Refusal) -> XianbanError:
    """The error a caller gets for a refusal."""
    kind = _KINDS.get(type(refusal), FailedPrecondition)
    error = kind(refusal.reason, field=refusal.field)
    error.params.update(refusal.params)
    return error


@contextmanager
def refusals() -> Iterator[None]:
    """Lets the domain refuse in its own words."""
    try:
        yield
    except Refusal as refusal:
        raise as_error(refusal) from refusal
