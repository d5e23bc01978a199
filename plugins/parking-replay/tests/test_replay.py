"""The replay tells the real record, dirt and all, at the same weekday and clock time."""

import gzip
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import pairwise

import pytest
from xianban_parking.hookspecs import LotObservation
from xianban_plugin_parking_replay.plugin import feeds, register_feed
from xianban_plugin_parking_replay.record import CarPark, read_record
from xianban_plugin_parking_replay.replay import ReplayedLot, ReplayFeed
from xianban_sdk.clock import SHANGHAI

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday 12:00 in Shanghai
FIRST = date(2016, 10, 4)
PACKED = files("xianban_plugin_parking_replay").joinpath("birmingham-occupancy.csv.gz")
NANQIAO, FENGPU = feeds()


def observed(feed: ReplayFeed, since: datetime, until: datetime) -> list[LotObservation]:
    return list(feed.history(since, until))


def test_the_carried_record_is_the_whole_one_with_its_dirt() -> None:
    assert len(PACKED.read_bytes()) < 400_000
    rows = [line.split(",") for line in gzip.decompress(PACKED.read_bytes()).decode().splitlines()]
    counts = [(int(row[2]), int(row[1])) for row in rows[1:]]
    assert len(counts) == 35_717
    assert sum(occupied > capacity for occupied, capacity in counts) == 373
    assert sum(occupied < 0 for occupied, _ in counts) == 12
    assert len(counts) - len(set(map(tuple, rows[1:]))) == 216


def test_noon_on_a_monday_tells_a_mondays_noon() -> None:
    told = observed(NANQIAO, NOON - timedelta(minutes=30), NOON)
    assert len({item.lot for item in told}) == 7
    park = next(item for item in told if item.lot == "nanqiao-bailian")
    lines = gzip.decompress(PACKED.read_bytes()).decode().splitlines()
    clock = park.observed_at.astimezone(SHANGHAI).time().isoformat()
    same = [
        line
        for line in lines
        if line.startswith(f"BHMBCCMKT01,{park.capacity},{park.occupied},") and line.endswith(clock)
    ]
    assert [date.fromisoformat(line.split(",")[3][:10]).weekday() for line in same] == [0]


def test_a_date_maps_onto_the_same_weekday_and_goes_round_after_eleven_weeks() -> None:
    park = CarPark()
    for days in range(77):
        park.add(datetime.combine(FIRST + timedelta(days=days), time(9)), days, 100)
    for wanted in (date(2026, 11, 23), date(2027, 2, 28), date(2016, 10, 4), date(2016, 1, 1)):
        (row,) = park.day(wanted, FIRST)
        assert (FIRST + timedelta(days=row.occupied)).weekday() == wanted.weekday()
        assert park.day(wanted + timedelta(days=77), FIRST) == [row]


def test_a_missing_day_is_taken_from_the_week_before() -> None:
    park = CarPark()
    park.add(datetime(2016, 10, 11, 9), 7, 100)  # noqa: DTZ001 - the record's own local time
    assert [row.occupied for row in park.day(date(2016, 10, 18), FIRST)] == [7]
    assert park.day(date(2016, 10, 19), FIRST) == ()


def test_two_reads_tell_everything_once_and_a_restart_repeats_the_same() -> None:
    feed, again = feeds()[0], feeds()[0]
    first = list(feed.read(NOON))
    assert list(feed.read(NOON)) == []
    later = list(feed.read(NOON + timedelta(hours=5)))
    whole = observed(again, NOON - timedelta(hours=2), NOON + timedelta(hours=5))
    assert Counter(map(repr, first + later)) == Counter(map(repr, whole))
    assert len(later) > 60


def test_every_lot_but_the_one_with_a_broken_record_tells_by_day_and_night() -> None:
    for feed in (NANQIAO, FENGPU):
        told = observed(feed, NOON - timedelta(days=7), NOON)
        lots = {item.lot for item in told} - {"fengpu-community"}
        assert len(lots) >= 6
        for lot in lots:
            times = sorted(item.observed_at for item in told if item.lot == lot)
            gaps = [later - earlier for earlier, later in pairwise(times)]
            assert max(gaps) <= timedelta(hours=2.5), lot


def test_dirt_is_told_raw() -> None:
    season = observed(NANQIAO, NOON - timedelta(days=77), NOON)
    hospital = [item for item in season if item.lot == "nanqiao-central-hospital"]
    assert sum((item.occupied or 0) > (item.capacity or 0) for item in hospital) >= 240
    season = observed(FENGPU, NOON - timedelta(days=77), NOON)
    assert any((item.occupied or 0) < 0 for item in season)
    seen = Counter((item.lot, item.observed_at) for item in season)
    assert max(seen.values()) > 1


def test_the_night_is_bridged_in_a_straight_line_between_the_counts_around_it() -> None:
    park = CarPark()
    park.add(datetime(2016, 10, 4, 16), 100, 200)  # noqa: DTZ001
    park.add(datetime(2016, 10, 5, 8), 20, 200)  # noqa: DTZ001
    told = list(ReplayedLot("a", park, timedelta()).told(FIRST, FIRST))
    assert len(told) == 32
    assert [item.occupied for item in told[:3]] == [100, 98, 95]
    assert told[-1].occupied == 22


def test_nobody_may_push_to_a_replay() -> None:
    with pytest.raises(PermissionError):
        NANQIAO.parse(b"", "", {}, NOON)


def test_the_replay_runs_in_demo_districts_only(monkeypatch) -> None:
    monkeypatch.setenv("XIANBAN_DEMO", "1")
    assert [feed.id for feed in register_feed()] == ["nanqiao-replay", "fengpu-replay"]
    monkeypatch.setenv("XIANBAN_DEMO", "0")
    assert register_feed() == []


def test_the_record_reader_keeps_the_files_order() -> None:
    lines = ["SystemCodeNumber,Capacity,Occupancy,LastUpdated"]
    lines += [
        "a,10,-1,2016-10-04 09:00:00",
        "a,10,-1,2016-10-04 09:00:00",
        "b,1,1,2016-10-03 09:00:00",
    ]
    parks, first = read_record(lines, ["a"])
    assert first == date(2016, 10, 3)
    assert [row.occupied for row in parks["a"].day(FIRST, first)] == [-1, -1]
