"""The typed list of identity's RPCs, and names the pages share."""

from __future__ import annotations

from starlette.requests import Request
from xianban.identity.v1.identity_pb2_grpc import IdentityServiceStub
from xianban_sdk.web import api, person

__all__ = ["identity", "me"]

identity = api(IdentityServiceStub)


def me(request: Request) -> str:
    """The person who is logged in, whomever they act for."""
    return f"residents/{person(request).id}"
