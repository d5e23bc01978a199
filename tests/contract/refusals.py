"""`with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"): …`, whatever the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from xianban_sdk.errors import from_rpc_error


@contextmanager
def refused(code: str, reason: str, field: str | None = None) -> Iterator[None]:
    """The call inside answers this code and reason, and names the field when one is given."""
    with pytest.raises(grpc.RpcError) as raised:
        yield
    error = from_rpc_error(raised.value)
    assert (error.code.name, error.reason) == (code, reason)
    if field is not None:
        assert field in (error.field, *(one.field for one in error.violations))
