"""Writing entities and their attributes (6.4 to 6.7, 6.14)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from xianban.sensing.v1 import context_pb2 as pb
from xianban_sdk.web import call

from xianban_sensing.web.ngsi_ld import requests as asked
from xianban_sensing.web.ngsi_ld.answers import made, nothing, several
from xianban_sensing.web.ngsi_ld.clients import things
from xianban_sensing.web.ngsi_ld.problems import details, for_programs, kind_of

__all__ = [
    "append",
    "change_attribute",
    "create",
    "delete",
    "delete_attribute",
    "update",
    "upsert",
]

_MODES = pb.WriteAttributesRequest


@for_programs
async def create(request: Request) -> Response:
    question = pb.CreateEntityRequest(
        document=await asked.document(request), request_id=asked.request_id()
    )
    new = await call(request, things.CreateEntity, question)
    return made("/ngsi-ld/v1/entities", new.id)


@for_programs
async def append(request: Request) -> Response:
    new_only = "noOverwrite" in asked.options(request)
    return await _written(request, _MODES.MODE_APPEND_NEW if new_only else _MODES.MODE_APPEND)


@for_programs
async def update(request: Request) -> Response:
    return await _written(request, _MODES.MODE_UPDATE)


@for_programs
async def change_attribute(request: Request) -> Response:
    return await _written(request, _MODES.MODE_PART, request.path_params["attribute"])


async def _written(
    request: Request, mode: pb.WriteAttributesRequest.Mode.ValueType, attribute: str = ""
) -> Response:
    question = pb.WriteAttributesRequest(
        id=request.path_params["id"],
        document=await asked.document(request),
        mode=mode,
        attribute=attribute,
        request_id=asked.request_id(),
    )
    done = await call(request, things.WriteAttributes, question)
    if not done.not_updated:
        return nothing()
    why = "it is not there" if mode == _MODES.MODE_UPDATE else "it is there already"
    left = [{"attributeName": name, "reason": why} for name in done.not_updated]
    return several({"updated": list(done.updated), "notUpdated": left})


@for_programs
async def delete(request: Request) -> Response:
    question = pb.DeleteEntityRequest(id=request.path_params["id"], request_id=asked.request_id())
    await call(request, things.DeleteEntity, question)
    return nothing()


@for_programs
async def delete_attribute(request: Request) -> Response:
    question = pb.DeleteAttributeRequest(
        id=request.path_params["id"],
        attribute=request.path_params["attribute"],
        context=asked.linked_context(request),
        dataset_id=request.query_params.get("datasetId", ""),
        delete_all=request.query_params.get("deleteAll") == "true",
        request_id=asked.request_id(),
    )
    await call(request, things.DeleteAttribute, question)
    return nothing()


@for_programs
async def upsert(request: Request) -> Response:
    """201 with what is new, 204 where nothing is; 207 where something was refused (6.15)."""
    question = pb.UpsertEntitiesRequest(
        document=await asked.document(request),
        update="update" in asked.options(request),
        request_id=asked.request_id(),
    )
    done = await call(request, things.UpsertEntities, question, timeout=15.0)
    if done.refused:
        errors = [_error(one) for one in done.refused]
        return several({"success": [*done.created, *done.updated], "errors": errors})
    return several(list(done.created), 201) if done.created else nothing()


def _error(refused: pb.RefusedEntity) -> dict[str, Any]:
    """A BatchEntityError."""
    if refused.reason == "ENTITY_NOT_YOURS":
        told: dict[str, Any] = {"type": "about:blank", "title": "Forbidden", "status": 403}
        return {"entityId": refused.id, "error": told | {"detail": refused.text}}
    exists = refused.reason == "ENTITY_EXISTS"
    kind = "AlreadyExists" if exists else kind_of(refused.reason)
    detail = f"{refused.field}: {refused.text}" if refused.field else refused.text
    return {"entityId": refused.id, "error": details(kind, detail)}
