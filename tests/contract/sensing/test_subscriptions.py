"""Who is told of changes, how it is tried again, and that nobody reads another's subscriptions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from refusals import refused
from sensing_things import LOT, PARKING, create, entity, request_id, write
from xianban.sensing.v1 import context_pb2, devices_pb2
from xianban.sensing.v1 import subscriptions_pb2 as pb
from xianban_sensing import settings
from xianban_sensing.handlers.telling import send_due
from xianban_sensing.settings import SensingSettings

ID = "urn:ngsi-ld:Subscription:low"
HOOK = "https://hooks.example.org/in"


@pytest.fixture(autouse=True)
def allowed(monkeypatch):
    """The district lets notifications go to one host."""
    chosen = SensingSettings.load({"XIANBAN_SENSING_NOTIFY_HOSTS": "hooks.example.org"})
    monkeypatch.setattr(settings, "rules", lambda: chosen)
    monkeypatch.setattr("xianban_sensing.servicer.subscriptions.rules", lambda: chosen)


class Receiver:
    """Takes letters, or is away."""

    def __init__(self):
        self.away = False
        self.letters = []

    def __call__(self, letter):
        if self.away:
            raise ConnectionError("away")
        self.letters.append(letter)

    @property
    def told(self):
        return [json.loads(letter.body) for letter in self.letters]


@pytest.fixture
def receiver():
    return Receiver()


def send(sensing, receiver):
    return send_due(sensing.service.resources, receiver)


def asked(uri=HOOK, accept="application/json", **more):
    notification = {"format": "keyValues", "endpoint": {"uri": uri, "accept": accept}}
    return {
        "id": ID,
        "type": "Subscription",
        "entities": [{"type": "OffStreetParking"}],
        "watchedAttributes": ["availableSpotNumber"],
        "q": "availableSpotNumber<5",
        "notification": notification,
    } | more


def subscribe(sensing, document=None, person="vendor"):
    written = context_pb2.WrittenDocument(json=json.dumps(document or asked()))
    question = pb.CreateSubscriptionRequest(document=written, request_id=request_id())
    return sensing.subscriptions(person).CreateSubscription(question)


def read(sensing, person="vendor", id_=ID):
    found = sensing.subscriptions(person).GetSubscription(pb.GetSubscriptionRequest(id=id_))
    return json.loads(found.json)


def change(sensing, fragment, person="vendor"):
    written = context_pb2.WrittenDocument(json=json.dumps(fragment))
    question = pb.UpdateSubscriptionRequest(id=ID, document=written, request_id=request_id())
    return sensing.subscriptions(person).UpdateSubscription(question)


def free(sensing, number):
    write(sensing, {"availableSpotNumber": number})


class TestCreateSubscription:
    @pytest.mark.parametrize("person", ["", "resident", "operator"])
    def test_only_vendors_and_keepers_subscribe(self, sensing, person):
        code = "PERMISSION_DENIED" if person else "UNAUTHENTICATED"
        with refused(code, "ROLE_MISSING" if person else "TOKEN_MISSING"):
            subscribe(sensing, person=person)

    @pytest.mark.parametrize(
        "uri",
        [
            "http://127.0.0.1:8080/",
            "http://[::1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost/",
            "http://hooks.example.org.evil.example/",
            "http://10.0.0.1/",
        ],
    )
    def test_nowhere_but_where_the_district_lets_it(self, sensing, uri):
        with refused("INVALID_ARGUMENT", "ENDPOINT_NOT_ALLOWED"):
            subscribe(sensing, asked(uri))

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"type": "Sub"}, "SUBSCRIPTION_MALFORMED"),
            ({"entities": []}, "SUBSCRIPTION_MALFORMED"),
            ({"entities": [{"id": "urn:a:1"}]}, "SUBSCRIPTION_MALFORMED"),
            ({"entities": [{"type": "T", "idPattern": "("}]}, "PATTERN_MALFORMED"),
            ({"watchedAttributes": [1]}, "SUBSCRIPTION_MALFORMED"),
            ({"q": "a=="}, "QUERY_MALFORMED"),
            ({"notification": {}}, "SUBSCRIPTION_MALFORMED"),
            (
                {"notification": {"endpoint": {"uri": HOOK.replace("//", "//:secret@")}}},
                "SUBSCRIPTION_MALFORMED",
            ),
            ({"isActive": "yes"}, "SUBSCRIPTION_MALFORMED"),
            ({"expiresAt": "soon"}, "INSTANT_MALFORMED"),
            ({"timeInterval": 5}, "NOT_SUPPORTED"),
            ({"throttling": 5}, "NOT_SUPPORTED"),
            ({"id": "low"}, "ENTITY_ID_MALFORMED"),
        ],
    )
    def test_what_is_wrong_is_refused(self, sensing, more, reason):
        with refused("INVALID_ARGUMENT", reason):
            subscribe(sensing, asked(**more))

    def test_an_id_is_given_once_whosever_it_is(self, sensing):
        subscribe(sensing)
        with refused("ALREADY_EXISTS", "SUBSCRIPTION_EXISTS"):
            subscribe(sensing, person="auditor")


class TestAnotherOrganisationsSubscription:
    def test_is_as_absent(self, sensing):
        subscribe(sensing)
        for deed in (
            lambda: read(sensing, "auditor"),
            lambda: change(sensing, {"isActive": False}, "auditor"),
            lambda: self.remove(sensing, "auditor"),
        ):
            with refused("NOT_FOUND", "SUBSCRIPTION_NOT_FOUND", "id"):
                deed()
        listed = sensing.subscriptions("auditor").ListSubscriptions(pb.ListSubscriptionsRequest())
        assert not listed.subscriptions

    def test_a_colleague_reads_it_and_ends_it(self, sensing):
        subscribe(sensing)
        page = context_pb2.PageOfEntities(count=True)
        question = pb.ListSubscriptionsRequest(page=page)
        listed = sensing.subscriptions("admin").ListSubscriptions(question)
        assert ([one.id for one in listed.subscriptions], listed.total) == ([ID], 1)
        self.remove(sensing, "admin")
        with refused("NOT_FOUND", "SUBSCRIPTION_NOT_FOUND"):
            read(sensing)

    def remove(self, sensing, person):
        question = pb.DeleteSubscriptionRequest(id=ID, request_id=request_id())
        sensing.subscriptions(person).DeleteSubscription(question)


class TestANotification:
    def test_is_of_changes_that_are_meant_and_of_no_others(self, sensing, receiver):
        subscribe(sensing)
        create(sensing)
        free(sensing, 9)
        write(sensing, {"name": "南桥"})
        free(sensing, 4)
        write(sensing, {"name": "other"})
        assert send(sensing, receiver) == 1
        [told] = receiver.told
        assert (told["type"], told["subscriptionId"]) == ("Notification", ID)
        [data] = told["data"]
        assert (data["id"], data["availableSpotNumber"], data["name"]) == (LOT, 4, "南桥")
        assert "jsonldContexts/district" in receiver.letters[0].headers["link"]
        assert send(sensing, receiver) == 0

    def test_in_json_ld_the_context_is_in_the_body(self, sensing, receiver):
        term = "https://smartdatamodels.org/dataModel.Parking/availableSpotNumber"
        own = [PARKING, {"free": term}]
        more = {"watchedAttributes": ["free"], "q": "free<5", "@context": own}
        subscribe(sensing, asked(accept="application/ld+json", **more))
        create(sensing, entity(free=1))
        send(sensing, receiver)
        [told] = receiver.told
        assert (told["@context"], told["data"][0]["free"]) == (own, 1)
        assert "link" not in receiver.letters[0].headers

    def test_is_tried_again_with_growing_pauses_until_it_is_taken(self, sensing, receiver):
        subscribe(sensing)
        create(sensing, entity(free=1))
        receiver.away = True
        for pause in (1, 2, 4):
            assert send(sensing, receiver) == 1
            assert send(sensing, receiver) == 0
            sensing.clock.advance(timedelta(seconds=pause))
        record = read(sensing)["notification"]
        assert (record["status"], record["timesSent"], record["timesFailed"]) == ("failed", 0, 3)
        assert record["lastFailure"] == record["lastNotification"]
        receiver.away = False
        assert send(sensing, receiver) == 1
        record = read(sensing)["notification"]
        assert (record["status"], record["timesSent"], len(receiver.told)) == ("ok", 1, 1)

    def test_they_come_in_their_order(self, sensing, receiver):
        subscribe(sensing)
        create(sensing, entity(free=1))
        receiver.away = True
        send(sensing, receiver)
        free(sensing, 2)
        receiver.away = False
        assert send(sensing, receiver) == 0
        sensing.clock.advance(timedelta(seconds=1))
        while send(sensing, receiver):
            pass
        assert [told["data"][0]["availableSpotNumber"] for told in receiver.told] == [1, 2]

    def test_after_a_day_it_is_given_up(self, sensing, receiver):
        subscribe(sensing)
        create(sensing, entity(free=1))
        receiver.away = True
        sensing.clock.advance(timedelta(hours=25))
        assert send(sensing, receiver) == 1
        sensing.clock.advance(timedelta(hours=1))
        assert send(sensing, receiver) == 0

    def test_a_paused_subscription_hears_nothing_and_an_expired_one_neither(
        self, sensing, receiver
    ):
        subscribe(sensing)
        change(sensing, {"isActive": False})
        assert read(sensing)["status"] == "paused"
        create(sensing, entity(free=1))
        change(sensing, {"isActive": True, "expiresAt": "2020-01-01T00:00:00Z"})
        assert read(sensing)["status"] == "expired"
        free(sensing, 2)
        assert send(sensing, receiver) == 0

    def test_a_batch_is_one_notification(self, sensing, receiver):
        subscribe(sensing)
        items = [entity(f"urn:a:{n}", free=n) for n in range(7)]
        question = context_pb2.UpsertEntitiesRequest(
            document=context_pb2.WrittenDocument(json=json.dumps(items)), request_id=request_id()
        )
        sensing.things("vendor").UpsertEntities(question)
        send(sensing, receiver)
        assert [len(told["data"]) for told in receiver.told] == [5]


class TestUpdateSubscription:
    def test_members_that_are_not_named_stay(self, sensing):
        subscribe(sensing)
        change(sensing, {"q": "availableSpotNumber<9", "notification": {"format": "concise"}})
        found = read(sensing)
        assert (found["q"], found["notification"]["format"]) == ("availableSpotNumber<9", "concise")
        assert found["notification"]["endpoint"]["uri"] == HOOK

    def test_a_change_of_endpoint_is_held_against_the_rules_too(self, sensing):
        subscribe(sensing)
        fragment = {"notification": {"endpoint": {"uri": "http://127.0.0.1/"}}}
        with refused("INVALID_ARGUMENT", "ENDPOINT_NOT_ALLOWED"):
            change(sensing, fragment)


class TestCarParks:
    def test_a_count_is_told_with_its_age_and_goes_when_it_can_t_be_trusted(
        self, sensing, receiver
    ):
        subscribe(sensing)
        self.known(sensing)
        sensing.counted("lots/demo-2", free=3, capacity=10, verdict="fresh")
        found = self.got(sensing)
        assert found["availableSpotNumber"]["value"] == 3
        assert found["availableSpotNumber"]["observedAt"] == found["occupancyModified"]["value"]
        sensing.counted("lots/demo-2", capacity=10, verdict="stale")
        found = self.got(sensing)
        assert "availableSpotNumber" not in found
        assert found["occupancyVerdict"]["value"] == "stale"
        send(sensing, receiver)
        assert receiver.told[0]["data"][0]["availableSpotNumber"] == 3

    def test_a_list_from_before_an_event_does_not_undo_it(self, sensing):
        from xianban_sensing.domain.car_parks import Count

        self.known(sensing)
        before = Count(9, 10, "fresh", sensing.clock.now())
        sensing.clock.advance(timedelta(seconds=5))
        sensing.counted("lots/demo-2", free=3, capacity=10, verdict="fresh")
        told = self.got(sensing)
        self.known(sensing, before)
        assert self.got(sensing) == told

    def test_nobody_else_writes_them(self, sensing):
        self.known(sensing)
        with refused("PERMISSION_DENIED", "ENTITY_NOT_YOURS"):
            write(sensing, {"name": "x"}, id_="urn:ngsi-ld:OffStreetParking:demo-2")

    def test_an_id_that_others_took_stays_theirs(self, sensing):
        create(sensing, entity("urn:ngsi-ld:OffStreetParking:demo-2", free=8))
        self.known(sensing)
        sensing.counted("lots/demo-2", free=3, capacity=10, verdict="fresh")
        assert self.got(sensing)["availableSpotNumber"]["value"] == 8

    def known(self, sensing, count=None):
        from xianban_sensing.domain.car_parks import CarPark, Count
        from xianban_sensing.handlers.own_entities import whole_car_parks

        park = CarPark("lots/demo-2", "南桥", "", 121.4, 30.9, 10, "", "", 0, *[False] * 4)
        with sensing.unit() as uow:
            whole_car_parks([(park, count or Count(None, 10, "silent", None))], uow=uow)

    def got(self, sensing):
        question = context_pb2.GetEntityRequest(id="urn:ngsi-ld:OffStreetParking:demo-2")
        return json.loads(sensing.things("").GetEntity(question).json)


class TestDevices:
    def bound(self, sensing, subject):
        keeper = sensing.as_("admin")
        described = devices_pb2.Device(
            model="fake-band", display_name="张桂芳的手环", area="310120/nanqiao"
        )
        keeper.CreateDevice(
            devices_pb2.CreateDeviceRequest(
                device_id="d-1", device=described, request_id=request_id()
            )
        )
        keeper.BindDevice(
            devices_pb2.BindDeviceRequest(
                name="devices/d-1", subject=subject, domain="parking", request_id=request_id()
            )
        )

    def listed(self, sensing):
        question = context_pb2.ListEntitiesRequest(
            selection=context_pb2.EntitySelection(types=["Device"])
        )
        return sensing.things("").ListEntities(question).documents

    @pytest.mark.parametrize("subject", ["residents/01KDVHX800DEM0000000000003", "homes/h-1"])
    def test_what_speaks_for_a_person_or_a_home_stays_out(self, sensing, subject):
        self.bound(sensing, subject)
        assert not self.listed(sensing)

    def test_what_speaks_for_a_thing_is_told_without_the_name_that_people_gave(self, sensing):
        self.bound(sensing, "lots/demo-2")
        [found] = self.listed(sensing)
        assert "张桂芳" not in found.json
        told = json.loads(found.json)
        assert told["id"] == "urn:ngsi-ld:Device:d-1"
        assert found.provider == "xianban"

    def test_it_goes_as_soon_as_it_speaks_for_nothing(self, sensing):
        self.bound(sensing, "lots/demo-2")
        question = devices_pb2.UnbindDeviceRequest(name="devices/d-1", request_id=request_id())
        sensing.as_("admin").UnbindDevice(question)
        assert not self.listed(sensing)
