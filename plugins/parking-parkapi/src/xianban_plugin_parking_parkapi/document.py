"""Files opened safely: bounded before unpacking, of a kind told by their content."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from xianban_plugin_parking_parkapi.item import is_missing

__all__ = ["Document", "JsonDocument", "Table", "Unreadable", "XmlDocument", "open_document"]

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_UNPACKED: Final = 128 * 1024 * 1024
MAX_ZIP_ENTRIES: Final = 2000
MAX_ITEMS: Final = 100_000
MAX_COLUMNS: Final = 200


class Unreadable(ValueError):
    """The whole file cannot be read: an UPPER_SNAKE reason."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a header; each row knows its line."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A JSON value."""

    value: Any


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """An XML tree without entities or external parts."""

    root: Element


Document = Table | JsonDocument | XmlDocument


def open_document(body: bytes) -> Document:
    """The document in these bytes; raises Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable("TOO_LARGE")
    if body.startswith(b"PK\x03\x04"):
        return _workbook(body)
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return _json(body)
    if start == b"<":
        return _xml(body)
    return _csv(body)


def _json(body: bytes) -> JsonDocument:
    try:
        return JsonDocument(orjson.loads(body.removeprefix(b"\xef\xbb\xbf")))
    except orjson.JSONDecodeError:
        raise Unreadable("NOT_JSON") from None


def _xml(body: bytes) -> XmlDocument:
    try:
        return XmlDocument(fromstring(body, forbid_dtd=True))
    except DefusedXmlException:
        raise Unreadable("XML_WITH_DTD") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("NOT_XML") from None


def _csv(body: bytes) -> Table:
    text = _decoded(body)
    if "\0" in text:
        raise Unreadable("NOT_TEXT")
    first = text[: text.find("\n") + 1] or text
    delimiter = max(";,\t", key=first.count)
    # strict: a quote that never closes must not swallow the rest of the file in silence.
    reader: Any = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, list[str]())
    except csv.Error:
        raise Unreadable("NOT_CSV") from None
    header = tuple(name.strip() for name in names[:MAX_COLUMNS])
    return Table(header, _csv_rows(header, reader))


def _csv_rows(header: tuple[str, ...], reader: Any) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        for row in islice(reader, MAX_ITEMS):
            if row:
                yield reader.line_num, _record(header, row)
    except csv.Error:
        # After a broken quote nobody knows where the next row begins.
        raise Unreadable(f"NOT_CSV_FROM_LINE_{reader.line_num}") from None


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Windows-1252 is what German office software still writes; every byte means something.
        return body.decode("cp1252", errors="replace")


def _workbook(body: bytes) -> Table:
    # Imported here: only who reads a workbook pays for it at start.
    import openpyxl

    try:
        _check_archive(body)
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        cells = book.worksheets[0].iter_rows(values_only=True, max_col=MAX_COLUMNS)
        header = tuple("" if cell is None else str(cell) for cell in next(iter(cells), ()))
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError, ParseError) as error:
        raise Unreadable(str(error) if isinstance(error, Unreadable) else "NOT_XLSX") from None
    return Table(header, _workbook_rows(header, cells))


def _check_archive(body: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = archive.infolist()
    # zipfile reads no more than an entry declares, so the declared sizes bound what is unpacked.
    if len(entries) > MAX_ZIP_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unreadable("UNPACKS_TOO_LARGE")


def _workbook_rows(
    header: tuple[str, ...], cells: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, row in enumerate(islice(cells, MAX_ITEMS), start=2):
        # Sheets trail formatted but empty rows.
        if any(not is_missing(cell) for cell in row):
            yield number, _record(header, row)


def _record(header: tuple[str, ...], row: Any) -> dict[str, object]:
    record: dict[str, object] = dict(zip(header, row, strict=False))
    if len(row) < len(header):
        record |= dict.fromkeys(header[len(row) :])
    return record
