"""Whatever elders, organisations and the clock do, the ledger balances and agrees with a plain sum.

The handlers work on a real database; beside them a model counts fen in dictionaries and knows
nothing of accounts and entries.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select
from xianban_eldercare.domain.ledger import SOURCES
from xianban_eldercare.domain.subsidies import SubsidyRules, read_subsidies
from xianban_eldercare.handlers import fulfilment, orders, payouts, subsidies
from xianban_eldercare.handlers.orders import Asked
from xianban_eldercare.repository import MACHINE, CareFiles, Organisations, Scope
from xianban_eldercare.repository.books import Books
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow, OrderRow
from xianban_eldercare.repository.order_tables import posting, service_day
from xianban_eldercare.repository.organisation_rows import OrganisationRow
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.timers import TIMERS
from xianban_sdk.clock import ManualClock, local_day
from xianban_sdk.errors import XianbanError
from xianban_sdk.ids import SeededIds
from xianban_sdk.storage import Database, Keyring, install_keys, migrate, open_unit_of_work
from xianban_sdk.timers import Timers

# Two days before a month ends.
START = datetime(2026, 11, 28, 1, tzinfo=UTC)
HERE = "310120/nanqiao"
CAPACITY, PRICE = 5, 9_999
MONTHLY = 20_000
# Grant → (percent, months for which it holds); the first ends soon, of the second two lots stand
# side by side.
GRANTS = {"short": (40, 1), "long": (30, 2)}
STAFF = Scope("manager", areas=(HERE,), roles=frozenset({"station-manager"}))
_numbers = count(1)
# A grant and the first day of its month.
Key = tuple[str, date]


def small_rules() -> SubsidyRules:
    """Grants small enough to run out."""
    path = files("xianban_eldercare.rules").joinpath("subsidy-310120-demo-1.toml")
    data = tomllib.loads(path.read_text("utf-8"))
    common = {"zh": "补贴", "en": "Grant", "levels": [3], "fen_per_month": MONTHLY}
    grants = [
        {"key": key, "valid_months": months, "pays_percent": {"bathing": percent}} | common
        for key, (percent, months) in GRANTS.items()
    ]
    return read_subsidies(data | {"grants": grants}, "small")


RULES = small_rules()


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (subsidies, orders):
        monkeypatch.setattr(module, "SUBSIDIES", (RULES,))


@dataclass
class Lot:
    """The model's: what is left of a month's grant, and its last day."""

    last: date
    left: int = MONTHLY


@dataclass
class Known:
    """What the model knows of an order."""

    row: OrderRow
    parts: dict[Key, int] = field(default_factory=dict[Key, int])
    state: str = "placed"
    paid: bool = False


class LedgerMachine(RuleBasedStateMachine):
    """One elder and one line of a catalogue; the database is kept over all examples."""

    db: Database

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.ids = SeededIds(next(_numbers), self.clock)
        self.elder, self.item = self.ids.new(), f"bath-{next(_numbers)}"
        self.mine = Scope(self.elder, self.elder)
        self.lots: dict[Key, Lot] = {}
        self.known: list[Known] = []
        self.spent = self.expired = self.own_due = self.own_paid = 0
        self.unit(self.prepare)

    # -- the service ----------------------------------------------------------------------------

    def unit(self, deed: Any) -> Any:
        with open_unit_of_work(self.db, clock=self.clock, ids=self.ids) as uow:
            return deed(uow)

    def tried(self, deed: Any) -> Any:
        """None where the service refuses."""
        try:
            return self.unit(deed)
        except XianbanError:
            return None

    def prepare(self, uow: Any) -> None:
        due = self.clock.now() + timedelta(days=400)
        texts = {"home": "", "living": "alone", "contacts": "[]", "conditions": "[]"}
        file = CareFileRow(
            resident=self.elder, display_name="张", area=HERE, address="", care_level=3,
            allergies="[]", station="", version=1, updated_at=self.clock.now(),
            level_assessed_at=self.clock.now(), level_due_at=due, **texts,
        )  # fmt: skip
        CareFiles(uow.conn, MACHINE).add(file)
        item = ItemRow(
            "o", self.item, 1, True, "bathing", "浴", "Bath", "time", PRICE, CAPACITY, HERE,
            True, True, self.clock.now(),
        )  # fmt: skip
        Catalogue(uow.conn, MACHINE).add(item)

    # -- what people do -------------------------------------------------------------------------

    @rule(days=st.sampled_from([0, 0, 0, 0, 1, 3, 9, 27]), quantity=st.integers(1, 3))
    def order(self, days: int, quantity: int) -> None:
        self.ordered(days, quantity)

    @rule(
        quantity=st.integers(1, 2),
        receipt=st.sampled_from(["", "R-0"]),
        way=st.sampled_from(["done", "done", "nobody", "forgotten"]),
    )
    def order_and_go_on(self, quantity: int, receipt: str, way: str) -> None:
        """The ways of most orders, at once: chance alone seldom goes one to its end."""
        before = len(self.known)
        self.ordered(0, quantity)
        if len(self.known) == before:
            return
        self.accepted(self.known[-1])
        if way == "done":
            self.done(self.known[-1], receipt)
        else:
            self.wait(1 if way == "nobody" else 72)
            self.found_nobody(self.known[-1])

    def ordered(self, days: int, quantity: int) -> None:
        start = self.clock.now() + timedelta(days=days, hours=1)
        asked = Asked(self.elder, ("o", self.item), start, quantity)
        row = self.tried(lambda uow: orders.place_order(asked, scope=self.mine, uow=uow))
        day = local_day(start)
        taken = self.taken(day)
        assert (row is None) == (taken + quantity > CAPACITY)
        if row is not None:
            self.promise(row, day)

    def taken(self, day: date) -> int:
        standing = ("placed", "accepted", "fulfilled", "refunded")
        mine = [one.row for one in self.known if one.state in standing]
        return sum(row.quantity for row in mine if row.day == day)

    def promise(self, row: OrderRow, day: date) -> None:
        month = day.replace(day=1)
        for key, (_, months) in GRANTS.items():
            later = (month + timedelta(days=31 * months)).replace(day=1)
            self.lots.setdefault((key, month), Lot(later - timedelta(days=1)))
        known = Known(row)
        for key, (percent, _) in GRANTS.items():
            wanted = PRICE * row.quantity * percent // 100
            for (other, first), lot in sorted(self.lots.items()):
                if other == key and first <= day <= lot.last and not self.over(lot):
                    known.parts[key, first] = min(wanted, lot.left)
                    lot.left -= known.parts[key, first]
                    wanted -= known.parts[key, first]
        assert row.subsidy_fen == sum(known.parts.values())
        self.known.append(known)

    def over(self, lot: Lot) -> bool:
        return local_day(self.clock.now()) > lot.last

    def free(self, one: Known, state: str) -> None:
        for first, fen in one.parts.items():
            if self.over(self.lots[first]):
                self.expired += fen
            else:
                self.lots[first].left += fen
        one.parts, one.state = {}, state

    def pick(self, number: int, *states: str) -> Known:
        """One of those with which it should work, as long as there are any."""
        fit = [one for one in self.known if one.state in states] or self.known
        return fit[number % len(fit)]

    some = st.integers(0, 99)

    @precondition(lambda self: self.known)
    @rule(number=some)
    def accept(self, number: int) -> None:
        self.accepted(self.pick(number, "placed"))

    def accepted(self, one: Known) -> None:
        deed = fulfilment.accept_order
        if self.tried(lambda uow: deed(one.row.id, scope=STAFF, uow=uow)):
            assert one.state == "placed"
            one.state = "accepted"

    @precondition(lambda self: self.known)
    @rule(number=some, theirs=st.booleans())
    def call_off(self, number: int, theirs: bool) -> None:
        one = self.pick(number)
        deed = fulfilment.decline_order if theirs else orders.cancel_order
        scope = STAFF if theirs else self.mine
        if self.tried(lambda uow: deed(one.row.id, "x", scope=scope, uow=uow)):
            self.free(one, "off")

    @precondition(lambda self: self.known)
    @rule(number=some, receipt=st.sampled_from(["", "R-1"]))
    def do(self, number: int, receipt: str) -> None:
        self.done(self.pick(number, "accepted"), receipt)

    def done(self, one: Known, receipt: str) -> None:
        key = one.row.id

        def deed(uow: Any) -> OrderRow:
            fulfilment.check_in_order(key, None, scope=STAFF, uow=uow)
            return fulfilment.complete_order(key, receipt, scope=STAFF, uow=uow)

        if self.tried(deed):
            self.spent += sum(one.parts.values())
            self.own_due += one.row.own_fen
            one.state = "fulfilled"
            if receipt:
                self.pay_model(one, one.row.own_fen)

    @precondition(lambda self: self.known)
    @rule(number=some)
    def pay(self, number: int) -> None:
        one = self.pick(number, "fulfilled", "nobody")
        deed = fulfilment.record_own_payment
        after = self.tried(lambda uow: deed(one.row.id, "R-2", scope=STAFF, uow=uow))
        if after:
            self.pay_model(one, after.own_fen)

    def pay_model(self, one: Known, fen: int) -> None:
        assert not one.paid
        one.paid = True
        self.own_due -= fen
        self.own_paid += fen

    @precondition(lambda self: self.known)
    @rule(number=some)
    def find_nobody(self, number: int) -> None:
        self.found_nobody(self.pick(number, "accepted"))

    def found_nobody(self, one: Known) -> None:
        deed = fulfilment.report_no_show
        after = self.tried(lambda uow: deed(one.row.id, scope=STAFF, uow=uow))
        if after:
            self.own_due += one.row.own_fen // 2
            self.free(one, "nobody")

    @precondition(lambda self: self.known)
    @rule(number=some)
    def refund(self, number: int) -> None:
        one = self.pick(number, "fulfilled")
        deed = fulfilment.refund_order
        if self.tried(lambda uow: deed(one.row.id, "x", scope=STAFF, uow=uow)):
            self.spent -= sum(one.parts.values())
            if one.paid:
                self.own_paid -= one.row.own_fen
            else:
                self.own_due -= one.row.own_fen
            self.free(one, "refunded")

    @rule(share=st.sampled_from([1, 2, 3]))
    def pay_out(self, share: int) -> None:
        """A part of what is due; a fen more than is due is never booked."""
        due, paid = self.subsidies()
        fen = max(due, 0) // share
        assert self.paid_out(max(due, 0) + 1) is None
        assert not fen or self.paid_out(fen)
        assert self.subsidies() == (due - fen, paid + fen)

    def paid_out(self, fen: int) -> Any:
        """None where the service refuses."""
        reference = f"R-{next(_numbers)}"
        deed = payouts.record_payout
        return self.tried(lambda uow: deed("o", fen, reference, scope=STAFF, uow=uow))

    def subsidies(self) -> tuple[int, int]:
        """What the organisation is owed by the district, and was paid."""
        with self.db.read() as conn:
            totals = Books(conn, MACHINE).totals()
        return totals.get("subsidy-due", 0), totals.get("subsidy-paid", 0)

    @rule(hours=st.sampled_from([1, 1, 1, 2, 24, 72, 24 * 9, 24 * 40]))
    def wait(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))
        Timers(self.db, TIMERS, clock=self.clock, ids=self.ids).fire_due()
        now = self.clock.now()
        for one in self.known:
            unanswered = one.state == "placed" and now >= one.row.start_at
            undone = one.state == "accepted" and now >= one.row.start_at + timedelta(hours=48)
            if unanswered or undone:
                self.free(one, "lapsed")
        for lot in self.lots.values():
            if self.over(lot):
                self.expired += lot.left
                lot.left = 0

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def every_entry_sums_to_zero(self) -> None:
        with self.db.read() as conn:
            books = Books(conn, MACHINE)
            assert books.unbalanced() == 0
            assert sum(books.totals().values()) == 0

    @invariant()
    def nothing_but_a_source_is_below_zero(self) -> None:
        with self.db.read() as conn:
            keys = (posting.c.account, posting.c.resident, posting.c.organisation, posting.c.lot)
            query = select(*keys, func.sum(posting.c.amount_fen)).group_by(*keys)
            below = {row[0] for row in conn.execute(query) if row[-1] < 0}
        # A refund of what was paid out is owed back.
        assert below <= {*(one.value for one in SOURCES), "subsidy-due"}

    @invariant()
    def the_accounts_say_what_the_model_counted(self) -> None:
        with self.db.read() as conn:
            books = Books(conn, Scope(self.elder, self.elder))
            found = subsidies.purse_of(books.by_lot(self.elder), "")
            due = books.own_due(self.elder)
        promised = [one for one in self.known if one.state in ("placed", "accepted")]
        assert found.available == sum(lot.left for lot in self.lots.values())
        assert found.reserved == sum(sum(one.parts.values()) for one in promised)
        assert (found.spent, found.expired, due) == (self.spent, self.expired, self.own_due)
        assert found.granted == MONTHLY * len(self.lots)
        assert found.granted - found.spent - found.expired == found.available + found.reserved

    @invariant()
    def places_are_what_stands(self) -> None:
        with self.db.read() as conn:
            query = select(service_day).where(service_day.c.item == self.item)
            found = {row.day: row.taken for row in conn.execute(query) if row.taken}
        assert found == {one.row.day: self.taken(one.row.day) for one in self.known
                         if self.taken(one.row.day)}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def database() -> Any:
    install_keys(Keyring.derive(b"k" * 32))
    folder = Path(tempfile.mkdtemp(prefix="xb-books-"))
    made = Database.open(f"sqlite:///{folder}/books.db", owner="eldercare")
    migrate(made, "xianban_eldercare.migrations")
    clock = ManualClock(START)
    with open_unit_of_work(made, clock=clock, ids=SeededIds(1, clock)) as uow:
        row = OrganisationRow("o", "站", "home-care", HERE, "", None, "", "", 1, 1)
        Organisations(uow.conn, MACHINE).add(row)
    LedgerMachine.db = made
    yield
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
