"""Subscriptions of the caller's organisation (6.10, 6.11)."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from xianban.sensing.v1 import subscriptions_pb2 as pb
from xianban_sdk.web import call

from xianban_sensing.web.ngsi_ld import requests as asked
from xianban_sensing.web.ngsi_ld.answers import documents, made, nothing, one_document
from xianban_sensing.web.ngsi_ld.clients import subscribing
from xianban_sensing.web.ngsi_ld.problems import for_programs

__all__ = ["change", "create", "delete", "listed", "one"]


@for_programs
async def create(request: Request) -> Response:
    question = pb.CreateSubscriptionRequest(
        document=await asked.document(request), request_id=asked.request_id()
    )
    new = await call(request, subscribing.CreateSubscription, question)
    return made("/ngsi-ld/v1/subscriptions", new.id)


@for_programs
async def listed(request: Request) -> Response:
    question = pb.ListSubscriptionsRequest(page=asked.page(request))
    found = await call(request, subscribing.ListSubscriptions, question)
    texts = [_shown(request, each.json) for each in found.subscriptions]
    total = found.total if found.HasField("total") else None
    return documents(request, texts, more=found.more, total=total)


@for_programs
async def one(request: Request) -> Response:
    question = pb.GetSubscriptionRequest(id=request.path_params["id"])
    found = await call(request, subscribing.GetSubscription, question)
    return one_document(request, _shown(request, found.json))


@for_programs
async def change(request: Request) -> Response:
    question = pb.UpdateSubscriptionRequest(
        id=request.path_params["id"],
        document=await asked.document(request),
        request_id=asked.request_id(),
    )
    await call(request, subscribing.UpdateSubscription, question)
    return nothing()


@for_programs
async def delete(request: Request) -> Response:
    question = pb.DeleteSubscriptionRequest(
        id=request.path_params["id"], request_id=asked.request_id()
    )
    await call(request, subscribing.DeleteSubscription, question)
    return nothing()


def _shown(request: Request, text: str) -> str:
    """Its names are of the context that it came with, which JSON-LD says in the body."""
    if asked.accepted(request) == asked.JSON_LD:
        return text
    told = json.loads(text)
    told.setdefault("jsonldContext", told.pop("@context"))
    return json.dumps(told, ensure_ascii=False)
