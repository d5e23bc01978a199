"""The demo district of parking: complete, priceable, the same twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select
from xianban_parking import hookspecs
from xianban_parking.domain.opening import check_opening_hours
from xianban_parking.domain.stays import Stay, VehicleKind, Visit
from xianban_parking.domain.tariff import price
from xianban_parking.handlers.pricing import CALENDAR, tariff_of
from xianban_parking.hookspecs import LotObservation, hookimpl
from xianban_parking.repository import MACHINE, Counts, Lots, Page, Vehicles, metadata
from xianban_parking.repository.rows import TariffRow
from xianban_parking.repository.tables import observation
from xianban_parking.seed import demo_data, seed
from xianban_sdk.clock import ManualClock
from xianban_sdk.demo import person_id
from xianban_sdk.ids import SeededIds
from xianban_sdk.plugins import build
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LOTS = demo_data()["lot"]


class Recorder:
    """A feed with a past: one count of one lot every half hour."""

    id = "nanqiao-replay"
    names = {"en": "Recorder"}  # noqa: RUF012
    mode = "replay"
    cadence = timedelta(minutes=30)

    def read(self, now: datetime) -> Iterator[LotObservation]:
        return iter(())

    def history(self, since: datetime, until: datetime) -> Iterator[LotObservation]:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        at += (since - at) // self.cadence * self.cadence + self.cadence
        while at <= until:
            occupied = -1 if at.hour == 3 else at.hour * 10
            yield LotObservation("nanqiao-library", at, occupied=occupied, capacity=220)
            at += self.cadence

    @hookimpl
    def register_feed(self) -> list[Any]:
        return [self]


@pytest.fixture
def resources(tmp_path: Path) -> Iterator[Any]:
    install_keys(Keyring.derive(b"0" * 32))
    db = Database.open(f"sqlite:///{tmp_path / 'parking.db'}", owner="parking")
    migrate(db)
    metadata.create_all(db.engine)
    clock = ManualClock(NOW)
    hooks = build("parking", hookspecs, [Recorder()])
    yield SimpleNamespace(db=db, clock=clock, ids=SeededIds(1, clock), hooks=hooks)
    db.close()


def counted(resources: Any) -> int:
    with resources.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(observation))


def test_there_are_fourteen_lots_in_both_areas_each_with_its_own_kind_of_tariff() -> None:
    assert len(LOTS) == 14
    assert {lot["area"] for lot in LOTS} == {"310120/nanqiao", "310120/fengpu"}
    assert {lot["feed"] for lot in LOTS} == {"nanqiao-replay", "fengpu-replay"}
    assert sum(lot.get("park_and_ride", False) for lot in LOTS) >= 3
    rules = [str(lot["tariff"]) for lot in LOTS]
    assert len(set(rules)) == 14


@pytest.mark.parametrize("lot", LOTS, ids=[lot["id"] for lot in LOTS])
def test_a_lot_lies_in_fengxian_opens_and_prices_a_week(lot: dict[str, Any]) -> None:
    latitude, longitude = lot["at"]
    assert 30.90 < latitude < 30.95
    assert 121.44 < longitude < 121.51
    assert lot["accessible"] > 0
    assert lot.get("reservable", 0) < lot["capacity"]
    if lot.get("hours"):
        check_opening_hours(lot["hours"])
    tariff = tariff_of(TariffRow(lot["id"], 1, datetime(2026, 1, 1, tzinfo=UTC), lot["tariff"]))
    for kind in VehicleKind:
        for hours in (0, 1, 5, 30, 168):
            stay = Stay((Visit(NOW, NOW + timedelta(hours=hours)),), kind)
            quote = price(tariff, stay, calendar=CALENDAR)
            assert quote.total_fen >= 0
            assert sum(line.amount_fen for line in quote.lines) == quote.total_fen


def test_the_seed_brings_lots_tariffs_vehicles_and_history(resources: Any) -> None:
    seed(resources)
    with resources.db.read() as conn:
        lots = Lots(conn, MACHINE)
        assert lots.ids() == {lot["id"] for lot in LOTS}
        assert all(lots.tariffs(lot["id"]) for lot in LOTS)
        library = Counts(conn, MACHINE).of(["nanqiao-library"])["nanqiao-library"]
        assert library.observed_at == NOW
        plates = {
            row.plate: row.resident for row in Vehicles(conn, MACHINE).listed(Page(50, ""))[0]
        }
        series = Counts(conn, MACHINE).series(
            "nanqiao-library", NOW - timedelta(days=1), NOW + timedelta(seconds=1)
        )
    assert plates["沪A12345"] == person_id("resident")
    assert len(series) == 49
    assert {row.verdict for row in series} == {"fresh", "late", "implausible"}
    assert counted(resources) == 28 * 48


def test_the_second_seed_changes_nothing_and_a_later_one_fills_the_gap(resources: Any) -> None:
    seed(resources)
    before = counted(resources)
    with resources.db.begin() as conn:
        Lots(conn, MACHINE).change("nanqiao-library", capacity=200)
    seed(resources)
    assert counted(resources) == before
    with resources.db.read() as conn:
        assert Lots(conn, MACHINE).get("nanqiao-library").capacity == 200
    resources.clock.advance(timedelta(days=3))
    seed(resources)
    assert counted(resources) == before + 3 * 48
    with resources.db.read() as conn:
        newest = Counts(conn, MACHINE).of(["nanqiao-library"])["nanqiao-library"]
    assert newest.observed_at == NOW + timedelta(days=3)
