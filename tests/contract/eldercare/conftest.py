"""Elder care under test: the real service on real sockets, with the demo's elder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import grpc
import pytest
from eldercare_names import ELSEWHERE, HERE
from xianban_eldercare.app import app
from xianban_sdk.testing import RelationsWorld, ServiceUnderTest

Stub = TypeVar("Stub")


class Eldercare:
    """The service, and stubs in people's names."""

    def __init__(self, service: ServiceUnderTest, world: RelationsWorld) -> None:
        self.service, self.world = service, world
        self.db = service.db

    def as_(self, person: str, stub: Callable[[grpc.Channel], Stub], **claims: Any) -> Stub:
        """A stub in somebody's name; "" is anonymous."""
        return self.service.stub(stub, person, **claims)


@pytest.fixture
def eldercare(
    service_under_test: Callable[..., ServiceUnderTest], relations: RelationsWorld
) -> Eldercare:
    """Daughter and carer act for the elder; the dispatcher and a station manager answer here."""
    made = Eldercare(service_under_test(app, demo=True), relations)
    relations.grant("daughter", "elder", "family", ["eldercare"])
    relations.grant("carer", "elder", "carer", ["eldercare"])
    relations.member("dispatcher", "dispatcher", ["310120"])
    relations.member("doctor", "station-manager", [HERE])
    relations.member("operator", "station-manager", [ELSEWHERE])
    return made
