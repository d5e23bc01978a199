"""Use cases of what outside systems tell of things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from xianban_sdk.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    XianbanError,
)
from xianban_sdk.storage import UnitOfWork

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.documents import is_id, read_attributes, read_id, read_types
from xianban_sensing.domain.entities import Attributes, Entity, key_of, said
from xianban_sensing.domain.forms import Look, written
from xianban_sensing.handlers.changes import Changes
from xianban_sensing.handlers.refusing import Given, given_already, refusals
from xianban_sensing.repository import Scope
from xianban_sensing.repository.entities import Entities

__all__ = [
    "Author",
    "Batch",
    "Refused",
    "Written",
    "append",
    "change_part",
    "create",
    "delete",
    "delete_attribute",
    "update_known",
    "upsert",
]


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: a member of an organisation, whose entities are its own to change."""

    organisation: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Written:
    """Short names of attributes that were written, and of those that were not."""

    updated: tuple[str, ...]
    not_updated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One entity of a batch, and why it was not written."""

    id: str
    error: XianbanError


@dataclass(slots=True)
class Batch:
    """What became of each entity."""

    created: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    refused: list[Refused] = field(default_factory=list[Refused])


def create(asked: Given, *, author: Author, uow: UnitOfWork) -> str:
    """The new entity's id."""
    with refusals():
        new = _new(asked, author, uow)
        changes = Changes(uow)
        added = changes.add(new)
    if not added:
        raise AlreadyExists("ENTITY_EXISTS", field="id")
    changes.tell()
    return new.id


def append(id_: str, asked: Given, *, overwrite: bool, author: Author, uow: UnitOfWork) -> Written:
    """New attributes are added; known ones replaced, where that is wanted."""
    document, context = asked
    before = _own(id_, author, uow)
    with refusals():
        attributes = read_attributes(document, context)
        types = read_types(document, context) if "type" in document else ()
    after, changed = before.typed(types).taking(attributes, uow.clock.now(), overwrite=overwrite)
    _save(before, after, changed, uow)
    stayed = set[str]() if overwrite else attributes.keys() & before.attributes.keys()
    return _told(attributes, stayed, context)


def update_known(id_: str, asked: Given, *, author: Author, uow: UnitOfWork) -> Written:
    """Only attributes that are there."""
    document, context = asked
    before = _own(id_, author, uow)
    with refusals():
        attributes = read_attributes(document, context)
    known = {name: one for name, one in attributes.items() if name in before.attributes}
    after, changed = before.taking(known, uow.clock.now())
    _save(before, after, changed, uow)
    return _told(attributes, attributes.keys() - known.keys(), context)


def change_part(id_: str, name: str, asked: Given, *, author: Author, uow: UnitOfWork) -> Written:
    """Members of one attribute; the others stay."""
    fragment, context = asked
    before = _own(id_, author, uow)
    full = context.expand(name)
    wanted = str(fragment.get("datasetId", ""))
    found = [one for one in before.attributes.get(full, ()) if key_of(one) == wanted]
    if not found:
        raise NotFound("ATTRIBUTE_NOT_FOUND", field="attribute")
    short = context.compact(full)
    known: dict[str, Any] = written({full: (found[0],)}, context, Look())[short]
    with refusals():
        attributes = read_attributes({short: {**known, **fragment}}, context)
    after, changed = before.taking(attributes, uow.clock.now())
    _save(before, after, changed, uow)
    return Written((name,))


def delete(id_: str, *, author: Author, uow: UnitOfWork) -> None:
    """The entity, with its past."""
    _own(id_, author, uow)
    Entities(uow.conn, author.scope).remove(id_)


def delete_attribute(
    id_: str, name: str, context: Context, dataset: str | None, *, author: Author, uow: UnitOfWork
) -> None:
    """One instance of an attribute, or all (`dataset` None)."""
    before = _own(id_, author, uow)
    full = context.expand(name)
    after = before.without(full, dataset, uow.clock.now())
    if after is None:
        raise NotFound("ATTRIBUTE_NOT_FOUND", field="attribute")
    _save(before, after, (full,), uow)


def upsert(
    items: Sequence[Any], context: str, *, update: bool, author: Author, uow: UnitOfWork
) -> Batch:
    """Each entity by itself: one that is refused costs only itself."""
    batch, changes = Batch(), Changes(uow)
    for item in items:
        try:
            with uow.conn.begin_nested(), refusals():
                asked = given_already(item, context)
                _upsert_one(asked, batch, changes, update, author, uow)
        except (AlreadyExists, InvalidArgument, PermissionDenied) as error:
            batch.refused.append(Refused(_id_in(item), error))
    changes.tell()
    return batch


def _upsert_one(
    asked: Given, batch: Batch, changes: Changes, update: bool, author: Author, uow: UnitOfWork
) -> None:
    new = _new(asked, author, uow)
    before = Entities(uow.conn, author.scope).locked(new.id)
    if before is None:
        if not changes.add(new):
            raise AlreadyExists("ENTITY_EXISTS", field="id")
        batch.created.append(new.id)
        return
    _checked(before, author)
    after, changed = _upserted(before, new, update)
    if after != before:
        changes.save(after, changed)
    batch.updated.append(new.id)


def _upserted(before: Entity, new: Entity, update: bool) -> tuple[Entity, tuple[str, ...]]:
    given = {name: tuple(said(one) for one in found) for name, found in new.attributes.items()}
    if update:
        return before.typed(new.types).taking(given, new.modified_at)
    start = replace(before, types=new.types, context=new.context)
    return start.exchanging({*before.attributes, *given}, given, new.modified_at)


def _id_in(item: Any) -> str:
    found = cast("dict[str, Any]", item).get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) and is_id(found) else ""


def _new(asked: Given, author: Author, uow: UnitOfWork) -> Entity:
    document, context = asked
    now = uow.clock.now()
    bare = Entity(
        id=read_id(document),
        types=read_types(document, context),
        attributes={},
        context=context.source,
        provider=author.organisation,
        created_at=now,
        modified_at=now,
    )
    return bare.taking(read_attributes(document, context), now)[0]


def _own(id_: str, author: Author, uow: UnitOfWork) -> Entity:
    """The entity, locked, if it is the author's to change."""
    found = Entities(uow.conn, author.scope).locked(id_)
    if found is None:
        raise NotFound("ENTITY_NOT_FOUND", field="id")
    return _checked(found, author)


def _checked(found: Entity, author: Author) -> Entity:
    if found.provider != author.organisation:
        raise PermissionDenied("ENTITY_NOT_YOURS", field="id")
    return found


def _save(before: Entity, after: Entity, changed: Sequence[str], uow: UnitOfWork) -> None:
    if after == before:
        return
    changes = Changes(uow)
    with refusals():
        changes.save(after, changed)
    changes.tell()


def _told(attributes: Attributes, stayed: set[str], context: Context) -> Written:
    def short(names: Iterator[str]) -> tuple[str, ...]:
        return tuple(context.compact(name) for name in names)

    return Written(
        short(name for name in attributes if name not in stayed),
        short(name for name in attributes if name in stayed),
    )
