"""Subscriptions, on the wire."""

from __future__ import annotations

from typing import Any, cast

from xianban.sensing.v1 import subscriptions_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.rpc import Call

from xianban_sensing.domain.contexts import HOME_PATH
from xianban_sensing.domain.subscriptions import told
from xianban_sensing.handlers import subscriptions as handlers
from xianban_sensing.handlers.changes import subscribed
from xianban_sensing.handlers.refusing import given, parsed
from xianban_sensing.repository.stored import text_of
from xianban_sensing.repository.subscriptions import Kept, Subscriptions
from xianban_sensing.servicer.asking import page_of
from xianban_sensing.servicer.authors import author
from xianban_sensing.settings import rules

__all__ = ["SubscriptionServicer"]


class SubscriptionServicer:
    """xianban.sensing.v1.SubscriptionService"""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def CreateSubscription(
        self, request: pb.CreateSubscriptionRequest, call: Call
    ) -> pb.SubscriptionDocument:
        by = author(call, self._resources)
        asked = given(request.document.json, request.document.context)
        allowed = rules().notify_hosts
        return self._shown(handlers.create(asked, allowed=allowed, author=by, uow=call.uow), call)

    def GetSubscription(
        self, request: pb.GetSubscriptionRequest, call: Call
    ) -> pb.SubscriptionDocument:
        return self._shown(self._own(call).get(request.id), call)

    def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, call: Call
    ) -> pb.ListSubscriptionsResponse:
        own = self._own(call)
        found, more = own.listed(*page_of(request.page))
        shown = [self._shown(one, call) for one in found]
        answer = pb.ListSubscriptionsResponse(subscriptions=shown, more=more)
        if request.page.count:
            answer.total = own.counted()
        return answer

    def UpdateSubscription(
        self, request: pb.UpdateSubscriptionRequest, call: Call
    ) -> pb.SubscriptionDocument:
        by, allowed = author(call, self._resources), rules().notify_hosts
        fragment = _fragment(request.document.json)
        changed = handlers.change(request.id, fragment, allowed=allowed, author=by, uow=call.uow)
        return self._shown(changed, call)

    def DeleteSubscription(
        self, request: pb.DeleteSubscriptionRequest, call: Call
    ) -> pb.DeleteSubscriptionResponse:
        handlers.remove(request.id, author=author(call, self._resources), uow=call.uow)
        return pb.DeleteSubscriptionResponse()

    def _own(self, call: Call) -> Subscriptions:
        by = author(call, self._resources)
        return Subscriptions(call.uow.conn, call.scope, by.organisation)

    def _shown(self, kept: Kept, call: Call) -> pb.SubscriptionDocument:
        found = subscribed(kept)
        document = told(found, kept.record, call.clock.now()) if found else dict(kept.document)
        home = f"{self._resources.settings.issuer}{HOME_PATH}"
        document["@context"] = home if kept.context is None else kept.context
        return pb.SubscriptionDocument(id=kept.id, json=text_of(document))


def _fragment(text: str) -> dict[str, Any]:
    """Read with the subscription's own @context, which does not change."""
    found = parsed(text)
    if not isinstance(found, dict):
        raise InvalidArgument("DOCUMENT_NO_OBJECT")
    fragment = cast("dict[str, Any]", found)
    fragment.pop("@context", None)
    return fragment
