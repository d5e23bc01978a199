"""Entities as outside systems write them, and the calls that do."""

from __future__ import annotations

import json
from itertools import count

from xianban.sensing.v1 import context_pb2 as pb

_numbers = count(1)
PARKING = (
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Parking/master/context.jsonld"
)
LOT = "urn:ngsi-ld:OffStreetParking:demo-1"
POINT = {"type": "Point", "coordinates": [121.47, 30.92]}


def request_id():
    return f"context-{next(_numbers):06d}"


def written(document, context=""):
    return pb.WrittenDocument(json=json.dumps(document), context=context)


def entity(id_=LOT, free=10, **more):
    spots = {"type": "Property", "value": free, "observedAt": "2026-11-29T07:00:00Z"}
    place = {"type": "GeoProperty", "value": POINT}
    return {
        "id": id_,
        "type": "OffStreetParking",
        "availableSpotNumber": spots,
        "location": place,
    } | more


def create(sensing, document=None, person="vendor", context=""):
    asked = pb.CreateEntityRequest(
        document=written(document or entity(), context), request_id=request_id()
    )
    return sensing.things(person).CreateEntity(asked)


def write(sensing, document, mode="MODE_APPEND", person="vendor", id_=LOT, attribute=""):
    asked = pb.WriteAttributesRequest(
        id=id_,
        document=written(document),
        mode=pb.WriteAttributesRequest.Mode.Value(mode),
        attribute=attribute,
        request_id=request_id(),
    )
    return sensing.things(person).WriteAttributes(asked)
