"""From a locator's fix to an alert, and to those who look for somebody who is lost."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from refusals import refused
from sqlalchemy import Engine, event, func, select
from xianban.common.v1 import alerts_pb2, audit_pb2, messages_pb2, readings_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.common.v1.readings_pb2_grpc import IngestServiceStub
from xianban.eldercare.v1 import monitoring_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_eldercare.consumers import on_alert_changed, on_device_unbound
from xianban_eldercare.repository.whereabouts_tables import trail_point
from xianban_sdk.demo import person_id
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

HOME = (30.9183, 121.4561)
# About 445 m north of the centre.
OUT = (30.9223, 121.4561)
MINUTE = timedelta(minutes=1)
NO_ID = "01KDVHX800N0SVCH0000000000"
_numbers = count(1)


@pytest.fixture(autouse=True)
def neighbours(eldercare):
    """Workers of the elder's 居委 and of another."""
    eldercare.world.member("teacher", "neighbourhood-worker", [HERE])
    eldercare.world.member("vendor", "neighbourhood-worker", [ELSEWHERE])
    # The demo's own place would be left with each of the tests'.
    for one in fences(eldercare):
        asked = pb.DeleteFenceRequest(name=one.name, request_id=request_id())
        as_(eldercare, "daughter").DeleteFence(asked)


def request_id():
    return f"request-{next(_numbers):06d}"


def as_(eldercare, person):
    return eldercare.as_(person, WhereaboutsServiceStub, locale="zh-CN")


def raw(
    eldercare, place, kind="location", value=0.0, unit="m", device="locator", ago=0, accuracy=8
):
    at = eldercare.clock.now() - timedelta(minutes=ago)
    made = readings_pb2.RawReading(
        device=device,
        subject=ELDER,
        kind=kind,
        value=value,
        unit=unit,
        observe_micros=int(at.timestamp() * 1_000_000),
        receive_micros=int(eldercare.clock.now().timestamp() * 1_000_000),
    )
    if place:
        made.position.latitude, made.position.longitude = place
        made.position.accuracy_m = accuracy
    return made


def ingest(eldercare, *readings):
    stub = eldercare.service.stub(IngestServiceStub, "", workload="uplink")
    asked = readings_pb2.IngestBatchRequest(readings=readings, request_id=request_id())
    return stub.IngestBatch(asked)


def told_places(eldercare, *places, device="locator"):
    """One fix a minute."""
    for place in places:
        eldercare.clock.advance(MINUTE)
        ingest(eldercare, raw(eldercare, place, device=device))


def fence(**changes):
    made = {
        "display_name": "家",
        "center": readings_pb2.Position(latitude=HOME[0], longitude=HOME[1]),
        "radius_m": 100,
        "active": True,
    }
    return pb.Fence(**(made | changes))


def create(eldercare, person="daughter", **changes):
    asked = pb.CreateFenceRequest(parent=ELDER, fence=fence(**changes), request_id=request_id())
    return as_(eldercare, person).CreateFence(asked)


def fences(eldercare, person="daughter"):
    return list(as_(eldercare, person).ListFences(pb.ListFencesRequest(parent=ELDER)).fences)


def alerts(eldercare, rule="left-place"):
    asked = monitoring_pb2.ListResidentAlertsRequest(parent=ELDER, open=True)
    found = (
        eldercare.as_("daughter", MonitoringServiceStub, locale="zh-CN")
        .ListResidentAlerts(asked)
        .alerts
    )
    return [one for one in found if one.rule == rule]


def whereabouts(eldercare, person="daughter", whose=ELDER):
    asked = pb.GetWhereaboutsRequest(name=f"{whose}/whereabouts")
    return as_(eldercare, person).GetWhereabouts(asked)


def start(eldercare, person="daughter", hours=0, reason="买菜没有回来", whose=ELDER):
    asked = pb.StartSearchRequest(parent=whose, reason=reason, hours=hours, request_id=request_id())
    return as_(eldercare, person).StartSearch(asked)


def end(eldercare, name, person="daughter", note="在公园找到"):
    asked = pb.EndSearchRequest(name=name, note=note, request_id=request_id())
    return as_(eldercare, person).EndSearch(asked)


def look(eldercare, name, person="teacher"):
    return as_(eldercare, person).GetSearch(pb.GetSearchRequest(name=name))


def searches(eldercare, person="teacher"):
    return list(as_(eldercare, person).ListSearches(pb.ListSearchesRequest()).searches)


def trail(eldercare, name, person="daughter", **page):
    return as_(eldercare, person).ListTrailPoints(pb.ListTrailPointsRequest(parent=name, **page))


def emitted(eldercare, key):
    with eldercare.db.read() as conn:
        query = select(outbox.c.data).where(outbox.c.routing_key == key).order_by(outbox.c.id)
        return [bytes(one) for one in conn.scalars(query)]


def messages(eldercare, template):
    found = emitted(eldercare, "eldercare.v1.message_requested")
    read = [messages_pb2.MessageRequested.FromString(one) for one in found]
    return [one for one in read if one.template == template]


def opened(eldercare):
    resources = eldercare.service.resources
    return open_unit_of_work(eldercare.db, clock=eldercare.clock, ids=resources.ids)


@contextmanager
def statements(table):
    """How often the databases are asked for a table meanwhile."""
    asked = []

    def keep(_conn, _cursor, statement, *_more):
        if f"FROM {table}" in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


class TestCreateFence:
    def test_strangers_find_nobody_and_carers_and_the_elder_set_none(self, eldercare):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            create(eldercare, "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            create(eldercare, "resident")
        for person in ("carer", "elder"):
            with refused("PERMISSION_DENIED", "POLICY_DENIED"):
                create(eldercare, person)
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            create(eldercare, "operator")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"radius_m": 49}, "fence.radius_m"),
            ({"radius_m": 5001}, "fence.radius_m"),
            ({"display_name": ""}, "fence.display_name"),
            ({"start_minute": 1440}, "fence.start_minute"),
            ({"center": readings_pb2.Position(latitude=91)}, "fence.center.latitude"),
            ({"center": None}, "fence.center"),
        ],
    )
    def test_what_is_wrong_is_refused_by_its_name(self, eldercare, changes, field):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
            create(eldercare, **changes)

    def test_family_and_staff_set_places_and_the_elder_sees_them(self, eldercare):
        create(eldercare, "daughter")
        create(eldercare, "doctor", display_name="日间照料中心")
        shown = fences(eldercare, "elder")
        assert [(one.display_name, one.version, one.away) for one in shown] == [
            ("家", 1, False),
            ("日间照料中心", 1, False),
        ]

    def test_there_is_room_for_a_handful(self, eldercare):
        for _ in range(8):
            create(eldercare)
        with refused("FAILED_PRECONDITION", "FENCES_TOO_MANY", "fence"):
            create(eldercare)

    def test_the_same_request_makes_one_place(self, eldercare):
        asked = pb.CreateFenceRequest(parent=ELDER, fence=fence(), request_id="request-same")
        stub = as_(eldercare, "daughter")
        assert stub.CreateFence(asked).name == stub.CreateFence(asked).name
        assert len(fences(eldercare)) == 1


class TestUpdateFence:
    def change(self, eldercare, one, person="daughter"):
        asked = pb.UpdateFenceRequest(fence=one, request_id=request_id())
        return as_(eldercare, person).UpdateFence(asked)

    def test_who_saw_an_old_version_looks_again(self, eldercare):
        one = create(eldercare)
        changed = self.change(eldercare, one)
        assert changed.version == 2
        with refused("ABORTED", "FENCE_CHANGED", "fence.version"):
            self.change(eldercare, one)

    def test_an_absent_place_is_not_found(self, eldercare):
        one = fence(name=f"{ELDER}/fences/{NO_ID}")
        with refused("NOT_FOUND", "FENCE_NOT_FOUND", "name"):
            self.change(eldercare, one)

    def test_a_place_that_is_moved_begins_anew_and_its_alert_is_over(self, eldercare):
        one = create(eldercare)
        told_places(eldercare, OUT, OUT)
        one.radius_m = 1000
        assert not self.change(eldercare, one).away
        assert alerts(eldercare)[0].HasField("clear_time")
        told_places(eldercare, OUT, OUT)
        assert alerts(eldercare)[0].occurrences == 0


class TestDeleteFence:
    def test_it_is_gone_with_its_alert(self, eldercare):
        one = create(eldercare)
        told_places(eldercare, OUT, OUT)
        asked = pb.DeleteFenceRequest(name=one.name, request_id=request_id())
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            as_(eldercare, "elder").DeleteFence(asked)
        as_(eldercare, "daughter").DeleteFence(asked)
        assert fences(eldercare) == []
        assert alerts(eldercare)[0].HasField("clear_time")
        again = pb.DeleteFenceRequest(name=one.name, request_id=request_id())
        with refused("NOT_FOUND", "FENCE_NOT_FOUND", "name"):
            as_(eldercare, "daughter").DeleteFence(again)


class TestListFences:
    def test_staff_of_another_area_and_strangers_learn_nothing(self, eldercare):
        create(eldercare)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            fences(eldercare, "resident")
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            fences(eldercare, "operator")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            fences(eldercare, "teacher")

    def test_where_the_locators_stand_is_read_once_for_all_places(self, eldercare):
        for _ in range(4):
            create(eldercare)
        told_places(eldercare, OUT, OUT)
        with statements("fence_state") as asked:
            assert [one.away for one in fences(eldercare)] == [True] * 4
        assert len(asked) == 1


class TestLeaving:
    def test_it_is_told_to_the_family_first_and_says_where(self, eldercare):
        create(eldercare)
        told_places(eldercare, HOME, OUT, OUT)
        [alert] = alerts(eldercare)
        assert (alert.rung, alert.severity) == ("family", alerts_pb2.ALERT_SEVERITY_SEVERE)
        assert "家" in alert.reasons[0].display
        assert "340" in alert.reasons[0].display
        assert alert.position.latitude == OUT[0]
        [shown] = fences(eldercare)
        assert shown.away
        assert shown.away_time.seconds > 0

    def test_one_fix_is_no_leaving_and_a_coarse_one_never_is(self, eldercare):
        create(eldercare)
        told_places(eldercare, HOME, OUT, HOME)
        for _ in range(3):
            eldercare.clock.advance(MINUTE)
            ingest(eldercare, raw(eldercare, (31.0, 121.4561), accuracy=300))
        assert alerts(eldercare) == []

    def test_late_repeated_and_reordered_fixes_never_double_it(self, eldercare):
        create(eldercare)
        told_places(eldercare, OUT, OUT)
        again = [raw(eldercare, OUT, ago=n) for n in (3, 1, 0, 2, 1)]
        ingest(eldercare, *again, *again)
        ingest(eldercare, raw(eldercare, HOME, ago=4), raw(eldercare, HOME, ago=5))
        [alert] = alerts(eldercare)
        assert (alert.occurrences, alert.HasField("clear_time")) == (0, False)
        assert len(emitted(eldercare, "eldercare.v1.alert_raised")) == 1

    def test_coming_back_clears_it_once(self, eldercare):
        create(eldercare)
        told_places(eldercare, OUT, OUT, HOME, HOME, HOME, HOME)
        [alert] = alerts(eldercare)
        assert alert.HasField("clear_time")
        assert not fences(eldercare)[0].away
        told = emitted(eldercare, "eldercare.v1.alert_changed")
        steps = [alerts_pb2.AlertChanged.FromString(one).step.action for one in told]
        assert steps.count("cleared") == 1

    def test_standings_are_read_once_whatever_the_number_of_places_and_locators(self, eldercare):
        for _ in range(4):
            create(eldercare)
        told_places(eldercare, HOME)
        told_places(eldercare, HOME, device="another")
        with statements("fence_state") as asked:
            told_places(eldercare, OUT)
        assert len(asked) == 1

    def test_two_places_are_one_alert_that_ends_with_the_second(self, eldercare):
        create(eldercare)
        create(eldercare, display_name="小区", radius_m=200)
        told_places(eldercare, OUT, OUT)
        [alert] = alerts(eldercare)
        assert {one.display for one in alert.reasons} == {
            "已在“家”范围外约 340 米",
            "已在“小区”范围外约 240 米",
        }
        near = (30.9198, 121.4561)  # 167 m: inside the larger alone.
        told_places(eldercare, near, near)
        assert not alerts(eldercare)[0].HasField("clear_time")
        told_places(eldercare, HOME, HOME)
        assert alerts(eldercare)[0].HasField("clear_time")

    def test_nobody_watches_a_place_that_is_switched_off(self, eldercare):
        create(eldercare, active=False)
        told_places(eldercare, OUT, OUT, OUT)
        assert alerts(eldercare) == []

    def test_without_consent_nothing_is_stored_and_nothing_judged(self, eldercare):
        create(eldercare)
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        told_places(eldercare, OUT, OUT)
        assert alerts(eldercare) == []

    def test_a_locator_that_is_taken_off_keeps_no_alert_alive(self, eldercare):
        create(eldercare)
        told_places(eldercare, OUT, OUT)
        gone = readings_pb2.DeviceUnbound(device="locator", subject=ELDER, domain="eldercare")
        with opened(eldercare) as uow:
            on_device_unbound(gone, uow=uow, meta=None)
        assert alerts(eldercare)[0].HasField("clear_time")


class TestGetWhereabouts:
    def test_is_the_persons_and_their_familys_alone(self, eldercare):
        for person in ("carer",):
            with refused("PERMISSION_DENIED", "POLICY_DENIED"):
                whereabouts(eldercare, person)
        for person in ("resident", "dispatcher", "doctor", "teacher"):
            with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
                whereabouts(eldercare, person)
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        with refused("PERMISSION_DENIED", "CONSENT_REQUIRED"):
            whereabouts(eldercare)

    def test_says_that_nothing_has_come(self, eldercare):
        found = whereabouts(eldercare)
        assert not found.HasField("last")
        assert found.battery.verdict == readings_pb2.READING_VERDICT_SILENT
        assert "还没有报过位置" in found.sentence

    def test_says_where_how_long_ago_how_exactly_and_how_full_the_battery_is(self, eldercare):
        create(eldercare)
        told_places(eldercare, OUT)
        ingest(eldercare, raw(eldercare, None, "battery", 12, "%"))
        eldercare.clock.advance(5 * MINUTE)
        found = whereabouts(eldercare, "elder")
        assert found.last.verdict == readings_pb2.READING_VERDICT_FRESH
        assert (found.last.age_seconds, found.last.position.accuracy_m) == (300, 8)
        assert found.battery.value == 12
        assert found.sentence == "张桂芳的定位器5 分钟前在“家”范围外约 340 米。"

    def test_an_old_place_stays_known_and_is_called_old(self, eldercare):
        told_places(eldercare, HOME)
        eldercare.clock.advance(timedelta(hours=3))
        found = whereabouts(eldercare)
        assert found.last.verdict == readings_pb2.READING_VERDICT_SILENT
        assert found.last.position.latitude == HOME[0]
        assert "3 小时前" in found.sentence
        assert "较早的位置" in found.sentence


class TestStartSearch:
    def test_carers_strangers_and_the_wrong_area_start_none(self, eldercare):
        with refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            start(eldercare, "")
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            start(eldercare, "resident")
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            start(eldercare, "carer")
        with refused("NOT_FOUND", "CARE_FILE_NOT_FOUND"):
            start(eldercare, "operator")

    @pytest.mark.parametrize(
        ("given", "field"), [({"reason": ""}, "reason"), ({"hours": 25}, "hours")]
    )
    def test_what_is_wrong_is_refused_by_its_name(self, eldercare, given, field):
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", field):
            start(eldercare, **given)

    def test_it_runs_four_hours_raises_an_urgent_alert_and_tells_the_family(self, eldercare):
        found = start(eldercare, "dispatcher")
        assert found.state == pb.SEARCH_STATE_RUNNING
        assert found.expire_time.seconds - found.start_time.seconds == 4 * 3600
        [alert] = alerts(eldercare, "lost")
        assert alert.severity == alerts_pb2.ALERT_SEVERITY_EXTREME
        assert alert.name == found.alert
        told = {one.recipient for one in messages(eldercare, "eldercare-search-started")}
        assert told == {person_id(one) for one in ("daughter", "carer", "dispatcher")}
        [event] = emitted(eldercare, "eldercare.v1.search_started")
        event = pb.SearchStarted.FromString(event).search
        assert (event.name, event.reason, event.HasField("last")) == (found.name, "", False)

    def test_its_alert_and_its_events_carry_no_place_the_search_does(self, eldercare):
        told_places(eldercare, OUT)
        eldercare.clock.advance(timedelta(hours=3))
        eldercare.world.beat()
        name = start(eldercare).name
        assert not alerts(eldercare, "lost")[0].HasField("position")
        [event] = emitted(eldercare, "eldercare.v1.alert_raised")
        assert not alerts_pb2.AlertRaised.FromString(event).alert.HasField("position")
        last = look(eldercare, name).last
        assert last.verdict == readings_pb2.READING_VERDICT_SILENT
        assert (last.position.latitude, last.age_seconds) == (OUT[0], 3 * 3600)

    def test_reporting_again_tells_nobody_twice(self, eldercare):
        first = start(eldercare)
        assert start(eldercare, "dispatcher").name == first.name
        assert start(eldercare, hours=9).expire_time == first.expire_time
        assert len(emitted(eldercare, "eldercare.v1.search_started")) == 1
        assert alerts(eldercare, "lost")[0].occurrences == 0


class TestGetSearch:
    def test_responders_of_the_area_see_the_live_place_while_it_runs(self, eldercare):
        name = start(eldercare).name
        told_places(eldercare, OUT)
        for person in ("teacher", "doctor", "dispatcher", "carer", "daughter", "elder"):
            found = look(eldercare, name, person)
            assert found.last.position.latitude == OUT[0]
            assert found.last.age_seconds == 0
        for person in ("vendor", "operator"):
            with refused("NOT_FOUND", "SEARCH_NOT_FOUND", "name"):
                look(eldercare, name, person)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            look(eldercare, name, "resident")

    def test_outside_its_time_it_is_as_absent_to_responders(self, eldercare):
        name = start(eldercare, hours=1).name
        told_places(eldercare, OUT)
        eldercare.clock.advance(timedelta(minutes=59))
        eldercare.world.beat()
        # Its time is over, although the timer has not fired yet.
        for person in ("teacher", "doctor", "dispatcher", "carer"):
            with refused("NOT_FOUND", "SEARCH_NOT_FOUND", "name"):
                look(eldercare, name, person)
            with refused("NOT_FOUND", "SEARCH_NOT_FOUND", "name"):
                trail(eldercare, name, person)
        assert searches(eldercare) == []
        shown = look(eldercare, name, "daughter")
        assert (shown.state, shown.HasField("last")) == (pb.SEARCH_STATE_EXPIRED, False)

    def test_each_look_stands_in_who_looked_at_my_data(self, eldercare):
        name = start(eldercare).name
        look(eldercare, name)
        stub = eldercare.as_("elder", CareFileServiceStub)
        found = stub.ListAccesses(audit_pb2.ListAccessesRequest(parent=ELDER)).accesses
        seen = {(one.action, one.actor) for one in found}
        assert ("GetSearch", person_id("teacher")) in seen
        assert ("StartSearch", person_id("daughter")) in seen


class TestListSearches:
    def test_an_area_sees_its_own_without_places(self, eldercare):
        start(eldercare)
        told_places(eldercare, OUT)
        [found] = searches(eldercare)
        assert (found.display_name, found.HasField("last")) == ("张桂芳", False)
        assert searches(eldercare, "vendor") == []
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            searches(eldercare, "daughter")


class TestEmergency:
    def test_without_consent_places_come_in_for_the_time_of_the_search_alone(self, eldercare):
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        pulse = raw(eldercare, None, "heart-rate", 80, "/min")
        assert ingest(eldercare, raw(eldercare, OUT)).stored == 0
        name = start(eldercare).name
        eldercare.clock.advance(MINUTE)
        answer = ingest(eldercare, pulse, raw(eldercare, OUT))
        assert (answer.stored, [one.index for one in answer.rejections]) == (1, [0])
        assert look(eldercare, name).last.position.latitude == OUT[0]
        end(eldercare, name)
        eldercare.clock.advance(MINUTE)
        assert ingest(eldercare, raw(eldercare, OUT)).stored == 0

    def test_what_comes_in_without_consent_is_for_the_search_alone(self, eldercare):
        create(eldercare)
        eldercare.world.withdraw("elder", "eldercare.monitoring")
        name = start(eldercare).name
        told_places(eldercare, OUT, OUT, OUT)
        assert alerts(eldercare) == []
        assert not fences(eldercare)[0].away
        assert len(trail(eldercare, name).points) == 3

    def test_with_consent_places_are_watched_during_a_search_too(self, eldercare):
        create(eldercare)
        start(eldercare)
        told_places(eldercare, OUT, OUT)
        assert len(alerts(eldercare)) == 1

    def test_the_person_reads_afterwards_what_was_shared_why_and_on_what_basis(self, eldercare):
        end(eldercare, start(eldercare).name)
        asked = pb.ListResidentSearchesRequest(parent=ELDER)
        [found] = as_(eldercare, "elder").ListResidentSearches(asked).searches
        assert (found.reason, found.end_note) == ("买菜没有回来", "在公园找到")
        assert "第十三条" in found.basis
        told = {one.recipient for one in messages(eldercare, "eldercare-search-ended")}
        assert person_id("elder") in told


class TestExtendSearch:
    def extend(self, eldercare, name, hours, person="daughter"):
        asked = pb.ExtendSearchRequest(name=name, hours=hours, request_id=request_id())
        return as_(eldercare, person).ExtendSearch(asked)

    def test_it_never_ends_earlier_and_lasts_a_day_at_most(self, eldercare):
        found = start(eldercare)
        begun = found.start_time.seconds
        assert self.extend(eldercare, found.name, 1).expire_time.seconds == begun + 4 * 3600
        assert self.extend(eldercare, found.name, 24).expire_time.seconds == begun + 24 * 3600
        with refused("INVALID_ARGUMENT", "REQUEST_INVALID", "hours"):
            self.extend(eldercare, found.name, 25)
        eldercare.clock.advance(timedelta(hours=5))
        eldercare.world.beat()
        eldercare.fire_timers()
        assert look(eldercare, found.name).state == pb.SEARCH_STATE_RUNNING

    def test_what_is_over_is_not_extended(self, eldercare):
        name = end(eldercare, start(eldercare).name).name
        with refused("FAILED_PRECONDITION", "SEARCH_OVER", "name"):
            self.extend(eldercare, name, 2)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            self.extend(eldercare, name, 2, "carer")


class TestEndSearch:
    def test_it_ends_once_and_takes_the_alert_with_it(self, eldercare):
        name = start(eldercare).name
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            end(eldercare, name, "elder")
        ended = end(eldercare, name)
        assert (ended.state, ended.ended_by_display) == (pb.SEARCH_STATE_ENDED, "李晓梅")
        again = end(eldercare, name, "dispatcher", "别的")
        assert (again.end_note, again.end_time) == (ended.end_note, ended.end_time)
        assert alerts(eldercare, "lost")[0].state == alerts_pb2.ALERT_STATE_RESOLVED
        assert len(emitted(eldercare, "eldercare.v1.search_ended")) == 1
        with refused("NOT_FOUND", "SEARCH_NOT_FOUND", "name"):
            look(eldercare, name)

    def test_staff_of_the_area_end_it_and_of_another_find_none(self, eldercare):
        name = start(eldercare).name
        with refused("NOT_FOUND", "SEARCH_NOT_FOUND", "name"):
            end(eldercare, name, "operator")
        assert end(eldercare, name, "doctor").state == pb.SEARCH_STATE_ENDED

    def test_who_resolves_the_alert_ends_the_sharing(self, eldercare):
        before = start(eldercare, hours=1)
        eldercare.clock.advance(timedelta(hours=1))
        eldercare.world.beat()
        eldercare.fire_timers()
        # Begun anew while the alert stands: it is the same alert.
        found = start(eldercare)
        assert found.alert == before.alert
        staff = eldercare.as_("dispatcher", AlertServiceStub)
        staff.ResolveAlert(
            alerts_pb2.ResolveAlertRequest(
                name=found.alert, note="已送回家", request_id=request_id()
            )
        )
        for one in emitted(eldercare, "eldercare.v1.alert_changed"):
            with opened(eldercare) as uow:
                event = alerts_pb2.AlertChanged.FromString(one)
                on_alert_changed(event, uow=uow, meta=None)
        assert look(eldercare, found.name, "daughter").state == pb.SEARCH_STATE_ENDED

    def test_it_ends_by_itself_and_the_alert_stays_for_people(self, eldercare):
        name = start(eldercare).name
        eldercare.clock.advance(timedelta(hours=4))
        eldercare.world.beat()
        eldercare.fire_timers()
        eldercare.fire_timers()
        shown = look(eldercare, name, "daughter")
        assert (shown.state, shown.end_time) == (pb.SEARCH_STATE_EXPIRED, shown.expire_time)
        assert len(emitted(eldercare, "eldercare.v1.search_ended")) == 1
        told = {one.recipient for one in messages(eldercare, "eldercare-search-expired")}
        assert person_id("daughter") in told
        assert alerts(eldercare, "lost")[0].state < alerts_pb2.ALERT_STATE_RESOLVED
        assert start(eldercare).name != name


class TestListTrailPoints:
    def test_only_the_time_of_the_search_is_recorded_once_and_paged(self, eldercare):
        told_places(eldercare, HOME, HOME)
        eldercare.clock.advance(MINUTE)
        name = start(eldercare).name
        told_places(eldercare, OUT, HOME, OUT)
        ingest(eldercare, raw(eldercare, OUT), raw(eldercare, OUT))
        first = trail(eldercare, name, page_size=2)
        rest = trail(eldercare, name, page_size=2, page_token=first.next_page_token)
        assert [round(one.position.latitude, 4) for one in [*first.points, *rest.points]] == [
            OUT[0],
            HOME[0],
            OUT[0],
        ]
        assert rest.next_page_token == ""
        end(eldercare, name)
        told_places(eldercare, HOME)
        assert len(trail(eldercare, name).points) == 3

    def test_where_the_person_is_now_is_not_opened_for_it(self, eldercare):
        name = start(eldercare).name
        told_places(eldercare, OUT)
        with statements("reading_latest") as asked:
            trail(eldercare, name)
            assert asked == []
            look(eldercare, name)
        assert len(asked) == 1

    def test_each_batch_adds_its_own_places_and_reads_no_others(self, eldercare):
        name = start(eldercare).name
        told_places(eldercare, OUT, HOME)
        self.forget(eldercare)
        told_places(eldercare, OUT)
        ingest(eldercare, raw(eldercare, HOME, ago=1.5, device="another"))
        assert [round(one.position.latitude, 4) for one in trail(eldercare, name).points] == [
            OUT[0],
            HOME[0],
        ]

    def test_a_backlog_joins_the_trail_whole_at_the_time_it_was_true(self, eldercare):
        eldercare.clock.advance(timedelta(hours=-1))
        name = start(eldercare).name
        eldercare.clock.advance(timedelta(hours=1))
        eldercare.world.beat()
        many = [raw(eldercare, OUT, ago=n / 12) for n in range(700)]
        ingest(eldercare, *many)
        assert self.kept(eldercare) == 700
        eldercare.clock.advance(MINUTE)
        ingest(eldercare, raw(eldercare, HOME, ago=-60))  # A clock that is an hour ahead.
        [newest] = trail(eldercare, name, page_size=1).points
        assert newest.position.latitude == HOME[0]
        assert newest.observe_time.seconds == int(eldercare.clock.now().timestamp())

    def forget(self, eldercare):
        with eldercare.db.begin() as conn:
            conn.execute(trail_point.delete())

    def test_it_is_deleted_a_week_after_the_end(self, eldercare):
        name = start(eldercare).name
        told_places(eldercare, OUT)
        ended = end(eldercare, name)
        assert ended.forget_time.seconds - ended.end_time.seconds == 7 * 86400
        eldercare.clock.advance(timedelta(days=6, hours=23))
        eldercare.fire_timers()
        assert self.kept(eldercare) == 1
        eldercare.clock.advance(timedelta(hours=1))
        eldercare.fire_timers()
        assert self.kept(eldercare) == 0

    def kept(self, eldercare):
        with eldercare.db.read() as conn:
            return conn.scalar(select(func.count()).select_from(trail_point))


class TestListResidentSearches:
    def test_is_the_elders_and_the_familys(self, eldercare):
        start(eldercare)
        asked = pb.ListResidentSearchesRequest(parent=ELDER)
        with refused("PERMISSION_DENIED", "POLICY_DENIED"):
            as_(eldercare, "carer").ListResidentSearches(asked)
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            as_(eldercare, "teacher").ListResidentSearches(asked)
        assert len(as_(eldercare, "daughter").ListResidentSearches(asked).searches) == 1
