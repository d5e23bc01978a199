from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from xianban.common.v1.relations_pb2_grpc import RelationServiceStub
from xianban.identity.v1.identity_pb2_grpc import IdentityServiceStub
from xianban_identity.app import app
from xianban_sdk.errors import from_rpc_error
from xianban_sdk.testing import ServiceUnderTest


class Identity:
    """Identity with the demo's people, and stubs in their names."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.service = service

    def as_(self, person: str, **claims: Any) -> IdentityServiceStub:
        """A stub in somebody's name; "" is anonymous."""
        return self.service.stub(IdentityServiceStub, person, **claims)

    def relations(self, workload: str | None) -> RelationServiceStub:
        return self.service.stub(RelationServiceStub, "", workload=workload)

    @staticmethod
    def name(alias: str) -> str:
        return f"residents/{ServiceUnderTest.person(alias)}"


@pytest.fixture
def identity(service_under_test: Callable[..., ServiceUnderTest]) -> Identity:
    return Identity(service_under_test(app, demo=True))


@pytest.fixture
def refused() -> Callable[[str, str], Any]:
    """`with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"): …`"""

    @contextmanager
    def expect(code: str, reason: str) -> Any:
        with pytest.raises(grpc.RpcError) as raised:
            yield
        error = from_rpc_error(raised.value)
        assert (error.code.name, error.reason) == (code, reason)

    return expect


_made = iter(range(10**6))


@pytest.fixture
def request_id() -> Callable[[], str]:
    """A fresh one for every mutation."""
    return lambda: f"request-{next(_made):06d}"


@pytest.fixture
def ask(identity: Identity, request_id: Callable[[], str]) -> Callable[..., Any]:
    """Starts a delegation: `ask("resident", "13900000008", "刘芳", kind=3)`."""
    from xianban.identity.v1 import identity_pb2 as pb

    def start(asker: str, phone: str, name: str, **changes: Any) -> Any:
        wanted = {
            "parent": identity.name(asker),
            "kind": 2,
            "other_is_delegate": True,
            "other_phone": phone,
            "other_name": name,
            "scopes": ["parking"],
            "request_id": request_id(),
            **changes,
        }
        return identity.as_(asker).CreateDelegation(pb.CreateDelegationRequest(**wanted))

    return start
