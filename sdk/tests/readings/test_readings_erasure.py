"""What an erasure took is found under no number: not in this process, not in another one."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from xianban_sdk.errors import Unavailable
from xianban_sdk.personal.declared import PersonalData
from xianban_sdk.personal.erasing import sweep
from xianban_sdk.personal.own import holdings
from xianban_sdk.readings import Readings
from xianban_sdk.readings.tables import (
    TABLES,
    reading_series,
    reading_upkeep,
)
from xianban_sdk.repository import MachineScope

ELDER, OTHER = "residents/01ELDER", "residents/02OTHER"
SECOND = timedelta(seconds=1)


def erase(conn: Connection) -> None:
    sweep(conn, holdings(PersonalData()), "01ELDER", "a-receipt")


def nobodys(world: Any) -> dict[str, int]:
    """Rows of numbers that no series has."""
    known = select(reading_series.c.id)
    with world.db.read() as conn:
        return {
            table.name: conn.scalar(select(func.count()).where(table.c.series.not_in(known)))
            for table in TABLES
            if "series" in table.c
        }


def heard(world: Any, subject: str) -> list[float]:
    with world.db.read() as conn:
        found = Readings(conn, MachineScope("eldercare"), world.kinds).latest(subject)
    return [one.shown(world.clock.now()).value for one in found]


def taken_again(world: Any, *readings: Any) -> int:
    """As a sender does: refused once, sent again."""
    with pytest.raises(Unavailable, match="READINGS_NOT_KEPT"):
        world.take(*readings)
    return world.take(*readings).stored


def test_who_comes_back_after_an_erasure_has_readings_of_their_own(world: Any) -> None:
    world.take(world.raw(72))
    with world.db.begin() as conn:
        erase(conn)
    assert heard(world, ELDER) == []
    assert taken_again(world, world.raw(75)) == 1
    assert heard(world, ELDER) == [75]
    assert set(nobodys(world).values()) == {0}
    assert world.take(world.raw(76)).duplicates == 1


def test_nobody_gets_readings_of_another_whose_number_they_were_given(world: Any) -> None:
    world.take(world.raw(72))
    replica = world.ingest
    with world.db.begin() as conn:
        erase(conn)
    world.restart()
    world.take(world.raw(80, subject=OTHER))
    world.ingest = replica
    world.clock.advance(SECOND)
    assert taken_again(world, world.raw(75)) == 1
    assert (heard(world, OTHER), heard(world, ELDER)) == ([80], [75])


def test_an_erasure_waits_for_a_batch_under_way(world: Any) -> None:
    world.take(world.raw(72))
    world.clock.advance(SECOND)
    with ThreadPoolExecutor(1) as beside:
        with world.unit() as uow:
            world.ingest.take([world.raw(73)], uow)
            erased = beside.submit(in_a_transaction, world)
            waits(erased)
        erased.result(10)
    assert heard(world, ELDER) == []
    assert set(nobodys(world).values()) == {0}


def test_a_batch_that_waited_for_an_erasure_is_sent_again(world: Any) -> None:
    world.take(world.raw(72))
    world.clock.advance(SECOND)
    with ThreadPoolExecutor(1) as beside:
        with world.db.begin() as conn:
            erase(conn)
            taken = beside.submit(world.take, world.raw(73))
            waits(taken)
        with pytest.raises(Unavailable, match="READINGS_NOT_KEPT"):
            taken.result(10)
    assert set(nobodys(world).values()) == {0}
    assert world.take(world.raw(73)).stored == 1


def test_the_erasure_of_somebody_without_readings_disturbs_nobody(world: Any) -> None:
    world.take(world.raw(72, subject=OTHER))
    with world.db.begin() as conn:
        erase(conn)
        assert conn.scalar(select(func.count()).select_from(reading_upkeep)) == 0
    world.clock.advance(SECOND)
    assert world.take(world.raw(73, subject=OTHER)).stored == 1


def in_a_transaction(world: Any) -> None:
    with world.db.begin() as conn:
        erase(conn)


def waits(future: Future[Any]) -> None:
    with pytest.raises(TimeoutError):
        future.result(0.5)
