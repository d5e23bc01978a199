"""The real files of ../shared/data/parking/parkapi, as they are: what is read, what is refused."""

from collections import Counter
from pathlib import Path

import pytest
from xianban_parking.hookspecs import LotFacts, LotObservation, Rejected
from xianban_plugin_parking_parkapi.reading import read

REAL = Path(__file__).parents[4] / "shared" / "data" / "parking" / "parkapi"

# file → format, lots, counts, and refused items by field and reason
EXPECTED = {
    "aachen-realtime.xml": ("datex-parking-status", 0, 17, {}),
    "aachen-static.xml": ("datex-parking", 15, 0, {("capacity", "REQUIRED"): 2}),
    "bfrk_bw_car.json": (
        "bfrk",
        2127,
        0,
        {
            ("oeffentlichvorhanden", "NOT_PUBLIC"): 143,
            ("stellplaetzegesamt", "CAPACITY_NOT_POSITIVE"): 53,
            ("stellplaetzegesamt", "REQUIRED"): 21,
            ("lat", "POSITION_MISSING"): 5,
        },
    ),
    "bietigheim-bissingen.csv": ("bietigheim", 0, 14, {}),
    "goldbeck.xlsx": ("goldbeck", 11, 0, {}),
    "heidelberg_easypark.geojson": (
        "heidelberg",
        69,
        0,
        {
            ("Parkwinkel", "PARKING_FORBIDDEN"): 164,
            ("Kapazität", "CAPACITY_NOT_POSITIVE"): 14,
            ("Straßenna", "REQUIRED"): 3,
        },
    ),
    "jena.geojson": (
        "jena",
        42,
        0,
        {("capacity", "REQUIRED"): 58, ("art", "NOT_FOR_CARS"): 3},
    ),
    "karlsruhe.json": (
        "karlsruhe",
        76,
        34,
        {
            ("gesamte_parkplaetze", "REQUIRED"): 14,
            ("echtzeit_status", "SOURCE_REPORTS_FAULT"): 5,
        },
    ),
    "keltern.xlsx": ("keltern", 127, 0, {("capacity", "CAPACITY_NOT_POSITIVE"): 48}),
    "konstanz.json": ("konstanz", 11, 11, {}),
    "reutlingen.csv": ("reutlingen", 12, 0, {("Kapazität", "REQUIRED"): 102}),
}


def test_every_real_file_has_its_expectation() -> None:
    if not REAL.is_dir():
        pytest.skip(f"real data absent: {REAL}")
    assert {path.name for path in REAL.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_is_read_item_by_item(name: str) -> None:
    path = REAL / name
    if not path.is_file():
        pytest.skip(f"real data absent: {path}")
    source, lots, counts, refused = EXPECTED[name]
    reading = read(path.read_bytes())
    items = list(reading.items)
    assert reading.source == source
    assert sum(isinstance(item, LotFacts) for item in items) == lots
    assert sum(isinstance(item, LotObservation) for item in items) == counts
    found = Counter((item.field, item.reason) for item in items if isinstance(item, Rejected))
    assert found == refused
    for item in items:
        if isinstance(item, LotFacts):
            # Everything lies in or near Baden-Württemberg, Thuringia or Aachen.
            assert 47 < item.latitude < 51.5, item
            assert 5.9 < item.longitude < 12, item
            assert item.lot
            assert len(item.lot) <= 63
