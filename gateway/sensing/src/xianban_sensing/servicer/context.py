"""What is known of things, on the wire."""

from __future__ import annotations

from typing import Any, cast

from xianban.sensing.v1 import context_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import InvalidArgument, NotFound, localised
from xianban_sdk.rpc import Call

from xianban_sensing.domain.entities import Entity
from xianban_sensing.domain.forms import document, evolution
from xianban_sensing.handlers import entities as handlers
from xianban_sensing.handlers.refusing import given, parsed, read_context
from xianban_sensing.known_contexts import contexts
from xianban_sensing.repository.entities import Entities
from xianban_sensing.repository.history import Evolution, History
from xianban_sensing.repository.stored import text_of
from xianban_sensing.servicer.asking import (
    Answering,
    answering,
    bounded,
    page_of,
    past_of,
    selection_of,
)
from xianban_sensing.servicer.authors import author

__all__ = ["ContextServicer"]

_MOST_AT_ONCE = 1000


class ContextServicer:
    """xianban.sensing.v1.ContextService"""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._issuer = resources.settings.issuer

    # -- reading ----------------------------------------------------------------------------

    def GetEntity(self, request: pb.GetEntityRequest, call: Call) -> pb.Document:
        how = answering(request.look, request.attributes, self._issuer)
        found = Entities(call.uow.conn, call.scope).get(request.id)
        if how.look.attributes and not how.look.of(found.attributes):
            raise NotFound("ATTRIBUTE_NOT_FOUND", field="attrs")
        return _document(found, how)

    def ListEntities(self, request: pb.ListEntitiesRequest, call: Call) -> pb.ListEntitiesResponse:
        how = answering(request.look, request.selection.attributes, self._issuer)
        wanted = selection_of(request.selection, how.context)
        entities = Entities(call.uow.conn, call.scope)
        found, more = entities.listed(wanted, *page_of(request.page))
        answer = pb.ListEntitiesResponse(
            documents=[_document(one, how) for one in found], more=more
        )
        if request.page.count:
            answer.total = entities.counted(wanted)
        return bounded(answer)

    def ListEntityTypes(
        self, request: pb.ListEntityTypesRequest, call: Call
    ) -> pb.ListEntityTypesResponse:
        context = read_context(request.look.context)
        found = Entities(call.uow.conn, call.scope).types()
        return pb.ListEntityTypesResponse(types=[context.compact(one) for one in found])

    def GetTemporalEntity(self, request: pb.GetTemporalEntityRequest, call: Call) -> pb.Document:
        how = answering(request.look, request.attributes, self._issuer)
        found = Entities(call.uow.conn, call.scope).get(request.id)
        history = History(call.uow.conn, call.scope)
        told = history.of([found.id], how.look.attributes, past_of(request.past))
        return _past(found, told.get(found.id, {}), how)

    def ListTemporalEntities(
        self, request: pb.ListTemporalEntitiesRequest, call: Call
    ) -> pb.ListEntitiesResponse:
        how = answering(request.look, request.selection.attributes, self._issuer)
        wanted = selection_of(request.selection, how.context)
        past = past_of(request.past)
        entities = Entities(call.uow.conn, call.scope)
        found, more = entities.listed(wanted, *page_of(request.page))
        history = History(call.uow.conn, call.scope)
        told = history.of([one.id for one in found], how.look.attributes, past)
        documents = [_past(one, told.get(one.id, {}), how) for one in found]
        answer = pb.ListEntitiesResponse(documents=documents, more=more)
        if request.page.count:
            answer.total = entities.counted(wanted)
        return bounded(answer)

    def GetDistrictContext(self, request: pb.GetDistrictContextRequest, call: Call) -> pb.Document:
        return pb.Document(id="district", json=text_of(contexts().document()))

    # -- writing ----------------------------------------------------------------------------

    def CreateEntity(self, request: pb.CreateEntityRequest, call: Call) -> pb.WrittenEntity:
        by, asked = author(call, self._resources), _given(request.document)
        return pb.WrittenEntity(id=handlers.create(asked, author=by, uow=call.uow))

    def WriteAttributes(
        self, request: pb.WriteAttributesRequest, call: Call
    ) -> pb.WriteAttributesResponse:
        by, asked = author(call, self._resources), _given(request.document)
        modes = pb.WriteAttributesRequest
        if request.mode == modes.MODE_PART:
            name = request.attribute
            done = handlers.change_part(request.id, name, asked, author=by, uow=call.uow)
        elif request.mode == modes.MODE_UPDATE:
            done = handlers.update_known(request.id, asked, author=by, uow=call.uow)
        else:
            new_only = request.mode == modes.MODE_APPEND_NEW
            done = handlers.append(
                request.id, asked, overwrite=not new_only, author=by, uow=call.uow
            )
        return pb.WriteAttributesResponse(updated=done.updated, not_updated=done.not_updated)

    def DeleteEntity(self, request: pb.DeleteEntityRequest, call: Call) -> pb.DeleteEntityResponse:
        by = author(call, self._resources)
        handlers.delete(request.id, author=by, uow=call.uow)
        return pb.DeleteEntityResponse()

    def DeleteAttribute(
        self, request: pb.DeleteAttributeRequest, call: Call
    ) -> pb.DeleteAttributeResponse:
        by, context = author(call, self._resources), read_context(request.context)
        dataset = None if request.delete_all else request.dataset_id
        handlers.delete_attribute(
            request.id, request.attribute, context, dataset, author=by, uow=call.uow
        )
        return pb.DeleteAttributeResponse()

    def UpsertEntities(
        self, request: pb.UpsertEntitiesRequest, call: Call
    ) -> pb.UpsertEntitiesResponse:
        by, items = author(call, self._resources), _items(request.document.json)
        context = request.document.context
        batch = handlers.upsert(items, context, update=request.update, author=by, uow=call.uow)
        refused = [_refused(one, call.locale) for one in batch.refused]
        return pb.UpsertEntitiesResponse(
            created=batch.created, updated=batch.updated, refused=refused
        )


def _document(entity: Entity, how: Answering) -> pb.Document:
    return how.whole(entity, document(entity, how.context_of(entity), how.look))


def _past(entity: Entity, told: Evolution, how: Answering) -> pb.Document:
    context = how.context_of(entity)
    types = [context.compact(one) for one in entity.types]
    whole = {"id": entity.id, "type": types[0] if len(types) == 1 else types}
    return how.whole(entity, whole | evolution(told, context, how.look))


def _given(asked: pb.WrittenDocument) -> Any:
    return given(asked.json, asked.context)


def _items(text: str) -> list[Any]:
    found = parsed(text)
    if not isinstance(found, list) or not 0 < len(cast("list[Any]", found)) <= _MOST_AT_ONCE:
        raise InvalidArgument("DOCUMENT_NO_LIST")
    return cast("list[Any]", found)


def _refused(one: handlers.Refused, locale: str) -> pb.RefusedEntity:
    error = one.error
    return pb.RefusedEntity(
        id=one.id,
        reason=error.reason,
        text=localised(error, locale, "xianban_sensing"),
        field=error.field or "",
    )
