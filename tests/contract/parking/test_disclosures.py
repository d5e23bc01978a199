"""What parking's plugins are told of residents: by their consent, or because they ask to pay."""

from __future__ import annotations

import grpc
import pytest
from parking_names import RESIDENT
from xianban.common.v1 import admin_pb2, audit_pb2
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.cli.plugin.ledger import _rows
from xianban_sdk.ledger import lines

CONCESSION = "parking.concession"
DISABLED = frozenset({"disabled-permit"})


@pytest.fixture
def holder(parking):
    """The resident holds a permit that is a right."""
    parking.own()
    asked = rpc.CreatePermitRequest(
        parent=RESIDENT,
        kind=pb.PERMIT_KIND_DISABLED,
        lot="lots/a",
        plates=["沪A99999"],
        months=1,
        request_id="permit-of-holder",
    )
    parking.people("resident").CreatePermit(asked)
    parking.gate("in")
    return parking


def looked(parking):
    asked = audit_pb2.ListAccessesRequest(parent=RESIDENT)
    return parking.people("resident").ListAccesses(asked)


class TestConcessions:
    def test_without_consent_a_plugin_is_asked_as_for_anybody(self, holder, plugin):
        holder.sessions()
        assert set(plugin.told) == {frozenset()}
        assert not looked(holder).disclosures

    def test_with_consent_it_is_told_of_the_rights_and_the_person_can_see_it(
        self, holder, plugin, relations
    ):
        relations.consent("resident", CONCESSION)
        holder.sessions()
        assert plugin.told[-1] == DISABLED
        [told] = looked(holder).disclosures
        assert (told.service, told.plugin, told.purpose) == ("parking", "FakePlugin", CONCESSION)
        assert (told.basis, told.calls >= 1, told.last_time.seconds > 0) == ("consent", True, True)

    def test_after_the_withdrawal_the_next_call_goes_without_them(self, holder, plugin, relations):
        relations.consent("resident", CONCESSION)
        holder.sessions()
        relations.withdraw("resident", CONCESSION)
        plugin.told.clear()
        holder.sessions()
        holder.gate("out")
        assert set(plugin.told) == {frozenset()}

    def test_the_permits_say_that_the_consent_is_missing(self, holder, relations):
        asked = rpc.ListPermitsRequest(parent=RESIDENT)
        permits = holder.people("resident").ListPermits
        assert permits(asked).concession_consent_missing
        relations.consent("resident", CONCESSION)
        assert not permits(asked).concession_consent_missing


class TestMachines:
    def test_a_gates_camera_is_counted_and_nobody_is_named(self, parking):
        parking.own()
        parking.gate("in")
        with parking.service.db.read() as conn:
            rows = [(one.purpose, one.basis, one.people) for one in lines(conn)]
        assert ("parking.stay", "request", 1) in rows
        assert "parking.stay" not in {one.purpose for one in looked(parking).disclosures}


class TestPayments:
    def test_paying_is_told_to_the_provider_and_seen_by_the_person(self, parking):
        parking.own()
        stay = parking.stay()
        parking.pay(stay.name, stay.due_fen)
        [told] = looked(parking).disclosures
        assert (told.purpose, told.basis, told.calls) == ("parking.payment", "request", 1)
        with parking.service.db.read() as conn:
            names = [one.capability for one in lines(conn) if one.purpose == "parking.payment"]
        assert len(set(names)) == 1
        assert len(names[0]) == 12

    def test_a_provider_that_does_not_declare_it_is_not_asked(self, parking, plugin):
        parking.own()
        stay = parking.stay()
        manifest = parking.service.resources.hooks.plugins["FakePlugin"].manifest
        object.__setattr__(manifest, "purposes", {})
        with pytest.raises(grpc.RpcError, match="provider is not available"):
            parking.pay(stay.name, stay.due_fen)
        assert plugin.pay.orders == {}
        refused = [(one.action, one.outcome) for one in looked(parking).accesses]
        assert ("Disclose", "PURPOSE_UNDECLARED") in refused


class TestLedger:
    def test_it_counts_what_a_vendors_plugin_was_told_and_names_nobody(self, parking):
        parking.own()
        stay = parking.stay()
        parking.pay(stay.name, stay.due_fen)
        path = parking.service.settings.socket("parking", "admin")
        with grpc.insecure_channel(f"unix:{path}") as channel:
            stub = AdminServiceStub(channel)
            told = _rows("parking", stub, admin_pb2.ListDisclosuresRequest(vendor="test"))
            [row] = [one for one in told if one["purpose"] == "parking.payment"]
            other = admin_pb2.ListDisclosuresRequest(vendor="another")
            assert not stub.ListDisclosures(other).lines
            assert not stub.ListDisclosures(
                admin_pb2.ListDisclosuresRequest(since="2099-01-01")
            ).lines
        assert (row["plugin"], row["purpose"]) == ("FakePlugin", "parking.payment")
        assert (row["people"], row["calls"], row["refused"]) == (1, 1, 0)
        assert RESIDENT.removeprefix("residents/") not in str(row)
