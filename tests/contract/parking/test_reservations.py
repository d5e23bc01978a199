"""Places that are kept: for their person, by a race nobody wins twice, and at the gate."""

from __future__ import annotations

import threading
from datetime import timedelta

import grpc
import pytest
from parking_names import DAUGHTER, OTHER_PLATE, PLATE, RESIDENT, refused
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_parking.handlers.gate_tokens import check_offline

NOT_FOUND = grpc.StatusCode.NOT_FOUND


def asked(parking, plate=PLATE, lot="a", parent=RESIDENT, starts=60, hours=2, **more):
    request = rpc.CreateReservationRequest(
        parent=parent, lot=f"lots/{lot}", plate=plate, request_id=f"request-{plate}-{lot}", **more
    )
    start = parking.clock.now() + timedelta(minutes=starts)
    request.start_time.FromDatetime(start)
    request.end_time.FromDatetime(start + timedelta(hours=hours))
    return request


def reserve(parking, **wish):
    return parking.people("resident").CreateReservation(asked(parking, **wish))


class TestCreateReservation:
    def test_nobody_without_a_token(self, parking):
        with refused(grpc.StatusCode.UNAUTHENTICATED):
            parking.people("").CreateReservation(asked(parking))

    def test_nobody_for_a_stranger(self, parking):
        with refused(NOT_FOUND):
            parking.people("daughter").CreateReservation(asked(parking))

    def test_family_may_and_the_resident_is_told(self, parking, relations):
        relations.grant("daughter", "resident", scopes=["parking"])
        made = parking.people("daughter").CreateReservation(asked(parking))
        assert made.name.startswith(RESIDENT)

    def test_the_place_is_confirmed_with_price_and_token(self, parking):
        made = reserve(parking, plate="沪Ａ·12345")
        assert made.state == pb.RESERVATION_STATE_CONFIRMED
        assert made.plate == PLATE
        assert made.quote.total_fen == 1000
        assert made.gate_token.count(".") == 2

    def test_the_same_request_again_is_the_same_reservation(self, parking):
        first, again = reserve(parking), reserve(parking)
        assert first.name == again.name

    def test_a_wrong_plate_names_sign_and_field(self, parking):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "2nd sign"):
            reserve(parking, plate="沪112345")

    def test_an_end_before_the_start_is_refused(self, parking):
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            reserve(parking, hours=-1)

    def test_a_lot_without_places_to_reserve_says_so(self, parking):
        parking.add_lot("walk-in", reservable_places=0)
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            reserve(parking, lot="walk-in")

    def test_one_plate_is_in_one_place(self, parking):
        parking.add_lot("b")
        reserve(parking)
        with refused(grpc.StatusCode.ALREADY_EXISTS):
            reserve(parking, lot="b")

    def test_two_who_race_for_the_last_place_cannot_both_win(self, parking):
        parking.add_lot("tiny", reservable_places=1)
        stubs = [(parking.people("resident"), PLATE, RESIDENT)]
        stubs += [(parking.people("daughter"), OTHER_PLATE, DAUGHTER)]
        barrier, won, lost = threading.Barrier(2), [], []

        def race(stub, plate, parent):
            request = asked(parking, plate=plate, lot="tiny", parent=parent)
            barrier.wait()
            try:
                won.append(stub.CreateReservation(request))
            except grpc.RpcError as error:
                lost.append(error.code())

        threads = [threading.Thread(target=race, args=each) for each in stubs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert lost == [grpc.StatusCode.RESOURCE_EXHAUSTED]


class TestGetReservation:
    def test_someone_elses_answers_as_an_absent_one(self, parking):
        made = reserve(parking)
        absent = made.name[:-4] + "0000"
        for name in (made.name.replace(RESIDENT, DAUGHTER), absent.replace(RESIDENT, DAUGHTER)):
            with refused(NOT_FOUND):
                parking.people("daughter").GetReservation(rpc.GetReservationRequest(name=name))
        with refused(NOT_FOUND):
            parking.people("daughter").GetReservation(rpc.GetReservationRequest(name=made.name))

    def test_the_own_one_is_shown(self, parking):
        made = reserve(parking)
        found = parking.people("resident").GetReservation(rpc.GetReservationRequest(name=made.name))
        assert found == made


class TestListReservations:
    def test_newest_first_and_only_ones_own(self, parking):
        made = reserve(parking)
        asked_list = rpc.ListReservationsRequest(parent=RESIDENT)
        found = parking.people("resident").ListReservations(asked_list).reservations
        assert [one.name for one in found] == [made.name]
        other = rpc.ListReservationsRequest(parent=DAUGHTER)
        assert not parking.people("daughter").ListReservations(other).reservations


class TestCancelReservation:
    def cancel(self, parking, made):
        asked_cancel = rpc.CancelReservationRequest(name=made.name, request_id="cancel-0001")
        return parking.people("resident").CancelReservation(asked_cancel)

    def test_the_place_is_free_again(self, parking):
        parking.add_lot("tiny", reservable_places=1)
        ended = self.cancel(parking, reserve(parking, lot="tiny"))
        assert ended.state == pb.RESERVATION_STATE_CANCELLED
        assert not ended.gate_token
        assert reserve(parking, plate=OTHER_PLATE, lot="tiny")

    def test_a_used_one_cannot_be_cancelled(self, parking):
        made = reserve(parking, starts=1)
        parking.gate("in")
        with refused(grpc.StatusCode.FAILED_PRECONDITION):
            self.cancel(parking, made)


class TestTheGate:
    def keys(self, parking):
        found = parking.machines().ListGateKeys(op.ListGateKeysRequest()).keys
        names = ("kid", "kty", "crv", "x", "y", "alg", "use")
        return [{name: getattr(key, name) for name in names} for key in found]

    def test_it_checks_the_token_with_public_keys_alone(self, parking):
        made, now = reserve(parking, starts=10), parking.clock.now()
        keys = self.keys(parking)
        assert check_offline(made.gate_token, keys, "a", PLATE, now).opens
        assert not check_offline(made.gate_token, keys, "b", PLATE, now).opens
        assert not check_offline(made.gate_token, keys, "a", OTHER_PLATE, now).opens
        late = now + timedelta(hours=3)
        assert not check_offline(made.gate_token, keys, "a", PLATE, late).opens

    def test_a_forged_token_is_an_ordinary_visit(self, parking):
        made = reserve(parking, starts=10)
        head, body, _ = made.gate_token.split(".")
        told = parking.gate("in", OTHER_PLATE, token=f"{head}.{body}.AAAA")
        assert (told.command, "not valid" in told.display or "无效" in told.display) == (
            "open",
            True,
        )

    def test_the_vehicle_uses_and_completes_its_reservation(self, parking):
        parking.own()
        made = reserve(parking, starts=5)
        assert parking.gate("in", token=made.gate_token).command == "open"
        assert self.state(parking, made) == pb.RESERVATION_STATE_USED
        parking.clock.advance(timedelta(minutes=10))
        assert parking.gate("out").command == "open"
        assert self.state(parking, made) == pb.RESERVATION_STATE_COMPLETED
        assert parking.sessions()[0].reservation == made.name

    def test_the_last_places_are_for_those_who_reserved(self, parking):
        reserve(parking, starts=5)
        parking.count("a", 1)
        turned = parking.gate("in", OTHER_PLATE, event="walk-in")
        assert turned.command == "refuse"
        assert parking.gate("in", PLATE).command == "open"
        parking.clock.advance(timedelta(minutes=1))
        parking.count("a", 30)
        again = parking.gate("in", OTHER_PLATE, event="walk-in")
        assert (again.command, again.results[0].duplicate) == ("open", True)

    def test_nobody_comes(self, parking):
        made = reserve(parking, starts=0)
        parking.clock.advance(timedelta(minutes=31))
        parking.fire_timers()
        assert self.state(parking, made) == pb.RESERVATION_STATE_NO_SHOW

    def test_somebody_stays_too_long(self, parking):
        made = reserve(parking, starts=0, hours=1)
        parking.gate("in")
        parking.clock.advance(timedelta(minutes=76))
        parking.fire_timers()
        assert self.state(parking, made) == pb.RESERVATION_STATE_OVERSTAYED

    def state(self, parking, made):
        found = parking.people("resident").GetReservation(rpc.GetReservationRequest(name=made.name))
        return found.state


class TestSubstitution:
    def test_a_lot_declared_full_moves_those_who_come(self, parking, relations, eventually):
        relations.member("operator", "parking-operator", ["310120"])
        parking.add_lot("near", latitude=30.942)
        made = reserve(parking, starts=20)
        asked_override = op.OverrideOccupancyRequest(
            lot="lots/a", free=0, minutes=60, reason="fair", request_id="override-1"
        )
        parking.operators("operator").OverrideOccupancy(asked_override)
        get = rpc.GetReservationRequest(name=made.name)

        def moved():
            found = parking.people("resident").GetReservation(get)
            assert found.state == pb.RESERVATION_STATE_SUBSTITUTED
            return found

        other = rpc.GetReservationRequest(name=eventually(moved).substitute)
        found = parking.people("resident").GetReservation(other)
        assert (found.lot, found.state) == ("lots/near", pb.RESERVATION_STATE_CONFIRMED)
        assert found.gate_token


@pytest.mark.parametrize("rpc_name", ["GetReservation", "CancelReservation"])
def test_a_malformed_name_names_the_field(parking, rpc_name):
    request = getattr(rpc, f"{rpc_name}Request")(name="reservations/1")
    with refused(grpc.StatusCode.INVALID_ARGUMENT):
        getattr(parking.people("resident"), rpc_name)(request)
