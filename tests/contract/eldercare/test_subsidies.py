"""Subsidies by the month, and the ledger as elders, organisations and the district see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from eldercare_names import ELDER
from eldercare_ordering import (
    STATION,
    accepted,
    books,
    deed,
    fulfilled,
    later,
    level_of,
    orders,
    placed,
    purse,
    quoted,
    subsidies,
    written,
)
from refusals import refused
from sqlalchemy import select
from xianban.eldercare.v1 import orders_pb2
from xianban.eldercare.v1 import subsidies_pb2 as pb
from xianban_eldercare.granting import grant_all
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import audit

SUBSIDY, OWN = 6_000, 6_001
DUE = (
    pb.LEDGER_ACCOUNT_SUBSIDY_DUE,
    pb.LEDGER_ACCOUNT_SUBSIDY_PAID,
    pb.LEDGER_ACCOUNT_OWN_DUE,
    pb.LEDGER_ACCOUNT_OWN_PAID,
)


@pytest.fixture
def station(eldercare):
    """09:00 on 23 November; the elder is 78 and of moderate need."""
    eldercare.world.age("elder", 78.5)
    eldercare.world.member("auditor", "auditor")
    eldercare.world.member("admin", "civil-affairs")
    level_of(eldercare, 3)
    written(eldercare)
    return eldercare


def granted(station):
    grant_all(station.service.resources)


def test_the_demo_s_elder_has_a_level_in_force_that_subsidies_pay_for(eldercare):
    eldercare.world.age("elder", 78.5)
    written(eldercare)
    assert quoted(eldercare).subsidy_fen == SUBSIDY


class TestGrants:
    def test_each_month_grants_once_however_often_it_is_looked_at(self, station):
        granted(station)
        granted(station)
        assert purse(station).granted_fen == 80_000 + 6_000
        later(station, days=10)
        granted(station)
        found = purse(station)
        assert (found.granted_fen, found.expired_fen) == (172_000, 86_000)
        assert [one.last_date for one in found.lots] == ["2026-12-31"] * 2
        books(station)

    def test_the_unspent_rest_is_gone_with_the_months_last_instant(self, station):
        granted(station)
        later(station, days=7, hours=14, minutes=59)
        assert purse(station).available_fen == 86_000
        later(station, minutes=1)
        assert purse(station).available_fen == 0
        books(station)

    def test_what_is_promised_outlives_the_month_and_is_settled(self, station):
        made = accepted(station, hours=24 * 7 + 14)
        assert made.start_time.ToJsonString() == "2026-11-30T15:00:00Z"
        later(station, days=7, hours=15)
        found = purse(station)
        assert (found.reserved_fen, found.available_fen) == (SUBSIDY, 0)
        stub = orders(station, "doctor")
        stub.CheckInOrder(deed(orders_pb2.CheckInOrderRequest, made))
        stub.CompleteOrder(deed(orders_pb2.CompleteOrderRequest, made))
        assert purse(station).spent_fen == SUBSIDY
        books(station)

    def test_next_months_grant_serves_next_months_services_only(self, station):
        placed(station, hours=24 * 10)
        found = purse(station)
        assert (found.available_fen, found.reserved_fen) == (0, SUBSIDY)
        assert [one.first_date for one in found.lots] == ["2026-12-01"] * 2

    def test_a_level_that_is_over_its_time_grants_nothing_and_the_quote_says_why(self, station):
        level_of(station, 3, days=-1)
        found = quoted(station)
        assert found.subsidy_fen == 0
        assert "after a new one" in found.lines[1].display
        granted(station)
        assert purse(station).granted_fen == 6_000

    def test_a_level_that_is_too_good_or_unknown_is_explained_too(self, station):
        level_of(station, 1)
        assert "present level" in quoted(station).lines[1].display
        level_of(station, 0)
        assert "no level" in quoted(station).lines[1].display

    def test_who_has_not_ordered_yet_reads_what_the_month_would_grant(self, station):
        assert "860.00" in purse(station, "daughter").sentence
        granted(station)
        assert "860.00 of subsidies are left" in purse(station).sentence


class TestGetSubsidyAccount:
    def test_not_for_strangers_nor_staff(self, station):
        for person in ("vendor", "doctor"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "name"):
                purse(station, person)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            purse(station, "carer")


class TestListSubsidyEntries:
    def test_newest_first_page_by_page_and_nobody_elses(self, station):
        fulfilled(station)
        asked = pb.ListSubsidyEntriesRequest(parent=ELDER, page_size=2)
        found = []
        while not found or asked.page_token:
            page = subsidies(station, "daughter").ListSubsidyEntries(asked)
            found += page.entries
            asked.page_token = page.next_page_token
        assert [one.kind for one in found] == [
            pb.ENTRY_KIND_SETTLE,
            pb.ENTRY_KIND_RESERVE,
            pb.ENTRY_KIND_GRANT,
            pb.ENTRY_KIND_GRANT,
        ]
        assert all(sum(side.amount_fen for side in one.postings) == 0 for one in found)
        assert found[0].display_name == "上门助浴"
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND", "parent"):
            subsidies(station, "vendor").ListSubsidyEntries(asked)


class TestStatements:
    def statement(self, station, month="2026-11", person="doctor"):
        asked = pb.GetStatementRequest(parent=STATION, month=month)
        return subsidies(station, person).GetStatement(asked)

    def entries(self, station, month="2026-11", person="doctor", size=100):
        asked = pb.ListStatementEntriesRequest(parent=STATION, month=month, page_size=size)
        found = []
        while not found or asked.page_token:
            page = subsidies(station, person).ListStatementEntries(asked)
            found += page.entries
            asked.page_token = page.next_page_token
        return found

    def test_for_managers_of_the_area_and_civil_affairs_alone(self, station):
        for person in ("daughter", "carer", "vendor"):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                self.statement(station, person=person)
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            self.statement(station, person="operator")
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            self.entries(station, person="operator")
        assert self.statement(station, person="admin") == self.statement(station)

    def test_a_month_that_is_none_names_its_field(self, station):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "month"):
            self.statement(station, month="2026-13")

    def test_it_opens_with_what_the_month_before_closed(self, station):
        fulfilled(station, receipt="R-1")
        later(station, days=9)
        fulfilled(station)
        november, december = (self.statement(station, month) for month in ("2026-11", "2026-12"))
        sums = [
            {one.account: (one.opening_fen, one.change_fen, one.closing_fen) for one in month}
            for month in (november.balances, december.balances)
        ]
        assert set(sums[0]) == set(DUE)
        assert sums[0][pb.LEDGER_ACCOUNT_OWN_PAID] == (0, OWN, OWN)
        assert sums[0][pb.LEDGER_ACCOUNT_OWN_DUE] == (0, 0, 0)
        assert sums[1][pb.LEDGER_ACCOUNT_SUBSIDY_DUE] == (SUBSIDY, SUBSIDY, 2 * SUBSIDY)
        assert (november.orders, december.orders, december.refunds) == (1, 1, 0)

    def test_its_lines_add_up_to_its_balances_page_by_page(self, station):
        made = fulfilled(station, receipt="R-1")
        asked = deed(orders_pb2.RefundOrderRequest, made, reason="x")
        orders(station, "doctor").RefundOrder(asked)
        fulfilled(station)
        for size in (1, 100):
            sums = dict.fromkeys(DUE, 0)
            for one in self.entries(station, size=size):
                for side in one.postings:
                    if side.account in sums:
                        sums[side.account] += side.amount_fen
            told = {one.account: one.closing_fen for one in self.statement(station).balances}
            assert sums == told

    def test_whose_entries_are_shown_has_been_looked_at(self, station):
        fulfilled(station)
        assert {one.elder_display for one in self.entries(station)} == {"张桂芳"}
        with station.db.read() as conn:
            query = select(audit.c.subject).where(audit.c.action == "ListStatementEntries")
            assert person_id("elder") in set(conn.scalars(query))


class TestRecordPayout:
    def pay(self, station, fen=SUBSIDY, reference="财-1", person="admin"):
        number = f"payout-{reference}-{fen}-{person}"
        asked = pb.RecordPayoutRequest(
            parent=STATION, amount_fen=fen, reference=reference, request_id=number
        )
        return subsidies(station, person).RecordPayout(asked)

    def balances(self, station):
        asked = pb.GetStatementRequest(parent=STATION, month="2026-11")
        found = subsidies(station, "doctor").GetStatement(asked).balances
        return {one.account: one.closing_fen for one in found}

    def test_who_pays_says_so_and_only_in_their_areas(self, station):
        fulfilled(station)
        for person in ("doctor", "auditor", "vendor"):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                self.pay(station, person=person)
        station.world.member("guardian", "civil-affairs", ["310120/fengpu"])
        with refused("NOT_FOUND", "ORGANISATION_NOT_FOUND", "parent"):
            self.pay(station, person="guardian")

    def test_what_was_due_is_paid_and_the_books_add_up(self, station):
        fulfilled(station)
        entry = self.pay(station)
        assert (entry.kind, entry.reference) == (pb.ENTRY_KIND_PAYOUT, "财-1")
        told = self.balances(station)
        assert told[pb.LEDGER_ACCOUNT_SUBSIDY_DUE] == 0
        assert told[pb.LEDGER_ACCOUNT_SUBSIDY_PAID] == SUBSIDY
        assert books(station)[pb.LEDGER_ACCOUNT_SUBSIDY_PAID] == SUBSIDY

    def test_never_more_than_is_due(self, station):
        fulfilled(station)
        self.pay(station, SUBSIDY - 1)
        with refused("FAILED_PRECONDITION", "PAYOUT_TOO_MUCH", "amount_fen"):
            self.pay(station, 2, "财-2")
        self.pay(station, 1, "财-3")

    def test_a_transfer_is_booked_once(self, station):
        fulfilled(station)
        self.pay(station, 1_000)
        with refused("ALREADY_EXISTS", "PAYOUT_BOOKED", "reference"):
            self.pay(station, 2_000)

    def test_a_refund_of_what_was_paid_lessens_the_next_payout(self, station):
        made = fulfilled(station)
        self.pay(station)
        asked = deed(orders_pb2.RefundOrderRequest, made, reason="x")
        orders(station, "doctor").RefundOrder(asked)
        assert self.balances(station)[pb.LEDGER_ACCOUNT_SUBSIDY_DUE] == -SUBSIDY
        fulfilled(station)
        with refused("FAILED_PRECONDITION", "PAYOUT_TOO_MUCH", "amount_fen"):
            self.pay(station, 1, "财-2")
        books(station)


class TestGetLedgerBalance:
    def test_for_the_district_alone(self, station):
        for person in ("doctor", "elder", "vendor"):
            with refused("PERMISSION_DENIED", "ROLE_MISSING"):
                subsidies(station, person).GetLedgerBalance(pb.GetLedgerBalanceRequest())

    def test_everything_adds_up(self, station):
        fulfilled(station)
        accounts = books(station)
        assert accounts[pb.LEDGER_ACCOUNT_DISTRICT] == -86_000
        assert accounts[pb.LEDGER_ACCOUNT_AVAILABLE] == 86_000 - SUBSIDY


class TestErasure:
    def test_who_has_an_open_order_can_not_be_erased_yet(self, station):
        from xianban_eldercare.personal import PERSONAL

        placed(station)
        now = station.clock.now() + timedelta(0)
        with station.db.read() as conn:
            [hold] = PERSONAL.holds(conn, person_id("elder"), now)
        assert (hold.reason, hold.params) == ("ORDER_OPEN", {"count": 3})
