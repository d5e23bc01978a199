"""What the domain refuses, as the caller's mistake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import orjson
from xianban_sdk.errors import InvalidArgument

from xianban_sensing.domain.contexts import Context
from xianban_sensing.domain.refusals import RefusedError
from xianban_sensing.known_contexts import contexts

__all__ = ["Given", "given", "given_already", "read_context", "refusals"]

# A document's members, and the context that its names are of.
Given = tuple[dict[str, Any], Context]


@contextmanager
def refusals() -> Iterator[None]:
    """Raises InvalidArgument where the domain refuses."""
    try:
        yield
    except RefusedError as refusal:
        raise InvalidArgument(refusal.reason, field=refusal.field or None) from refusal


def given(text: str, context: str) -> Given:
    """The document, an object, and its own @context, else the one beside it."""
    return given_already(parsed(text), context)


def given_already(document: Any, context: str) -> Given:
    """The same of what is read already, e.g. one of a batch."""
    if not isinstance(document, dict):
        raise InvalidArgument("DOCUMENT_NO_OBJECT")
    members = cast("dict[str, Any]", document)
    own = members.pop("@context", None)
    return members, read_context(context) if own is None else _context(own)


def read_context(text: str) -> Context:
    """An @context as JSON; empty: the district's."""
    return _context(parsed(text) if text else None)


def parsed(text: str) -> Any:
    """JSON, or the caller's mistake."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidArgument("DOCUMENT_NOT_JSON") from None


def _context(source: Any) -> Context:
    with refusals():
        return contexts().of(source)
