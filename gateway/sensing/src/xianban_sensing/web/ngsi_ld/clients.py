"""The services that the façade asks."""

from __future__ import annotations

from xianban.sensing.v1.context_pb2_grpc import ContextServiceStub
from xianban.sensing.v1.subscriptions_pb2_grpc import SubscriptionServiceStub
from xianban_sdk.web import api

__all__ = ["subscribing", "things"]

things = api(ContextServiceStub)
subscribing = api(SubscriptionServiceStub)
