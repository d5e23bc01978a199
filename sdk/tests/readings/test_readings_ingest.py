from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.readings import (
    Readings,
    Shown,
    Silence,
    Verdict,
    Withheld,
    convert,
)
from xianban_sdk.readings.tables import TABLES, reading, reading_series
from xianban_sdk.repository import MachineScope, Page, Scope
from xianban_sdk.storage import Cipher, drift, sdk_metadata

ELDER = "01ELDER"
OWN = Scope(ELDER, ELDER)
STRANGER = Scope("01STRANGER", "01STRANGER")


def present(world: Any, kind: str = "heart-rate", scope: Scope = OWN) -> Any:
    with world.db.read() as conn:
        found = Readings(conn, scope, world.kinds).present(world.elder, [kind])
    return found[0]


def stored(world: Any) -> int:
    with world.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(reading)) or 0


def test_the_migrated_tables_are_those_of_the_code(world: Any) -> None:
    assert {table.name for table in TABLES} <= set(sdk_metadata.tables)
    assert drift(world.db, sdk_metadata) == []


def test_a_number_comes_back_with_its_verdict_and_age(world: Any, ago: Any) -> None:
    world.take(world.raw(72, ago(seconds=30)))
    shown = present(world).shown(world.clock.now())
    assert isinstance(shown, Shown)
    assert (shown.value, shown.unit, shown.verdict) == (72, "/min", Verdict.FRESH)
    assert shown.age == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("later", "verdict"),
    [(1, Verdict.FRESH), (2, Verdict.LATE), (9, Verdict.LATE), (10, Verdict.STALE)],
)
def test_a_number_grows_old(world: Any, later: int, verdict: Verdict) -> None:
    world.take(world.raw(72))
    told = present(world).shown(world.clock.now() + timedelta(minutes=later))
    assert told.verdict is verdict
    assert isinstance(told, Shown) is (verdict in (Verdict.FRESH, Verdict.LATE))


def test_a_device_long_unheard_is_silent_and_says_since_when(world: Any) -> None:
    world.take(world.raw(72))
    good = world.clock.now()
    told = present(world).shown(good + timedelta(hours=1))
    assert told == Withheld(Verdict.SILENT, good)


def test_what_never_came_is_silent(world: Any) -> None:
    found = present(world)
    assert isinstance(found, Silence)
    assert found.shown(world.clock.now()) == Withheld(Verdict.SILENT, None)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), 19.9, 301.0, -5.0])
def test_what_cannot_be_true_is_kept_and_never_shown(world: Any, value: float, ago: Any) -> None:
    good = ago(minutes=1)
    world.take(world.raw(72, good), world.raw(value))
    told = present(world).shown(world.clock.now())
    assert told == Withheld(Verdict.IMPLAUSIBLE, good)
    assert stored(world) == 2


def test_a_jump_faster_than_a_heart_is_withheld_until_time_makes_it_likely(world: Any) -> None:
    world.take(world.raw(70))
    world.clock.advance(timedelta(seconds=1))
    world.take(world.raw(180))
    assert present(world).shown(world.clock.now()).verdict is Verdict.IMPLAUSIBLE
    world.clock.advance(timedelta(seconds=5))
    world.take(world.raw(180))
    assert isinstance(present(world).shown(world.clock.now()), Shown)


def test_a_jump_is_seen_after_a_restart_too(world: Any) -> None:
    world.take(world.raw(70))
    world.restart()
    world.clock.advance(timedelta(seconds=1))
    world.take(world.raw(180))
    assert present(world).shown(world.clock.now()).verdict is Verdict.IMPLAUSIBLE


def test_known_units_are_converted_and_others_refused(world: Any) -> None:
    warm = {"kind": "body-temperature"}
    taken = world.take(
        world.raw(98.6, **warm, unit="[degF]"),
        world.raw(37.0, **warm, unit="mm[Hg]"),
    )
    assert [(one.index, one.field, one.reason) for one in taken.rejections] == [
        (1, "unit", "READING_UNIT_MISMATCH")
    ]
    shown = present(world, "body-temperature").shown(world.clock.now())
    assert shown.value == pytest.approx(37.0)
    assert shown.unit == "Cel"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"device": ""}, "device", "READING_NAME_INVALID"),
        ({"device": "d" * 65}, "device", "READING_NAME_INVALID"),
        ({"subject": "a\x00b"}, "subject", "READING_NAME_INVALID"),
        ({"kind": "mood"}, "kind", "READING_KIND_UNKNOWN"),
        ({"unit": "Cel"}, "unit", "READING_UNIT_MISMATCH"),
        ({"kind": "location", "unit": ""}, "position", "READING_POSITION_INVALID"),
    ],
)
def test_a_bad_reading_is_refused_alone(
    world: Any, changes: dict[str, Any], field: str, reason: str
) -> None:
    taken = world.take(world.raw(71), world.raw(70, **changes), world.raw(72, device="OTHER"))
    assert [(r.index, r.field, r.reason) for r in taken.rejections] == [(1, field, reason)]
    assert taken.stored == stored(world) == 2


def test_what_is_older_than_a_backlog_may_be_is_refused(world: Any, ago: Any) -> None:
    taken = world.take(world.raw(70, ago(days=8)))
    assert taken.rejections[0].reason == "READING_TOO_OLD"


@pytest.mark.parametrize("clock_says", [timedelta(hours=3), -timedelta(days=20_000)])
def test_of_a_device_with_a_wrong_clock_the_arrival_counts(
    world: Any, clock_says: timedelta
) -> None:
    world.take(world.raw(72, world.clock.now() + clock_says))
    found = present(world)
    assert found.clock_wrong
    assert found.observed_at == found.received_at == world.clock.now()
    assert found.shown(world.clock.now()).verdict is Verdict.FRESH


def test_a_little_ahead_is_no_wrong_clock(world: Any) -> None:
    at = world.clock.now() + timedelta(seconds=90)
    world.take(world.raw(72, at))
    found = present(world)
    assert (found.clock_wrong, found.observed_at) == (False, at)
    assert found.shown(world.clock.now()).age == timedelta(0)


def test_duplicates_count_once_within_a_batch_and_across(world: Any) -> None:
    one = world.raw(72)
    first = world.take(one, one)
    again = world.take(one)
    assert (first.stored, first.duplicates, again.stored, again.duplicates) == (1, 1, 0, 1)
    assert stored(world) == 1


def test_an_older_reading_never_replaces_a_newer_one(world: Any, ago: Any) -> None:
    world.take(world.raw(80))
    world.take(world.raw(60, ago(minutes=1)))
    assert present(world).shown(world.clock.now()).value == 80


def test_a_late_batch_breaks_silence_though_its_numbers_are_old(world: Any, ago: Any) -> None:
    world.take(world.raw(72, ago(minutes=40)))
    told = present(world).shown(world.clock.now())
    assert told.verdict is Verdict.STALE


def test_a_position_is_shown_as_a_place_and_stored_encrypted(world: Any) -> None:
    here = pb.Position(latitude=30.91, longitude=121.47, accuracy_m=12)
    world.take(world.raw(0, kind="location", unit="", position=here))
    found = present(world, "location")
    assert found.shown(world.clock.now()).place.latitude == 30.91
    wire = convert.judged(found, world.clock.now(), "en")
    assert wire.position == here
    assert not wire.HasField("value")
    with world.db.read() as conn:
        assert b"30.9" not in bytes(conn.scalar(select(reading.c.position)))


def test_places_are_sealed_and_opened_without_a_cipher_of_their_own(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = pb.Position(latitude=30.91, longitude=121.47, accuracy_m=12)
    world.take(world.raw(0, kind="location", unit="", position=here))
    monkeypatch.delattr(Cipher, "__init__")
    world.take(world.raw(0, kind="location", unit="", position=here, device="OTHER"))
    assert present(world, "location").shown(world.clock.now()).place.latitude == 30.91


def test_no_table_names_the_elder_in_the_clear(world: Any) -> None:
    world.take(world.raw(72))
    with world.db.read() as conn:
        raw = conn.execute(
            text("SELECT device, subject, device_key, subject_key FROM reading_series")
        )
        row = raw.one()
        whole = b"".join(x.encode() if isinstance(x, str) else bytes(x) for x in row)
        assert conn.scalars(select(reading_series.c.subject)).one() == world.elder
    assert ELDER.encode() not in whole
    assert world.band.encode() not in whole


def test_a_stranger_finds_nothing_and_a_home_is_found_by_who_may(world: Any) -> None:
    world.take(world.raw(72), world.raw(70, subject="homes/1", device="B2"))
    with world.db.read() as conn:
        assert Readings(conn, STRANGER, world.kinds).latest(world.elder) == []
        assert Readings(conn, OWN, world.kinds).latest("homes/1") == []
        assert len(Readings(conn, OWN, world.kinds, also=["homes/1"]).latest("homes/1")) == 1
        assert len(Readings(conn, MachineScope("eldercare"), world.kinds).latest("homes/1")) == 1


def test_history_comes_in_pages_oldest_first(world: Any, ago: Callable[..., datetime]) -> None:
    world.take(*(world.raw(60 + n, ago(minutes=10 - n)) for n in range(10)))
    start, end = ago(minutes=9), world.clock.now()
    found: list[float] = []
    token = ""
    while True:
        page = Page(3, token, subject=world.elder, kind="heart-rate")
        with world.db.read() as conn:
            readings = Readings(conn, OWN, world.kinds)
            part, token = readings.history(world.elder, "heart-rate", start, end, page)
        found += [one.then(end).value for one in part]  # type: ignore[union-attr]
        if not token:
            break
    assert found == [60 + n for n in range(1, 10)]


def test_the_wire_carries_a_number_only_with_a_verdict_that_shows_it(world: Any) -> None:
    world.take(world.raw(72))
    now = world.clock.now()
    wire = convert.judged(present(world), now, "zh-CN")
    assert (wire.value, wire.kind_display) == (72, "心率")
    assert wire.verdict == pb.READING_VERDICT_FRESH
    later = convert.judged(present(world), now + timedelta(minutes=11), "en")
    assert later.verdict == pb.READING_VERDICT_STALE
    assert not later.HasField("value")
    assert later.last_good_time.ToDatetime(UTC) == now
    assert convert.judged(Silence(world.kinds["heart-rate"]), now, "en").verdict == (
        pb.READING_VERDICT_SILENT
    )


def test_what_a_failed_transaction_learnt_is_forgotten(world: Any) -> None:
    def fail_after_taking() -> None:
        with world.unit() as uow:
            world.ingest.take([world.raw(72)], uow)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_taking()
    assert world.take(world.raw(72)).stored == 1
    assert present(world).shown(world.clock.now()).value == 72
