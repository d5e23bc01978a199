"""Formats without their real files: ParkAPI v3, the older DATEX dialect, and hostile input."""

import io
import zipfile
from datetime import UTC, datetime

import openpyxl
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_plugin_parking_parkapi import document
from xianban_plugin_parking_parkapi.reading import read
from xianban_plugin_parking_parkapi.spelling import centimetres, lot_id, osm_hours

SITE = {
    "uid": "NQ-1",
    "name": "南桥百联",
    "lat": "30.9215",
    "lon": "121.4715",
    "capacity": 577,
    "capacity_disabled": 8,
    "capacity_charging": 20,
    "max_height": 210,
    "park_and_ride_type": ["YES"],
    "opening_hours": "24/7",
    "realtime_data_updated_at": "2026-11-23T12:00:00+08:00",
    "realtime_capacity": 577,
    "realtime_free_capacity": 120,
}


def items(value: object) -> list[LotFacts | LotObservation | Rejected]:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return list(read(body).items)


def test_a_parkapi_site_brings_facts_and_a_count() -> None:
    facts, count = items({"items": [SITE]})
    assert isinstance(facts, LotFacts)
    assert (facts.lot, facts.capacity, facts.accessible_places) == ("nq-1", 577, 8)
    assert (facts.latitude, facts.park_and_ride, facts.max_height_cm) == (30.9215, True, 210)
    at = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert count == LotObservation("nq-1", at, free=120, capacity=577)


def test_realtime_alone_needs_no_facts_and_implausible_counts_stay_raw() -> None:
    realtime = {key: SITE[key] for key in SITE if key.startswith("realtime") or key == "uid"}
    (count,) = items([realtime | {"realtime_free_capacity": -7, "realtime_capacity": 3}])
    assert isinstance(count, LotObservation)
    assert (count.free, count.capacity) == (-7, 3)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"uid": None}, "uid", "REQUIRED"),
        ({"name": ""}, "name", "REQUIRED"),
        ({"name": ["x"]}, "name", "NOT_A_TEXT"),
        ({"name": "x" * 2000}, "name", "TOO_LONG"),
        ({"lat": "north"}, "lat", "NOT_A_NUMBER"),
        ({"lat": "nan"}, "lat", "NOT_A_NUMBER"),
        ({"lat": 91}, "lat", "OUT_OF_RANGE"),
        ({"lon": 181}, "lon", "OUT_OF_RANGE"),
        ({"lat": 0, "lon": 0}, "lat", "POSITION_MISSING"),
        ({"capacity": 0}, "capacity", "CAPACITY_NOT_POSITIVE"),
        ({"capacity": -1}, "capacity", "NEGATIVE"),
        ({"capacity": 1.5}, "capacity", "NOT_A_WHOLE_NUMBER"),
        ({"capacity": True}, "capacity", "NOT_A_NUMBER"),
        ({"capacity": 10**9}, "capacity", "OUT_OF_RANGE"),
        ({"park_and_ride_type": "YES"}, "park_and_ride_type", "NOT_A_LIST"),
        ({"realtime_data_updated_at": "now"}, "realtime_data_updated_at", "NOT_AN_INSTANT"),
        (
            {"realtime_data_updated_at": "2026-11-23T12:00:00"},
            "realtime_data_updated_at",
            "TIME_WITHOUT_ZONE",
        ),
        ({"realtime_free_capacity": None}, "realtime_free_capacity", "REQUIRED"),
    ],
)
def test_a_wrong_field_is_named_with_its_item_and_the_others_go_on(
    change: dict[str, object], field: str, reason: str
) -> None:
    wrong, good = {**SITE, "uid": "bad", **change}, {**SITE, "uid": "good"}
    found = items({"items": [wrong, good]})
    refused = [item for item in found if isinstance(item, Rejected)]
    assert refused == [Rejected("bad" if wrong["uid"] else "item 1", field, reason)]
    assert sum(not isinstance(item, Rejected) and item.lot == "good" for item in found) == 2


def test_a_second_item_with_the_same_id_is_refused() -> None:
    found = items([SITE, SITE])
    assert found[2:] == [Rejected("NQ-1", "id", "DUPLICATE")]


def test_an_item_that_says_nothing_is_refused() -> None:
    assert items([{"uid": "a"}, 7]) == [
        Rejected("a", "name", "REQUIRED"),
        Rejected("item 2", "name", "REQUIRED"),
    ]


FACILITIES = """<?xml version="1.0" encoding="UTF-8"?>
<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0"><exchange><supplierIdentification>
<country>de</country><nationalIdentifier>DE-X</nationalIdentifier></supplierIdentification>
</exchange><payloadPublication><genericPublicationExtension>{}</genericPublicationExtension>
</payloadPublication></d2LogicalModel>"""
TABLE = """<parkingFacilityTablePublication><parkingFacilityTable id="t">
<parkingFacility id="F1"><parkingFacilityName><values><value lang="de">Mitte</value></values>
</parkingFacilityName><facilityLocation><pointByCoordinates><pointCoordinates>
<latitude>50.1</latitude><longitude>8.6</longitude></pointCoordinates></pointByCoordinates>
</facilityLocation><totalParkingCapacity>100</totalParkingCapacity></parkingFacility>
<parkingFacility id="F2"/></parkingFacilityTable></parkingFacilityTablePublication>"""
STATUS = """<parkingFacilityTableStatusPublication><parkingFacilityStatus>
<parkingFacilityReference id="F1"/><totalNumberOfOccupiedParkingSpaces>101
</totalNumberOfOccupiedParkingSpaces>
<parkingFacilityStatusTime>2026-11-23T04:00:00Z</parkingFacilityStatusTime>
</parkingFacilityStatus></parkingFacilityTableStatusPublication>"""


def test_the_older_datex_dialect_is_told_apart_by_its_elements() -> None:
    facts, refused = items(FACILITIES.format(TABLE).encode())
    assert isinstance(facts, LotFacts)
    assert (facts.lot, facts.capacity, facts.names["en"]) == ("datex-de-x-f1", 100, "Mitte")
    assert refused == Rejected("F2", "latitude", "REQUIRED")
    (count,) = items(FACILITIES.format(STATUS).encode())
    assert isinstance(count, LotObservation)
    assert (count.lot, count.free, count.occupied) == ("datex-de-x-f1", None, 101)


def test_entities_and_document_types_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert items(bomb) == [Rejected("body", "body", "XML_WITH_DTD")]
    outside = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'
    assert items(outside) == [Rejected("body", "body", "XML_WITH_DTD")]


def test_a_workbook_that_unpacks_too_large_is_refused_before_unpacking() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (document.MAX_UNPACKED + 1))
    assert len(packed.getvalue()) < 1_000_000
    assert items(packed.getvalue()) == [Rejected("body", "body", "UNPACKS_TOO_LARGE")]


def test_an_archive_of_too_many_parts_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(document.MAX_ZIP_ENTRIES + 1):
            archive.writestr(str(number), b"")
    assert items(packed.getvalue()) == [Rejected("body", "body", "UNPACKS_TOO_LARGE")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "UNKNOWN_FORMAT"),
        (b"{", "NOT_JSON"),
        (b"[" * 100_000, "NOT_JSON"),
        (b"<a", "NOT_XML"),
        (b"<a/>", "UNKNOWN_FORMAT"),
        (b"PK\x03\x04rubbish", "NOT_XLSX"),
        (b"7", "UNKNOWN_FORMAT"),
        (b"a;b\n1;2\n", "UNKNOWN_FORMAT"),
        (b"a\0b", "NOT_TEXT"),
        (b"[]", None),
    ],
)
def test_what_is_no_feed_is_one_clear_refusal(body: bytes, reason: str | None) -> None:
    assert items(body) == ([Rejected("body", "body", reason)] if reason else [])


def test_a_body_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 10)
    assert items(b" " * 11) == [Rejected("body", "body", "TOO_LARGE")]


def test_a_broken_quote_ends_the_table_with_its_line() -> None:
    body = 'id,ort,Kapazität,type,GEOM\n1,A,5,p,POINT (9.1 48.5)\n2,"B,5,p,POINT (9 48)\n'.encode()
    good, broken = items(body)
    assert isinstance(good, LotFacts)
    assert isinstance(broken, Rejected)
    assert broken.reason.startswith("NOT_CSV_FROM_LINE_")


def test_short_rows_miss_their_fields_and_lines_are_counted_as_in_the_file() -> None:
    body = "id,ort,Kapazität,type,GEOM\n\n1,A\n2,B,5,p,LINE (1 2)\n".encode()
    assert items(body) == [
        Rejected("line 3", "GEOM", "REQUIRED"),
        Rejected("line 4", "GEOM", "NOT_A_POINT"),
    ]


def test_an_empty_workbook_is_an_unknown_format() -> None:
    packed = io.BytesIO()
    openpyxl.Workbook().save(packed)
    assert items(packed.getvalue()) == [Rejected("body", "body", "UNKNOWN_FORMAT")]


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_reader_raise(body: bytes) -> None:
    for start in (b"", b"{", b"[", b"<", b"PK\x03\x04", b"id;Kapazit\xe4t;GEOM\n"):
        assert all(isinstance(item, Rejected) for item in items(start + body))


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["uid", "name", "lat", "lon", "capacity", "id", "geometry", "properties", "coordinates"]
)


@given(st.lists(st.dictionaries(FIELDS, JSONS, max_size=6), max_size=3))
@settings(max_examples=150, deadline=None)
def test_no_json_makes_a_converter_raise(values: list[dict[str, object]]) -> None:
    starts = [
        {"parkhaus_name": "x"},
        {"the_geom": 1},
        {"Parkwinkel": "Parallel", "Kapazität": 1},
    ]
    for start in starts:
        first = {"properties": start}
        items({"features": [first, *({"properties": start | v, **v} for v in values)]})
    items([{"objektid": 1, "hst_dhid": 1}, *values])
    items({"geometryType": "p", "features": [{"attributes": value} for value in values]})
    items({"items": values})


@pytest.mark.parametrize(
    ("parts", "spelt"),
    [
        (("Mühlwiesenstr. ", "ß/2"), "muehlwiesenstr-ss-2"),
        (("a" * 80,), None),
        (("南桥",), None),
        (("南桥", "1"), None),
    ],
)
def test_lot_ids_fit_the_resource_name(parts: tuple[str, ...], spelt: str | None) -> None:
    found = lot_id(*parts)
    assert spelt is None or found == spelt
    assert 0 < len(found) <= 63
    assert found[0].isalnum()
    assert all(sign.isascii() and (sign.isalnum() or sign == "-") for sign in found)
    assert found == found.lower()


def test_ids_that_lose_letters_stay_different() -> None:
    assert lot_id("南桥 1") != lot_id("奉浦 1")


@pytest.mark.parametrize(
    ("german", "osm"),
    [
        (
            "Mo-Fr:  07:00  -  01:30  Uhr\nSa:  08:00  -  20:00  Uhr",
            "Mo-Fr 07:00-01:30; Sa 08:00-20:00",
        ),
        ("Mo-Fr 7-20h, Sa 7-18h", 'unknown "Mo-Fr 7-20h, Sa 7-18h"'),
    ],
)
def test_opening_hours_are_told_or_said_to_be_unknown(german: str, osm: str) -> None:
    assert osm_hours(german) == osm


def test_heights_are_read_as_people_write_them() -> None:
    assert [centimetres("h", text) for text in ("1,90 m", "2.1", "190", "190 cm")] == [
        190,
        210,
        190,
        190,
    ]
