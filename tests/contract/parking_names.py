"""Names and checks that the parking tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from xianban_sdk.demo import person_id

PLATE = "沪A12345"
OTHER_PLATE = "沪B67890"
RESIDENT = f"residents/{person_id('resident')}"
DAUGHTER = f"residents/{person_id('daughter')}"


@contextmanager
def refused(code: grpc.StatusCode, words: str = "") -> Iterator[None]:
    """The call inside answers this code, and its text holds the words."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code() is code, caught.value.details()
    assert words in (caught.value.details() or "")
