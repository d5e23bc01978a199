"""How a refusal comes back to the page it came from."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import grpc

from xianban_sdk.web.calls import CallError

Answer = TypeVar("Answer")

# What a person can put right on the form; everything else is the portal's error page.
_ON_THE_FORM = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
    }
)


async def attempt(calling: Awaitable[Answer]) -> tuple[Answer | None, CallError | None]:
    """The answer, or the refusal that the form shows."""
    try:
        return await calling, None
    except CallError as error:
        if error.code not in _ON_THE_FORM:
            raise
        return None, error


async def if_there(calling: Awaitable[Answer]) -> tuple[Answer | None, CallError | None]:
    """A part of a page that may be missing: its reason is shown, the rest of the page stands."""
    try:
        return await calling, None
    except CallError as error:
        if error.code is grpc.StatusCode.UNAUTHENTICATED:
            raise
        return None, error


def status(problem: CallError | None) -> int:
    """HTTP status of a page that shows a refused form."""
    if problem is None:
        return 200
    return 400 if problem.code is grpc.StatusCode.INVALID_ARGUMENT else 409
