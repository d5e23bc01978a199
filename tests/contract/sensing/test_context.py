"""What is known of things: who may read and write it, and how NGSI-LD says it."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

import pytest
from refusals import refused
from sensing_things import LOT, PARKING, create, entity, request_id, write, written
from xianban.sensing.v1 import context_pb2 as pb


def got(sensing, id_=LOT, form="SIMPLIFIED", person="", **look):
    asked = pb.GetEntityRequest(id=id_, look=pb.DocumentLook(form=f"DOCUMENT_FORM_{form}", **look))
    return json.loads(sensing.things(person).GetEntity(asked).json)


def listed(sensing, limit=0, offset=0, counted=False, **selection):
    asked = pb.ListEntitiesRequest(
        selection=pb.EntitySelection(**selection),
        page=pb.PageOfEntities(limit=limit, offset=offset, count=counted),
    )
    return sensing.things("").ListEntities(asked)


def ids(answer):
    return [one.id.rpartition(":")[2] for one in answer.documents]


class TestCreateEntity:
    @pytest.mark.parametrize("person", ["", "resident", "operator"])
    def test_only_vendors_and_keepers_write(self, sensing, person):
        code = "PERMISSION_DENIED" if person else "UNAUTHENTICATED"
        with refused(code, "ROLE_MISSING" if person else "TOKEN_MISSING"):
            create(sensing, person=person)

    def test_what_came_in_comes_out_to_anybody(self, sensing):
        create(sensing)
        assert got(sensing, form="NORMALIZED") == entity()
        assert got(sensing)["availableSpotNumber"] == 10

    def test_an_id_is_given_once(self, sensing):
        create(sensing)
        with refused("ALREADY_EXISTS", "ENTITY_EXISTS", "id"):
            create(sensing)

    @pytest.mark.parametrize(
        ("document", "reason", "field"),
        [
            ({"id": "demo", "type": "T"}, "ENTITY_ID_MALFORMED", "id"),
            ({"id": "urn:a:b"}, "ENTITY_TYPE_MALFORMED", "type"),
            (entity(name=None), "ATTRIBUTE_MALFORMED", "name"),
            (entity(**{"a<b": 1}), "ATTRIBUTE_NAME_MALFORMED", "a<b"),
            (
                entity(location={"type": "GeoProperty", "value": 1}),
                "GEOMETRY_MALFORMED",
                "location",
            ),
            (entity(a={"value": 1, "observedAt": "now"}), "INSTANT_MALFORMED", "a.observedAt"),
            (entity(a={"type": "JsonProperty", "json": {}}), "NOT_SUPPORTED", "a"),
            (entity(scope="/a"), "NOT_SUPPORTED", "scope"),
            (entity(a=list(range(2000))), "DOCUMENT_TOO_LARGE", None),
            (entity(**{"@context": "https://example.org/c"}), "CONTEXT_NOT_AVAILABLE", "@context"),
            (entity(**{"@context": 7}), "CONTEXT_MALFORMED", "@context"),
            ([1], "DOCUMENT_NO_OBJECT", None),
        ],
    )
    def test_what_is_wrong_is_named(self, sensing, document, reason, field):
        with refused("INVALID_ARGUMENT", reason, field):
            create(sensing, document)
        assert not listed(sensing, types=["OffStreetParking"]).documents

    def test_whatever_is_taken_fits_into_every_index(self, sensing):
        some = Random(1)  # what compresses well would fit by itself

        def text(length):
            return "".join(chr(some.randrange(0x4E00, 0x9FFF)) for _ in range(length))

        own = {"@vocab": "urn:" + "v" * 240}
        document = {
            "id": "urn:a:" + text(160),
            "type": text(80),
            text(80): {text(60): text(333), text(61): text(2000)},
            "@context": own,
        }
        create(sensing, document)
        assert got(sensing, document["id"], own_context=True) == document
        for part in ({"id": "urn:a:" + text(166)}, {"type": text(90)}, {text(90): 1}):
            with refused("INVALID_ARGUMENT", self.refusal(part)):
                create(sensing, {"id": "urn:a:1", "type": "T", "@context": own} | part)
        with refused("INVALID_ARGUMENT", "DOCUMENT_TOO_LARGE"):
            create(sensing, {"id": "urn:a:1", "type": "T", "a": {text(200): 1}})

    def test_a_key_with_nul_is_kept_and_told(self, sensing):
        document = entity(address={"a\x00b": 1, "c": 2})
        create(sensing, document)
        assert got(sensing)["address"] == {"a\x00b": 1, "c": 2}
        assert ids(listed(sensing, query="address[c]==2")) == ["demo-1"]
        own = {"@context": {"a": "https://x.example/\x00"}}
        with refused("INVALID_ARGUMENT", "CONTEXT_MALFORMED", "@context"):
            create(sensing, {"id": "urn:a:1", "type": "T", "a": 1} | own)

    def refusal(self, part):
        names = {"id": "ENTITY_ID_MALFORMED", "type": "ENTITY_TYPE_MALFORMED"}
        return names.get(next(iter(part)), "ATTRIBUTE_NAME_MALFORMED")

    def test_a_context_of_its_own_gives_names_their_meaning(self, sensing):
        own = {"free": "https://smartdatamodels.org/dataModel.Parking/availableSpotNumber"}
        create(sensing, {"id": LOT, "type": "OffStreetParking", "free": 7, "@context": own})
        answer = got(sensing, own_context=True)
        assert (answer["free"], answer["@context"]) == (7, own)
        linked = got(sensing, context=json.dumps(PARKING))
        assert linked["availableSpotNumber"] == 7


class TestWriteAttributes:
    def test_another_organisation_s_entity_is_not_ours_to_change(self, sensing):
        create(sensing)
        with refused("PERMISSION_DENIED", "ENTITY_NOT_YOURS"):
            write(sensing, {"name": "x"}, person="auditor")
        with refused("NOT_FOUND", "ENTITY_NOT_FOUND"):
            write(sensing, {"name": "x"}, id_="urn:a:none")

    def test_new_ones_are_added_and_known_ones_replaced_or_left(self, sensing):
        create(sensing)
        write(sensing, {"name": "南桥", "availableSpotNumber": 3})
        answer = write(sensing, {"name": "other", "owner": ["x"]}, "MODE_APPEND_NEW")
        assert (list(answer.updated), list(answer.not_updated)) == (["owner"], ["name"])
        found = got(sensing)
        assert (found["name"], found["availableSpotNumber"]) == ("南桥", 3)

    def test_an_entity_holds_no_more_for_being_written_bit_by_bit(self, sensing):
        create(sensing)
        write(sensing, {"one": list(range(600))})
        with refused("INVALID_ARGUMENT", "DOCUMENT_TOO_LARGE"):
            write(sensing, {"two": list(range(600))})

    def test_an_update_tells_what_is_not_there(self, sensing):
        create(sensing)
        answer = write(sensing, {"name": "x", "availableSpotNumber": 2}, "MODE_UPDATE")
        assert (list(answer.updated), list(answer.not_updated)) == (
            ["availableSpotNumber"],
            ["name"],
        )

    def test_a_part_leaves_the_other_members(self, sensing):
        create(sensing)
        write(sensing, {"value": 4}, "MODE_PART", attribute="availableSpotNumber")
        found = got(sensing, form="NORMALIZED")["availableSpotNumber"]
        assert (found["value"], found["observedAt"]) == (4, "2026-11-29T07:00:00Z")
        with refused("NOT_FOUND", "ATTRIBUTE_NOT_FOUND"):
            write(sensing, {"value": 4}, "MODE_PART", attribute="name")


class TestDeleteAttribute:
    def remove(self, sensing, attribute, **more):
        asked = pb.DeleteAttributeRequest(
            id=LOT, attribute=attribute, request_id=request_id(), **more
        )
        sensing.things("vendor").DeleteAttribute(asked)

    def test_one_instance_goes_or_all(self, sensing):
        speeds = [{"type": "Property", "value": n, "datasetId": f"urn:d:{n}"} for n in (1, 2, 3)]
        create(sensing, entity(speed=speeds))
        self.remove(sensing, "speed", dataset_id="urn:d:2")
        assert got(sensing)["speed"] == [1, 3]
        self.remove(sensing, "speed", delete_all=True)
        assert "speed" not in got(sensing)
        with refused("NOT_FOUND", "ATTRIBUTE_NOT_FOUND"):
            self.remove(sensing, "speed", delete_all=True)


class TestDeleteEntity:
    def test_it_is_gone_with_its_past(self, sensing):
        create(sensing)
        for person, wrong in (("auditor", "ENTITY_NOT_YOURS"), ("resident", "ROLE_MISSING")):
            with refused("PERMISSION_DENIED", wrong):
                self.delete(sensing, person)
        self.delete(sensing, "vendor")
        with refused("NOT_FOUND", "ENTITY_NOT_FOUND"):
            got(sensing)
        with refused("NOT_FOUND", "ENTITY_NOT_FOUND"):
            sensing.things("").GetTemporalEntity(pb.GetTemporalEntityRequest(id=LOT))

    def delete(self, sensing, person):
        asked = pb.DeleteEntityRequest(id=LOT, request_id=request_id())
        sensing.things(person).DeleteEntity(asked)


class TestUpsertEntities:
    def upsert(self, sensing, items, update=False, person="vendor"):
        asked = pb.UpsertEntitiesRequest(
            document=written(items), update=update, request_id=request_id()
        )
        return sensing.things(person).UpsertEntities(asked)

    def test_one_that_is_refused_costs_only_itself(self, sensing):
        create(sensing, entity("urn:a:theirs"), person="auditor")
        items = [entity("urn:a:1"), entity("urn:a:theirs"), {"id": "urn:a:2"}, 7]
        answer = self.upsert(sensing, items)
        assert list(answer.created) == ["urn:a:1"]
        assert [(one.id, one.reason) for one in answer.refused] == [
            ("urn:a:theirs", "ENTITY_NOT_YOURS"),
            ("urn:a:2", "ENTITY_TYPE_MALFORMED"),
            ("", "DOCUMENT_NO_OBJECT"),
        ]
        assert all(one.text for one in answer.refused)

    def test_they_are_replaced_or_updated(self, sensing):
        create(sensing, entity(name="a"))
        self.upsert(sensing, [entity(free=1)], update=True)
        assert (got(sensing)["name"], got(sensing)["availableSpotNumber"]) == ("a", 1)
        assert list(self.upsert(sensing, [entity(free=2)]).updated) == [LOT]
        assert "name" not in got(sensing)

    @pytest.mark.parametrize("items", [[], {}, [1] * 1001])
    def test_a_batch_is_a_list_of_bounded_length(self, sensing, items):
        with refused("INVALID_ARGUMENT", "DOCUMENT_NO_LIST"):
            self.upsert(sensing, items)

    def test_strangers_write_nothing(self, sensing):
        with refused("PERMISSION_DENIED", "ROLE_MISSING"):
            self.upsert(sensing, [entity()], person="resident")


class TestListEntities:
    def fill(self, sensing):
        for n in range(5):
            place = {"type": "Point", "coordinates": [121.47 + n / 100, 30.92]}
            address = {"type": "PostalAddress", "addressLocality": "南桥" if n % 2 else "奉浦"}
            create(
                sensing,
                entity(f"urn:a:{n}", free=n * 10, location=place, address=address)
                | {"type": "OffStreetParking" if n < 4 else "Other"},
            )

    def test_somebody_must_say_which(self, sensing):
        with refused("INVALID_ARGUMENT", "QUERY_TOO_WIDE", "type"):
            listed(sensing)

    def test_pages_hold_every_entity_once(self, sensing):
        self.fill(sensing)
        first = listed(sensing, 3, counted=True, types=["OffStreetParking"])
        assert (ids(first), first.more, first.total) == (["0", "1", "2"], True, 4)
        second = listed(sensing, 3, 3, types=["OffStreetParking"])
        assert (ids(second), second.more) == (["3"], False)

    @pytest.mark.parametrize(
        ("selection", "found"),
        [
            ({"query": "availableSpotNumber>=20;availableSpotNumber<40"}, "23"),
            ({"query": "availableSpotNumber==10..30"}, "123"),
            ({"query": "availableSpotNumber==0,40"}, "04"),
            ({"query": "availableSpotNumber!=0,40"}, "123"),
            ({"query": 'address[addressLocality]=="南桥"'}, "13"),
            ({"query": "(availableSpotNumber<5|availableSpotNumber>35);address"}, "04"),
            ({"query": "availableSpotNumber.observedAt>2026-11-29T08:00:00+08:00"}, "01234"),
            ({"query": "availableSpotNumber.observedAt>2026-11-29T08:00:00Z"}, ""),
            ({"query": "name"}, ""),
            ({"id_pattern": "urn:a:[12]$", "types": ["OffStreetParking"]}, "12"),
            ({"ids": ["urn:a:4", "urn:a:9"]}, "4"),
            ({"types": ["Other", "OffStreetParking"]}, "01234"),
            ({"attributes": ["address"]}, "01234"),
            ({"georel": "near;maxDistance==1000"}, "01"),
            ({"georel": "near;minDistance==1000"}, "234"),
        ],
    )
    def test_a_selection_means_what_it_says(self, sensing, selection, found):
        self.fill(sensing)
        if "georel" in selection:
            selection = selection | {"geometry": "Point", "coordinates": [121.47, 30.92]}
        assert "".join(ids(listed(sensing, **selection))) == found

    @pytest.mark.parametrize(
        ("selection", "reason"),
        [
            ({"query": "a=="}, "QUERY_MALFORMED"),
            ({"query": "(a"}, "QUERY_MALFORMED"),
            ({"query": "a~=x"}, "NOT_SUPPORTED"),
            ({"query": ";".join("a" * 30)}, "QUERY_TOO_COMPLEX"),
            ({"query": "(" * 9 + "a" + ")" * 9}, "QUERY_TOO_COMPLEX"),
            ({"id_pattern": "(", "types": ["T"]}, "PATTERN_MALFORMED"),
            ({"id_pattern": "(?=a)", "types": ["T"]}, "PATTERN_MALFORMED"),
            ({"georel": "within", "geometry": "Polygon"}, "NOT_SUPPORTED"),
            ({"georel": "near;maxDistance==x", "geometry": "Point"}, "GEO_QUERY_MALFORMED"),
        ],
    )
    def test_what_can_t_be_read_is_refused(self, sensing, selection, reason):
        with refused("INVALID_ARGUMENT", reason):
            listed(sensing, **selection)

    def test_a_pattern_that_would_keep_others_busy_for_ever_does_not(self, sensing):
        create(sensing, entity("urn:a:" + "a" * 400))
        assert not listed(sensing, id_pattern="(a+)+$$b", types=["OffStreetParking"]).documents


class TestListEntityTypes:
    def test_each_type_once(self, sensing):
        create(sensing)
        create(sensing, entity("urn:a:2") | {"type": ["OffStreetParking", "Garage"]})
        answer = sensing.things("").ListEntityTypes(pb.ListEntityTypesRequest())
        assert sorted(answer.types) == ["Garage", "OffStreetParking"]


class TestTemporalEntities:
    def tell(self, sensing):
        create(sensing, entity(free=0, name="a"))
        for hour in (8, 9, 10):
            sensing.clock.advance(timedelta(hours=1))
            at = f"2026-11-29T{hour:02}:00:00Z"
            spots = {"type": "Property", "value": hour, "observedAt": at}
            write(sensing, {"availableSpotNumber": spots})

    def past(self, sensing, form="SIMPLIFIED", **past):
        asked = pb.GetTemporalEntityRequest(
            id=LOT,
            past=pb.PastSelection(**past),
            look=pb.DocumentLook(form=f"DOCUMENT_FORM_{form}"),
        )
        return json.loads(sensing.things("").GetTemporalEntity(asked).json)

    @pytest.mark.parametrize(
        ("past", "values"),
        [
            ({}, [0, 8, 9, 10]),
            ({"last_n": 2}, [9, 10]),
            ({"timerel": "before", "time_at": "2026-11-29T08:30:00Z"}, [0, 8]),
            ({"timerel": "after", "time_at": "2026-11-29T08:30:00Z"}, [9, 10]),
            (
                {
                    "timerel": "between",
                    "time_at": "2026-11-29T08:00:00Z",
                    "end_time_at": "2026-11-29T10:00:00Z",
                },
                [8, 9],
            ),
        ],
    )
    def test_the_past_that_was_asked_for(self, sensing, past, values):
        self.tell(sensing)
        told = self.past(sensing, **past)["availableSpotNumber"]
        assert [value for value, _ in told["values"]] == values
        assert "name" not in self.past(sensing, **past)

    def test_by_when_it_was_written_everything_has_a_time(self, sensing):
        self.tell(sensing)
        told = self.past(sensing, "NORMALIZED", timeproperty="modifiedAt")
        assert [one["value"] for one in told["name"]] == ["a"]
        assert len(told["availableSpotNumber"]) == 4

    def test_of_many_at_once(self, sensing):
        self.tell(sensing)
        asked = pb.ListTemporalEntitiesRequest(
            selection=pb.EntitySelection(types=["OffStreetParking"], attributes=["name"]),
            past=pb.PastSelection(timeproperty="createdAt"),
        )
        [found] = sensing.things("").ListTemporalEntities(asked).documents
        assert json.loads(found.json).keys() == {"id", "type", "name"}

    @pytest.mark.parametrize(
        ("past", "reason"),
        [
            ({"timerel": "since", "time_at": "2026-11-29T08:00:00Z"}, "PAST_MALFORMED"),
            ({"timerel": "before"}, "PAST_MALFORMED"),
            ({"timerel": "between", "time_at": "2026-11-29T08:00:00Z"}, "PAST_MALFORMED"),
            ({"timerel": "before", "time_at": "yesterday"}, "INSTANT_MALFORMED"),
            ({"timeproperty": "birth"}, "NOT_SUPPORTED"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, sensing, past, reason):
        self.tell(sensing)
        with refused("INVALID_ARGUMENT", reason):
            self.past(sensing, **past)


class TestGetDistrictContext:
    def test_it_has_the_terms_of_the_models(self, sensing):
        found = sensing.things("").GetDistrictContext(pb.GetDistrictContextRequest())
        terms = json.loads(found.json)["@context"]
        assert terms["OffStreetParking"].endswith("dataModel.Parking/OffStreetParking")
