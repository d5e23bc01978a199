"""The registry: who may see and change devices, and what the gateway hears of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from eldercare_names import ELDER, ELSEWHERE, HERE
from refusals import refused
from xianban.sensing.v1 import devices_pb2 as pb
from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk.demo import person_id
from xianban_sdk.ledger import lines, told_of
from xianban_sensing.secret_hashes import matches

_numbers = count(1)


def request_id():
    return f"device-{next(_numbers):06d}"


def create(sensing, device="band-1", area=HERE, model="fake-band", person="admin"):
    described = pb.Device(model=model, display_name="手环", organisation="南桥站", area=area)
    asked = pb.CreateDeviceRequest(device_id=device, device=described, request_id=request_id())
    return sensing.as_(person).CreateDevice(asked)


def bind(sensing, device="band-1", subject=ELDER, person="doctor"):
    asked = pb.BindDeviceRequest(
        name=f"devices/{device}", subject=subject, domain="eldercare", request_id=request_id()
    )
    return sensing.as_(person).BindDevice(asked)


def bindings(sensing, after=0, size=0):
    asked = pb.ListBindingsRequest(after_sequence=after, page_size=size)
    return sensing.inside("uplink").ListBindings(asked)


class TestCreateDevice:
    @pytest.mark.parametrize("person", ["", "daughter", "doctor"])
    def test_only_the_keeper_registers(self, sensing, person):
        code = "PERMISSION_DENIED" if person else "UNAUTHENTICATED"
        with refused(code, "ROLE_MISSING" if person else "TOKEN_MISSING"):
            create(sensing, person=person)

    def test_the_secret_is_told_once_and_kept_as_a_hash(self, sensing):
        made = create(sensing)
        assert made.uplink_topic == "xianban/v1/devices/band-1/up"
        assert len(made.secret) >= 43
        [known] = bindings(sensing).bindings
        assert made.secret not in str(known)
        assert matches(made.secret, known.secret_hash)

    def test_an_id_is_given_once(self, sensing):
        create(sensing)
        with refused("ALREADY_EXISTS", "DEVICE_EXISTS", "device_id"):
            create(sensing)

    def test_a_model_that_nobody_reads_is_refused(self, sensing):
        with refused("INVALID_ARGUMENT", "DEVICE_MODEL_UNKNOWN", "device.model"):
            create(sensing, model="no-such")


class TestListDevices:
    def test_each_station_sees_its_own(self, sensing):
        create(sensing, "a-here")
        create(sensing, "b-there", ELSEWHERE)
        here = sensing.as_("doctor").ListDevices(pb.ListDevicesRequest())
        there = sensing.as_("operator").ListDevices(pb.ListDevicesRequest())
        assert [one.name for one in here.devices] == ["devices/a-here"]
        assert [one.name for one in there.devices] == ["devices/b-there"]
        with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):
            sensing.as_("doctor").GetDevice(pb.GetDeviceRequest(name="devices/b-there"))

    def test_pages_hold_every_device_once(self, sensing):
        for number in range(5):
            create(sensing, f"band-{number}")
        found, token = [], ""
        while True:
            asked = pb.ListDevicesRequest(page_size=2, page_token=token)
            page = sensing.as_("admin").ListDevices(asked)
            found += [one.name for one in page.devices]
            token = page.next_page_token
            if not token:
                break
        assert found == [f"devices/band-{number}" for number in range(5)]


class TestListResidentDevices:
    def test_the_elder_and_the_family_see_theirs_a_stranger_nobody(self, sensing):
        create(sensing)
        bind(sensing)
        asked = pb.ListResidentDevicesRequest(parent=ELDER)
        for person in ("elder", "daughter"):
            assert len(sensing.as_(person).ListResidentDevices(asked).devices) == 1
        with refused("NOT_FOUND", "RESIDENT_NOT_FOUND"):
            sensing.as_("vendor").ListResidentDevices(asked)


class TestBindDevice:
    def test_a_station_elsewhere_finds_no_device(self, sensing):
        create(sensing)
        with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):
            bind(sensing, person="operator")

    def test_it_speaks_for_one_at_a_time(self, sensing):
        create(sensing)
        assert bind(sensing).subject == ELDER
        assert bind(sensing).subject == ELDER
        with refused("FAILED_PRECONDITION", "DEVICE_BOUND_ALREADY"):
            bind(sensing, subject=f"residents/{person_id('resident')}")

    def test_the_gateway_hears_of_each_change_in_order(self, sensing):
        create(sensing)
        last = bindings(sensing).bindings[-1].sequence
        bind(sensing)
        [changed] = bindings(sensing, last).bindings
        assert (changed.subject, changed.domain, changed.active) == (ELDER, "eldercare", True)
        asked = pb.SetDeviceStateRequest(
            name="devices/band-1", state=pb.DEVICE_STATE_RETIRED, request_id=request_id()
        )
        sensing.as_("admin").SetDeviceState(asked)
        [retired] = bindings(sensing, changed.sequence).bindings
        assert (retired.subject, retired.active) == ("", False)
        with refused("FAILED_PRECONDITION", "DEVICE_RETIRED"):
            bind(sensing)


class TestRotateDeviceSecret:
    def test_the_old_secret_is_gone(self, sensing):
        first = create(sensing)
        before = bindings(sensing).bindings[-1]
        asked = pb.RotateDeviceSecretRequest(name="devices/band-1", request_id=request_id())
        second = sensing.as_("admin").RotateDeviceSecret(asked)
        [after] = bindings(sensing, before.sequence).bindings
        assert second.secret != first.secret
        assert after.secret_hash != before.secret_hash


class TestAHandOverThatAReferralAsksFor:
    def kept(self, sensing, number):
        found = sensing.as_("admin").GetDevice(pb.GetDeviceRequest(name=f"devices/band-{number}"))
        return found.subject, found.organisation, found.area

    def moved(self, sensing):
        for number in (1, 2):
            create(sensing, f"band-{number}")
        bind(sensing, "band-1")
        before = self.kept(sensing, 1)
        sensing.hand_over(subject=ELDER, request_id="r/in", organisation="敬老院", area=ELSEWHERE)
        return before

    def test_the_devices_go_along_and_speak_for_the_same_elder(self, sensing):
        subject, organisation, area = self.moved(sensing)
        assert self.kept(sensing, 1) == (ELDER, "敬老院", ELSEWHERE)
        assert self.kept(sensing, 2)[1:] == (organisation, area)
        [answer] = sensing.handed_over()
        assert (answer.subject, answer.request_id) == (subject, "r/in")
        [kept] = answer.before
        assert (kept.device, kept.organisation, kept.area) == ("band-1", organisation, area)

    def test_back_each_goes_where_it_was_and_the_hosts_own_speaks_for_nobody(self, sensing):
        before = self.moved(sensing)
        bind(sensing, "band-2")
        sensing.hand_over(subject="residents/nobody", request_id="x/in", organisation="敬老院")
        host = {"subject": ELDER, "request_id": "r/in-2", "organisation": "敬老院"}
        sensing.hand_over(**host, area=ELSEWHERE)
        sensing.hand_over(
            subject=ELDER,
            request_id="r/out",
            organisation="敬老院",
            back=True,
            keeping=sensing.handed_over()[0].before,
        )
        assert self.kept(sensing, 1) == before
        assert self.kept(sensing, 2) == ("", "敬老院", ELSEWHERE)

    def test_of_somebody_without_devices_the_answer_comes_too(self, sensing):
        sensing.hand_over(subject=ELDER, request_id="r/in", organisation="敬老院", area=ELSEWHERE)
        [answer] = sensing.handed_over()
        assert not answer.before


class TestReportSeen:
    def test_an_older_sign_of_life_changes_nothing(self, sensing):
        create(sensing)
        for seconds in (100, 50):
            sign = pb.DeviceSeen(device="band-1", clock_offset_s=0.5)
            sign.seen_time.FromSeconds(seconds)
            sensing.inside("uplink").ReportSeen(pb.ReportSeenRequest(seen=[sign]))
        found = sensing.as_("admin").GetDevice(pb.GetDeviceRequest(name="devices/band-1"))
        assert found.last_seen_time.seconds == 100


class TestAdmitReadings:
    def admitted(self, sensing, model="fake-band", **more):
        speaker = pb.Speaker(subject=ELDER, model=model, **more)
        asked = pb.AdmitReadingsRequest(speakers=[speaker])
        [found] = sensing.inside("uplink").AdmitReadings(asked).admissions
        return found

    def booked(self, sensing):
        with sensing.service.db.read() as conn:
            return [
                (one.purpose, one.basis, one.calls) for one in told_of(conn, person_id("elder"))
            ]

    def test_people_are_refused(self, sensing):
        stub = sensing.service.stub(UplinkServiceStub, "admin")
        with refused("PERMISSION_DENIED", "WORKLOAD_ONLY"):
            stub.AdmitReadings(pb.AdmitReadingsRequest())

    def test_with_consent_a_message_is_read_and_booked(self, sensing, relations):
        relations.consent("elder", "eldercare.monitoring")
        found = self.admitted(sensing)
        assert found.basis == "consent"
        assert self.booked(sensing) == [("eldercare.monitoring", "consent", 1)]
        with sensing.service.db.read() as conn:
            [line] = lines(conn)
        assert found.capability.startswith(f"{line.capability}-")

    def test_after_the_withdrawal_it_is_read_for_alarms_alone_and_the_ledger_says_so(
        self, sensing, relations
    ):
        relations.consent("elder", "eldercare.monitoring")
        relations.withdraw("elder", "eldercare.monitoring")
        assert self.admitted(sensing).basis == "vital"
        assert self.booked(sensing) == [("eldercare.monitoring", "vital", 1)]

    def test_after_the_withdrawal_a_model_without_alarms_is_not_read_at_all(
        self, sensing, relations
    ):
        relations.consent("elder", "eldercare.monitoring")
        assert self.admitted(sensing, "quiet-scales").basis == "consent"
        relations.withdraw("elder", "eldercare.monitoring")
        assert self.admitted(sensing, "quiet-scales") == pb.Admission()
        assert self.booked(sensing) == [("eldercare.monitoring", "consent", 1)]

    def test_what_was_read_for_alarms_while_nobody_could_be_asked_is_booked(
        self, sensing, relations
    ):
        relations.consent("elder", "eldercare.monitoring")
        assert self.admitted(sensing, read_for_alarms=True).basis == "consent"
        assert {basis for _, basis, _ in self.booked(sensing)} == {"consent", "vital"}


class TestListCommands:
    def test_the_newest_word_per_key_in_the_model_s_own_form(self, sensing):
        create(sensing)
        for word in ("received", "acknowledged"):
            sensing.command("band-1", "sos", word, f"text {word}")
        sensing.command("band-9", "sos", "received", "nobody's")
        [told] = sensing.inside("uplink").ListCommands(pb.ListCommandsRequest()).commands
        assert (told.command, told.payload) == ("acknowledged", b"text acknowledged")

    def test_each_press_keeps_a_word_of_its_own(self, sensing):
        create(sensing)
        for word in ("received", "acknowledged"):
            for press in ("band-1:p1", "band-1:p2"):
                sensing.command("band-1", "sos", word, f"text {word}", event=press)
        told = sensing.inside("uplink").ListCommands(pb.ListCommandsRequest()).commands
        assert [(one.event, one.command) for one in told] == [
            ("band-1:p1", "acknowledged"),
            ("band-1:p2", "acknowledged"),
        ]

    def test_what_is_over_is_not_said_any_more(self, sensing):
        create(sensing)
        sensing.command("band-1", "sos", "received", "text", seconds=60)
        sensing.clock.advance(timedelta(seconds=61))
        assert not sensing.inside("uplink").ListCommands(pb.ListCommandsRequest()).commands
