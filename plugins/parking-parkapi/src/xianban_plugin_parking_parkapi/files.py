"""Every format of this plugin as files that `xianban import parking` loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected

from xianban_plugin_parking_parkapi.document import MAX_BYTES, Table, Unreadable, open_document
from xianban_plugin_parking_parkapi.reading import read
from xianban_plugin_parking_parkapi.sources import SOURCES

__all__ = ["ParkApiFiles"]


class ParkApiFiles:
    """ParkAPI v3 and the cities' files: JSON, GeoJSON, XML, xlsx, and tables with known columns."""

    id = "parkapi"

    def recognises(self, head: bytes) -> bool:
        """By the first bytes; a CSV by its header."""
        if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<"):
            return True
        if head.startswith(b"PK\x03\x04"):
            return True
        try:
            table = open_document(head[: head.find(b"\n") + 1])
        except Unreadable:
            return False
        return isinstance(table, Table) and any(source.matches(table) for source in SOURCES)

    def read(self, path: Path) -> Iterator[LotFacts | LotObservation | Rejected]:
        """Bounded: a file larger than a feed may be is refused unread."""
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
        return read(body).items
