"""Vehicles and their stays: whose they are, what they cost, what late events change."""

from __future__ import annotations

from datetime import timedelta

import grpc
from parking_names import DAUGHTER, OTHER_PLATE, PLATE, RESIDENT, refused
from xianban.common.v1 import audit_pb2
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_parking.hookspecs import Concession

NOT_FOUND = grpc.StatusCode.NOT_FOUND
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class TestCreateVehicle:
    def test_nobody_for_a_stranger(self, parking):
        with refused(NOT_FOUND):
            parking.own(parent=RESIDENT, person="daughter")

    def test_one_spelling_per_plate(self, parking):
        first = parking.own("沪ad１2345")
        assert first.plate == "沪AD12345"
        assert first.kind == pb.VEHICLE_KIND_ELECTRIC
        assert parking.own("沪A·D12345").name == first.name

    def test_a_plate_belongs_to_one_resident(self, parking):
        parking.own()
        with refused(grpc.StatusCode.ALREADY_EXISTS, "claim"):
            parking.own(parent=DAUGHTER, person="daughter")

    def claim(self, parking, request_id="claim-001"):
        asked = rpc.CreateVehicleRequest(
            parent=DAUGHTER, plate=PLATE, claim=True, request_id=request_id
        )
        return parking.people("daughter").CreateVehicle(asked)

    def test_a_claim_moves_the_plate_and_leaves_past_stays(self, parking):
        parking.own()
        parking.stay()
        self.claim(parking)
        mine = rpc.ListVehiclesRequest(parent=RESIDENT)
        assert not parking.people("resident").ListVehicles(mine).vehicles
        assert len(parking.sessions()) == 1
        assert not parking.sessions(DAUGHTER, "daughter")

    def test_no_claim_while_the_holder_is_inside(self, parking):
        parking.own()
        parking.gate("in")
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            self.claim(parking)


class TestDeleteVehicle:
    def test_only_ones_own(self, parking):
        made = parking.own()
        asked = rpc.DeleteVehicleRequest(
            name=made.name.replace(RESIDENT, DAUGHTER), request_id="delete-01"
        )
        with refused(NOT_FOUND):
            parking.people("daughter").DeleteVehicle(asked)
        asked.name = made.name
        parking.people("resident").DeleteVehicle(asked)
        left = rpc.ListVehiclesRequest(parent=RESIDENT)
        assert not parking.people("resident").ListVehicles(left).vehicles


class TestListSessions:
    def test_nobody_sees_a_strangers_stays(self, parking):
        with refused(NOT_FOUND):
            parking.people("daughter").ListSessions(rpc.ListSessionsRequest(parent=RESIDENT))

    def test_a_plate_nobody_registered_is_nobodys(self, parking):
        parking.stay_of_stranger = parking.gate("in", OTHER_PLATE)
        assert not parking.sessions()

    def test_the_fee_runs_while_the_vehicle_is_inside(self, parking):
        parking.own()
        parking.gate("in")
        parking.clock.advance(90 * MINUTE)
        stay = parking.sessions()[0]
        assert (stay.state, stay.due_fen) == (pb.SESSION_STATE_OPEN, 1000)
        assert sum(line.amount_fen for line in stay.quote.lines) == stay.quote.total_fen


class TestGetSession:
    def test_someone_elses_answers_as_an_absent_one(self, parking):
        parking.own()
        stay = parking.stay()
        for name in (stay.name, stay.name.replace(RESIDENT, DAUGHTER)):
            with refused(NOT_FOUND):
                parking.people("daughter").GetSession(rpc.GetSessionRequest(name=name))

    def test_family_sees_it_until_it_is_revoked(self, parking, relations):
        parking.own()
        stay = parking.stay()
        relations.grant("daughter", "resident", scopes=["parking"])
        asked = rpc.GetSessionRequest(name=stay.name)
        assert parking.people("daughter").GetSession(asked).name == stay.name
        relations.revoke("daughter", "resident")
        with refused(NOT_FOUND):
            parking.people("daughter").GetSession(asked)


class TestReceiveGateMessage:
    def test_a_camera_that_does_not_prove_itself_is_refused(self, parking):
        from google.api import httpbody_pb2
        from xianban.parking.v1 import operator_pb2 as op

        asked = op.ReceiveGateMessageRequest(
            gate="gates/fake-gate", body=httpbody_pb2.HttpBody(data=b"[]")
        )
        with refused(grpc.StatusCode.PERMISSION_DENIED):
            parking.machines().ReceiveGateMessage(asked)
        asked.gate = "gates/unknown"
        with refused(NOT_FOUND):
            parking.machines().ReceiveGateMessage(asked)

    def test_free_minutes_open_the_barrier(self, parking):
        parking.own()
        parking.gate("in")
        parking.clock.advance(10 * MINUTE)
        assert parking.gate("out").command == "open"
        stay = parking.sessions()[0]
        assert (stay.state, stay.due_fen) == (pb.SESSION_STATE_CLOSED, 0)

    def test_who_owes_is_asked_to_pay(self, parking):
        parking.own()
        parking.gate("in")
        parking.clock.advance(2 * HOUR)
        told = parking.gate("out")
        assert told.command == "pay"
        assert "10.00" in told.display

    def test_credit_exit_lets_a_registered_vehicle_without_arrears_go(self, parking):
        parking.add_lot("c", credit_exit=True)
        parking.own()
        parking.gate("in", lot="c")
        parking.clock.advance(2 * HOUR)
        assert parking.gate("out", lot="c").command == "open"
        assert parking.sessions()[0].due_fen == 1000
        parking.clock.advance(HOUR)
        parking.gate("in", lot="c")
        parking.clock.advance(2 * HOUR)
        assert parking.gate("out", lot="c").command == "pay"

    def test_the_same_event_twice_is_one_passage(self, parking):
        parking.own()
        first = parking.gate("in", event="same")
        again = parking.gate("in", event="same")
        assert not first.results[0].duplicate
        assert again.results[0].duplicate
        assert len(parking.sessions()) == 1

    def test_out_of_order_gives_the_same_stay(self, parking):
        parking.own()
        now = parking.clock.now()
        parking.gate("out", at=now - 10 * MINUTE)
        assert parking.sessions()[0].state == pb.SESSION_STATE_ENTRY_MISSING
        parking.gate("in", at=now - 130 * MINUTE)
        [stay] = parking.sessions()
        assert (stay.state, stay.due_fen) == (pb.SESSION_STATE_CLOSED, 1000)

    def test_a_lost_exit_ends_with_the_next_entry(self, parking):
        parking.own()
        parking.gate("in")
        parking.clock.advance(3 * HOUR)
        parking.gate("in")
        states = [stay.state for stay in parking.sessions()]
        assert states == [pb.SESSION_STATE_OPEN, pb.SESSION_STATE_EXIT_MISSING]

    def test_one_bad_event_costs_only_itself(self, parking):
        at = parking.clock.now().isoformat()
        event = {"lot": "a", "direction": "in", "at": at}
        told = parking.gate_message(
            [
                {**event, "id": "1", "plate": "???"},
                {**event, "id": "2", "plate": PLATE, "lot": "nowhere"},
                {**event, "id": "3", "plate": PLATE},
            ]
        )
        assert [one.accepted for one in told.results] == [False, False, True]
        assert [one.field for one in told.results] == ["plate", "lot", ""]
        assert told.command == "open"

    def test_concessions_are_asked_and_explained(self, parking, plugin):
        plugin.granted = [Concession("visit", {"en": "Visit"}, free_minutes=60)]
        parking.own()
        stay = parking.stay(hours=2)
        assert stay.due_fen == 500
        assert any("Concession: Visit" in line.text for line in stay.quote.lines)


class TestDisputeSession:
    def contest(self, parking, stay, person="resident"):
        asked = rpc.DisputeSessionRequest(
            name=stay.name, reason="I left at noon", request_id="dispute-1"
        )
        return parking.people(person).DisputeSession(asked)

    def test_only_ones_own_and_once(self, parking):
        parking.own()
        stay = parking.stay()
        with refused(NOT_FOUND):
            self.contest(parking, stay, "daughter")
        assert self.contest(parking, stay).state == pb.SESSION_STATE_DISPUTED
        again = rpc.DisputeSessionRequest(name=stay.name, reason="again", request_id="dispute-2")
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            parking.people("resident").DisputeSession(again)

    def test_the_gate_opens_meanwhile(self, parking):
        parking.own()
        self.contest(parking, parking.stay())
        assert parking.gate("out", event="e2").command == "open"


class TestListAccesses:
    def test_who_looked_is_shown_to_the_person(self, parking, relations):
        relations.grant("daughter", "resident", scopes=["parking"])
        asked = rpc.ListSessionsRequest(parent=RESIDENT)
        parking.people("daughter").ListSessions(asked)
        found = parking.people("resident").ListAccesses(
            audit_pb2.ListAccessesRequest(parent=RESIDENT)
        )
        looks = [(one.action, one.basis) for one in found.accesses]
        assert ("ListSessions", "family") in looks
