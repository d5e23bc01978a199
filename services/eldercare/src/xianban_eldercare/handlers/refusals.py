"""What the domain says no to becomes an error with a code."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from xianban_sdk.errors import FailedPrecondition, InvalidArgument

from xianban_eldercare.domain.refused import Refused

__all__ = ["refusals"]


@contextmanager
def refusals() -> Generator[None]:
    """A field of the request is an argument; the thing itself, or who is sent, is a state."""
    try:
        yield
    except Refused as refused:
        standing = refused.field == "name" or refused.reason.startswith(("CARER_", "LICENCE_"))
        error = FailedPrecondition if standing else InvalidArgument
        raise error(refused.reason, field=refused.field, **refused.params) from refused
