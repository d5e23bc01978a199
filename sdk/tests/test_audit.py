import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import delete, select, update
from xianban_sdk.audit import Sealer, head, list_accesses, verify
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.storage import CallInfo, Database, open_unit_of_work
from xianban_sdk.storage.tables import audit, audit_seal


@pytest.fixture
def sealed(database: Database, clock: ManualClock, ids: SeededIds) -> list[str]:
    """Ten sealed rows; returns their ids in order."""
    for number in range(10):
        look(database, clock, ids, f"Action{number}")
    Sealer(database).seal()
    with database.read() as conn:
        return list(conn.scalars(select(audit_seal.c.audit_id).order_by(audit_seal.c.position)))


def look(
    database: Database, clock: ManualClock, ids: SeededIds, action: str, subject: str = "ELDER"
) -> None:
    clock.advance(timedelta(seconds=1))
    call = CallInfo("DAUGHTER", subject)
    with open_unit_of_work(database, clock=clock, ids=ids, call=call) as uow:
        uow.audit(action, subject, basis="family")


def test_an_untouched_chain_holds(database: Database, sealed: list[str]) -> None:
    result = verify(database)
    assert (result.first_bad_row, result.rows) == (None, 10)


def test_an_empty_chain_holds(database: Database) -> None:
    assert verify(database).first_bad_row is None


def test_sealing_goes_on_where_it_stopped(
    database: Database, sealed: list[str], clock: ManualClock, ids: SeededIds
) -> None:
    look(database, clock, ids, "Later")
    assert Sealer(database).seal() == 1
    assert Sealer(database).seal() == 0
    assert verify(database).rows == 11


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "DAUGHTEQ"),  # one bit of one byte
        ("subject", "RESIDENT"),
        ("outcome", "refused"),
        ("basis", "self"),
        ("action", "Action4 "),
        ("trace_id", "0"),
    ],
)
def test_a_changed_row_is_named(
    database: Database, sealed: list[str], column: str, value: str
) -> None:
    with database.begin() as conn:
        conn.execute(update(audit).where(audit.c.id == sealed[4]).values({column: value}))
    result = verify(database)
    assert (result.first_bad_row, result.reason) == (sealed[4], "it was changed")


def test_a_changed_time_is_named(database: Database, sealed: list[str], clock: ManualClock) -> None:
    with database.begin() as conn:
        later = clock.now() + timedelta(microseconds=1)
        conn.execute(update(audit).where(audit.c.id == sealed[2]).values(time=later))
    assert verify(database).first_bad_row == sealed[2]


def test_one_flipped_bit_in_a_hash_is_named(database: Database, sealed: list[str]) -> None:
    seal = audit_seal.c.audit_id == sealed[6]
    with database.begin() as conn:
        found = bytearray(conn.scalars(select(audit_seal.c.hash).where(seal)).one())
        found[0] ^= 1
        conn.execute(update(audit_seal).where(seal).values(hash=bytes(found)))
    assert verify(database).first_bad_row == sealed[6]


def test_a_deleted_row_is_named(database: Database, sealed: list[str]) -> None:
    with database.begin() as conn:
        conn.execute(delete(audit).where(audit.c.id == sealed[3]))
    result = verify(database)
    assert (result.first_bad_row, result.reason) == (sealed[3], "the row is missing")


def test_a_row_deleted_with_its_seal_shows_at_its_successor(
    database: Database, sealed: list[str]
) -> None:
    with database.begin() as conn:
        conn.execute(delete(audit).where(audit.c.id == sealed[3]))
        conn.execute(delete(audit_seal).where(audit_seal.c.audit_id == sealed[3]))
    result = verify(database)
    assert (result.first_bad_row, result.reason) == (sealed[4], "seal 4 is missing")


def test_rows_in_another_order_are_named(database: Database, sealed: list[str]) -> None:
    with database.begin() as conn:
        for audit_id, position in ((sealed[3], -1), (sealed[5], 4), (sealed[3], 6)):
            seal = audit_seal.c.audit_id == audit_id
            conn.execute(update(audit_seal).where(seal).values(position=position))
    assert verify(database).first_bad_row == sealed[5]


def test_rows_that_swapped_their_contents_are_named(database: Database, sealed: list[str]) -> None:
    with database.begin() as conn:
        for audit_id, action in ((sealed[3], "Action5"), (sealed[5], "Action3")):
            conn.execute(update(audit).where(audit.c.id == audit_id).values(action=action))
    assert verify(database).first_bad_row == sealed[3]


def test_a_cut_tail_shows_against_a_kept_head(database: Database, sealed: list[str]) -> None:
    with database.read() as conn:
        kept = head(conn)
    with database.begin() as conn:
        conn.execute(delete(audit_seal).where(audit_seal.c.audit_id == sealed[9]))
        conn.execute(delete(audit).where(audit.c.id == sealed[9]))
    assert verify(database).first_bad_row is None
    assert verify(database, kept=kept).reason == "rows were cut off"


def test_a_chain_made_anew_shows_against_a_kept_head(database: Database, sealed: list[str]) -> None:
    with database.read() as conn:
        kept = head(conn)
    with database.begin() as conn:
        conn.execute(update(audit).where(audit.c.id == sealed[0]).values(actor="NOBODY"))
        conn.execute(delete(audit_seal))
    Sealer(database).seal()
    assert verify(database).first_bad_row is None
    assert verify(database, kept=kept).reason == "not the chain that was kept"


def test_the_running_sealer_seals_new_rows_by_itself(
    database: Database,
    clock: ManualClock,
    ids: SeededIds,
    background: Callable[[Callable[[Event], None]], Event],
) -> None:
    background(Sealer(database).run)
    look(database, clock, ids, "ListSessions")
    limit = time.monotonic() + 10
    while verify(database).rows == 0 and time.monotonic() < limit:
        time.sleep(0.02)
    assert verify(database).rows == 1


def test_a_row_numbered_early_and_committed_late_is_sealed_too(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: numbers follow commits")
    sealer = Sealer(database)
    with open_unit_of_work(database, clock=clock, ids=ids) as slow:
        slow.audit("Slow", "ELDER")
        slow.flush()
        slow._audits.clear()  # pyright: ignore[reportPrivateUsage]
        look(database, clock, ids, "Quick")
        assert sealer.seal() == 1
    assert sealer.seal() == 1
    assert verify(database).rows == 2


def test_one_sealer_goes_on_sealing_what_comes(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    sealer = Sealer(database)
    for number in range(5):
        look(database, clock, ids, f"Action{number}")
        assert sealer.seal() == 1
    assert verify(database).rows == 5


def test_a_person_sees_who_looked_newest_first_page_by_page(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    for number in range(5):
        look(database, clock, ids, f"Action{number}")
        look(database, clock, ids, "Other", subject="RESIDENT")
    seen: list[str] = []
    token = ""
    for _ in range(3):
        with database.read() as conn:
            page, token = list_accesses(conn, "ELDER", page_size=2, page_token=token)
        seen += [access.action for access in page]
    assert seen == ["Action4", "Action3", "Action2", "Action1", "Action0"]
    assert token == ""
