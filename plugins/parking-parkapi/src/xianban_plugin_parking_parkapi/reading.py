"""Bytes in, items out: the kind is told by the content, not by a name or a content type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xianban_parking.hookspecs import Rejected

from xianban_plugin_parking_parkapi.document import Unreadable, open_document
from xianban_plugin_parking_parkapi.source import Read
from xianban_plugin_parking_parkapi.sources import SOURCES

__all__ = ["Reading", "read"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Which format it was, and its items."""

    source: str
    items: Iterator[Read | Rejected]


def read(body: bytes) -> Reading:
    """Reads a file or a pushed body; what can't be read at all is one rejected item."""
    try:
        document = open_document(body)
    except Unreadable as error:
        return Reading("", iter([_whole(error)]))
    for source in SOURCES:
        if source.matches(document):
            return Reading(source.id, _guarded(source.read(document)))
    return Reading("", iter([Rejected("body", "body", "UNKNOWN_FORMAT")]))


def _guarded(items: Iterator[Read | Rejected]) -> Iterator[Read | Rejected]:
    try:
        yield from items
    except Unreadable as error:
        yield _whole(error)


def _whole(error: Unreadable) -> Rejected:
    return Rejected("body", "body", str(error))
