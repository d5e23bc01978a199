"""What a request for entities means: names in full, and how the answer is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from xianban.sensing.v1 import context_pb2 as pb
from xianban_sdk.errors import InvalidArgument, ResourceExhausted

from xianban_sensing.domain.contexts import HOME_PATH, Context
from xianban_sensing.domain.entities import Entity, instant_of
from xianban_sensing.domain.forms import Form, Look
from xianban_sensing.domain.patterns import pattern_of
from xianban_sensing.domain.queries import read_query
from xianban_sensing.domain.selections import Past, Selection, near_of
from xianban_sensing.handlers.refusing import read_context, refusals
from xianban_sensing.known_contexts import contexts
from xianban_sensing.repository.stored import text_of

__all__ = ["Answering", "answering", "page_of", "past_of", "selection_of"]

DEFAULT_LIMIT: Final = 20
# What one answer holds, in bytes of JSON: less than what a client of the suite takes at once.
LARGEST_ANSWER: Final = 6 << 20
_FORMS: Final = {
    pb.DOCUMENT_FORM_UNSPECIFIED: Form.NORMALIZED,
    pb.DOCUMENT_FORM_NORMALIZED: Form.NORMALIZED,
    pb.DOCUMENT_FORM_CONCISE: Form.CONCISE,
    pb.DOCUMENT_FORM_SIMPLIFIED: Form.SIMPLIFIED,
}
# Time property → whether it is that of the observation.
_TIMES: Final = {"": True, "observedAt": True, "createdAt": False, "modifiedAt": False}


@dataclass(frozen=True, slots=True)
class Answering:
    """How documents are written: in the asked context, or each entity in its own."""

    context: Context
    asked: bool
    own: bool
    look: Look
    home: str

    def context_of(self, entity: Entity) -> Context:
        """That of the request; else, where the answer has room for it, the entity's."""
        return contexts().of(entity.context) if self.own and not self.asked else self.context

    def whole(self, entity: Entity, told: dict[str, Any]) -> pb.Document:
        """With its @context, where each document brings one."""
        if self.own:
            source = self.context_of(entity).source
            told["@context"] = self.home if source is None else source
        return pb.Document(id=entity.id, json=text_of(told), provider=entity.provider)


def answering(look: pb.DocumentLook, attributes: Iterable[str], issuer: str) -> Answering:
    """`attributes` are short names, or full ones; none: all."""
    context = read_context(look.context)
    names = frozenset(context.expand(name) for name in attributes)
    shown = Look(_FORMS[look.form], names, look.system_attributes)
    return Answering(context, bool(look.context), look.own_context, shown, f"{issuer}{HOME_PATH}")


def selection_of(asked: pb.EntitySelection, context: Context) -> Selection:
    """Refused where it means everything at once."""
    with refusals():
        if asked.id_pattern:
            pattern_of(asked.id_pattern)  # read before anything is looked up
        found = Selection(
            types=tuple(context.expand(name) for name in asked.types),
            ids=tuple(asked.ids),
            id_pattern=asked.id_pattern,
            attributes=tuple(context.expand(name) for name in asked.attributes),
            query=read_query(asked.query, context) if asked.query else None,
            near=_near(asked) if asked.georel or asked.geometry else None,
        )
    if not found.is_narrow():
        raise InvalidArgument("QUERY_TOO_WIDE", field="type")
    return found


def _near(asked: pb.EntitySelection) -> Any:
    return near_of(asked.georel, asked.geometry, tuple(asked.coordinates), asked.geoproperty)


def past_of(asked: pb.PastSelection) -> Past:
    """Which instances are meant."""
    by_observation = _TIMES.get(asked.timeproperty)
    if by_observation is None:
        raise InvalidArgument("NOT_SUPPORTED", field="timeproperty")
    at, until = _instant(asked.time_at, "timeAt"), _instant(asked.end_time_at, "endTimeAt")
    with refusals():
        return Past(asked.timerel, at, until, asked.last_n, by_observation)


def _instant(text: str, field: str) -> Any:
    found = instant_of(text)
    if text and found is None:
        raise InvalidArgument("INSTANT_MALFORMED", field=field)
    return found


def page_of(asked: pb.PageOfEntities) -> tuple[int, int]:
    """Limit and offset."""
    return asked.limit or DEFAULT_LIMIT, asked.offset


def bounded(answer: pb.ListEntitiesResponse) -> pb.ListEntitiesResponse:
    """Refused where it holds more than one answer may."""
    if answer.ByteSize() > LARGEST_ANSWER:
        raise ResourceExhausted("TOO_MANY_RESULTS", field="limit")
    return answer
