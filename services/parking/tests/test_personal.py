"""What parking holds about a resident: found to the last gate event, and taken out of the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from xianban_parking.personal import PERSONAL
from xianban_parking.repository.money_tables import payment
from xianban_parking.repository.tables import gate_event, session
from xianban_sdk.personal import holdings, sweep
from xianban_sdk.personal.reading import count
from xianban_sdk.storage import Database, Keyring, install_keys, migrate

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WANG, LI, RECEIPT = "01KDVHX800WANG", "01KDVHX800L1", "01KDVHX800RECE1PT"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    install_keys(Keyring.derive(b"k" * 32))
    made = Database.open(f"sqlite:///{tmp_path}/parking.db", owner="parking")
    migrate(made, "xianban_parking.migrations")
    yield made
    made.close()


def passage(number: int) -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "source": "camera",
        "event_id": str(number),
        "lot": "a",
        "gate": "north",
        "direction": "in",
        "plate": "沪A12345",
        "plate_hash": "same-plate",
        "occurred_at": NOW,
        "received_at": NOW,
        "confidence": 1000,
        "reservation": "",
        "refused": False,
    }


def stay(stay_id: str, resident: str, events: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "id": stay_id,
        "lot": "a",
        "resident": resident,
        "plate": "沪A12345",
        "plate_hash": "same-plate",
        "vehicle_kind": "car",
        "status": "closed",
        "entered_at": NOW,
        "left_at": NOW + timedelta(hours=1),
        "event_ids": events,
        "review": [],
        "void": False,
        "reservation": "",
        "permit_kind": "",
        "concessions": [],
        "charged_fen": 500,
        "paid_fen": 500,
        "due_fen": 0,
        "dispute_reason": None,
        "outcome": "",
        "created_at": NOW,
        **changes,
    }


def paid(resident: str, actor: str) -> dict[str, Any]:
    return {
        "id": f"payment-{resident}",
        "resident": resident,
        "actor": actor,
        "lot": "a",
        "payable_kind": "session",
        "payable": f"stay-{resident}",
        "amount_fen": 500,
        "refunded_fen": 0,
        "state": "captured",
        "provider": "sandbox",
        "provider_reference": "",
        "pay_url": "https://pay.example/1",
        "title": "A",
        "created_at": NOW,
        "expire_at": NOW,
        "failure": "",
        "receipt": "",
    }


@pytest.fixture
def lived_in(db: Database) -> Database:
    """One plate that Wang had first and Li has now; Wang paid for Li."""
    with db.begin() as conn:
        conn.execute(insert(gate_event), [passage(1), passage(2), passage(3)])
        conn.execute(insert(session), [stay("s1", WANG, ["event-1"])])
        conn.execute(insert(session), [stay("s2", LI, ["event-2", "event-3"])])
        conn.execute(insert(payment), [paid(WANG, WANG), paid(LI, WANG)])
    return db


def rows(db: Database, person: str) -> dict[str, int]:
    with db.read() as conn:
        counted = {h.category: count(conn, h, person) for h in holdings(PERSONAL)}
    return {category: number for category, number in counted.items() if number}


def erase(db: Database, person: str) -> None:
    with db.begin() as conn:
        sweep(conn, holdings(PERSONAL), person, RECEIPT)


def reasons(db: Database, person: str) -> list[str]:
    with db.read() as conn:
        return [hold.reason for hold in PERSONAL.holds(conn, person, NOW)]


def test_a_gate_event_belongs_to_the_stay_it_made_not_to_the_plate(lived_in: Database) -> None:
    assert rows(lived_in, WANG) == {"gate-events": 1, "payments": 1, "stays": 1}
    assert rows(lived_in, LI) == {"gate-events": 2, "payments": 1, "stays": 1}


def test_the_books_keep_their_sums_and_lose_their_person(lived_in: Database) -> None:
    erase(lived_in, WANG)
    with lived_in.read() as conn:
        kept = conn.execute(select(session).where(session.c.id == "s1")).one()
        mine, others = conn.execute(select(payment).order_by(payment.c.id.desc())).all()
        passed = conn.execute(select(gate_event).where(gate_event.c.id == "event-1")).one()
    assert (kept.resident, kept.plate, kept.plate_hash) == (RECEIPT, None, RECEIPT)
    assert (kept.charged_fen, kept.paid_fen) == (500, 500)
    assert (mine.resident, mine.pay_url, mine.amount_fen) == (RECEIPT, None, 500)
    assert (passed.plate, passed.plate_hash) == (None, RECEIPT)
    # Li's own payment stays hers, but no longer says who paid for her.
    assert (others.resident, others.actor) == (LI, RECEIPT)
    assert others.pay_url == "https://pay.example/1"


def test_somebody_elses_rows_of_the_same_plate_are_left_alone(lived_in: Database) -> None:
    before = rows(lived_in, LI)
    erase(lived_in, WANG)
    assert rows(lived_in, WANG) == {}
    assert rows(lived_in, LI) == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"due_fen": 1200}, "ARREARS"),
        ({"status": "open", "left_at": None}, "STAY_RUNNING"),
        ({"disputed_at": NOW}, "DISPUTE_OPEN"),
    ],
)
def test_what_is_open_forbids_an_erasure(
    db: Database, changes: dict[str, Any], reason: str
) -> None:
    with db.begin() as conn:
        conn.execute(insert(session), [stay("s1", WANG, [], **changes)])
    assert reasons(db, WANG) == [reason]
    assert reasons(db, LI) == []
