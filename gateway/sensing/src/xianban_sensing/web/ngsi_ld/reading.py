"""Entities, types and the past (6.4 to 6.7, 6.18 to 6.20)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.sensing.v1 import context_pb2 as pb
from xianban_sdk.web import call

from xianban_sensing.web.ngsi_ld import requests as asked
from xianban_sensing.web.ngsi_ld.answers import documents, one_document, whole
from xianban_sensing.web.ngsi_ld.clients import things
from xianban_sensing.web.ngsi_ld.problems import for_programs

__all__ = ["district_context", "entities", "entity", "past", "pasts", "types"]


@for_programs
async def entities(request: Request) -> Response:
    question = pb.ListEntitiesRequest(
        selection=asked.selection(request), page=asked.page(request), look=asked.look(request)
    )
    return _page(request, await call(request, things.ListEntities, question))


@for_programs
async def entity(request: Request) -> Response:
    question = pb.GetEntityRequest(
        id=request.path_params["id"],
        attributes=asked.names(request, "attrs"),
        look=asked.look(request),
    )
    return one_document(request, (await call(request, things.GetEntity, question)).json)


@for_programs
async def pasts(request: Request) -> Response:
    question = pb.ListTemporalEntitiesRequest(
        selection=asked.selection(request),
        past=asked.past(request),
        page=asked.page(request),
        look=asked.look(request),
    )
    return _page(request, await call(request, things.ListTemporalEntities, question))


@for_programs
async def past(request: Request) -> Response:
    question = pb.GetTemporalEntityRequest(
        id=request.path_params["id"],
        attributes=asked.names(request, "attrs"),
        past=asked.past(request),
        look=asked.look(request),
    )
    return one_document(request, (await call(request, things.GetTemporalEntity, question)).json)


@for_programs
async def types(request: Request) -> Response:
    """An EntityTypeList."""
    question = pb.ListEntityTypesRequest(look=asked.look(request))
    found = await call(request, things.ListEntityTypes, question)
    id_ = f"urn:ngsi-ld:EntityTypeList:{asked.request_id()}"
    return whole(request, {"id": id_, "type": "EntityTypeList", "typeList": list(found.types)})


@for_programs
async def district_context(request: Request) -> Response:
    """What requests that name no @context are read with; anybody may keep it for an hour."""
    found = await call(request, things.GetDistrictContext, pb.GetDistrictContextRequest())
    headers = {"cache-control": "public, max-age=3600"}
    return Response(found.json, 200, headers, asked.JSON_LD)


def _page(request: Request, found: pb.ListEntitiesResponse) -> Response:
    total = found.total if found.HasField("total") else None
    texts = [one.json for one in found.documents]
    return documents(request, texts, more=found.more, total=total)
