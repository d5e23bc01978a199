"""Occupancy history as a file: the real one, and dirtier ones."""

import gzip
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from xianban_parking.hookspecs import LotObservation, Rejected
from xianban_plugin_parking_replay.history_file import OccupancyHistory
from xianban_plugin_parking_replay.plugin import register_file_format

HEADER = "SystemCodeNumber,Capacity,Occupancy,LastUpdated"
PACKED = files("xianban_plugin_parking_replay").joinpath("birmingham-occupancy.csv.gz")
FORMAT = OccupancyHistory()


def read(tmp_path: Path, text: str | bytes) -> list[LotObservation | Rejected]:
    path = tmp_path / "history.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert FORMAT.recognises(path.read_bytes()[:65536])
    return list(FORMAT.read(path))


def test_the_real_record_is_read_whole_and_raw(tmp_path: Path) -> None:
    rows = read(tmp_path, gzip.decompress(PACKED.read_bytes()))
    assert len(rows) == 35_717
    counts = [row for row in rows if isinstance(row, LotObservation)]
    assert len(counts) == 35_717
    assert sum(row.occupied > row.capacity for row in counts) == 373
    assert sum(row.occupied < 0 for row in counts) == 12
    assert len({(row.lot, row.observed_at) for row in counts}) == 35_717 - 216
    # British summer time until 30 October.
    assert counts[0] == LotObservation(
        "birmingham-bhmbccmkt01",
        datetime(2016, 10, 4, 6, 59, 42, tzinfo=UTC),
        occupied=61,
        capacity=577,
    )


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (",10,1,2016-10-04 09:00:00", "systemcodenumber", "REQUIRED"),
        ("a,,1,2016-10-04 09:00:00", "capacity", "REQUIRED"),
        ("a,10", "occupancy", "REQUIRED"),
        ("a,ten,1,2016-10-04 09:00:00", "capacity", "NOT_A_WHOLE_NUMBER"),
        ("a,10,1.5,2016-10-04 09:00:00", "occupancy", "NOT_A_WHOLE_NUMBER"),
        ("a,10,٣,2016-10-04 09:00:00", "occupancy", "NOT_A_WHOLE_NUMBER"),
        ("a,10,1e9,2016-10-04 09:00:00", "occupancy", "NOT_A_WHOLE_NUMBER"),
        ("a,10,99999999,2016-10-04 09:00:00", "occupancy", "OUT_OF_RANGE"),
        ("a,10,1,04/10/2016 09:00", "lastupdated", "NOT_AN_INSTANT"),
        ("a,10,1,2016-13-04 09:00:00", "lastupdated", "NOT_AN_INSTANT"),
        ("a,10,1,0001-01-01 00:00:00+12:00", "lastupdated", "NOT_AN_INSTANT"),
        ("???,10,1,2016-10-04 09:00:00", "systemcodenumber", "NOT_A_CODE"),
        ("a,10,1,2016-10-04 09:00:00,x", "line", "TOO_MANY_CELLS"),
        ('"a,10,1,2016-10-04 09:00:00', "line", "NOT_CSV"),
        ("a" * 5000, "line", "TOO_LONG"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_others_go_on(
    tmp_path: Path, row: str, field: str, reason: str
) -> None:
    good = "a,10,1,2016-10-04 09:00:00"
    first, bad, last = read(tmp_path, f"{HEADER}\n{good}\n\n{row}\n{good}\n")
    assert bad == Rejected("line 4", field, reason)
    assert isinstance(bad, Rejected)
    assert bad.raw.startswith(row[:20])
    assert first == last


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + "\r\na,10,1,2016-10-04T09:00:00+01:00\r\n",
        "LastUpdated;SystemCodeNumber;Capacity;Occupancy\n2016-10-04T08:00:00Z;a;10.0; 1 \n",
        "Extra\t" + HEADER.upper().replace(",", "\t") + "\nx\ta\t10\t1\t2016-10-04 09:00:00",
    ],
)
def test_byte_order_marks_other_delimiters_and_extra_columns_do_no_harm(
    tmp_path: Path, text: str
) -> None:
    at = datetime(2016, 10, 4, 8, tzinfo=UTC)
    assert read(tmp_path, text) == [LotObservation("birmingham-a", at, occupied=1, capacity=10)]


@pytest.mark.parametrize("head", [b"", b"a,b\n", b"{}", HEADER.encode()[:20] + b"\n", b"\xff" * 99])
def test_other_files_are_not_recognised(head: bytes) -> None:
    assert not FORMAT.recognises(head)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    assert list(FORMAT.read(path)) == []


def test_the_suite_is_brought_this_format() -> None:
    assert [each.id for each in register_file_format()] == [FORMAT.id]
