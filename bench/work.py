"""The three calls that are compared, the same for every contestant and every transport."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.parking.v1 import parking_pb2 as rpc

KINDS = ("get", "list", "reserve")
METHODS = {"get": "GetLot", "list": "ListLots", "reserve": "CreateReservation"}
LOT = "fengpu-metro-pr"
# Always open and with many reservable places: the run must not measure refusals.
RESERVABLE = ("fengpu-metro-pr", "fengpu-sports", "fengpu-huancheng-metro-pr")
PATHS = {
    "get": f"/api/parking/v1/lots/{LOT}",
    "list": "/api/parking/v1/lots",
    "reserve": "/api/parking/v1/residents/{resident}/reservations",
}


class Reservations:
    """Endless different wishes: other plates, hours and request ids."""

    def __init__(self, resident: str, seed: str) -> None:
        self.resident = resident
        self._random = random.Random(seed)
        self._first = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)

    def wish(self) -> dict[str, Any]:
        choose = self._random
        start = self._first + timedelta(minutes=choose.randrange(0, 13 * 24 * 60, 60))
        return {
            "lot": f"lots/{choose.choice(RESERVABLE)}",
            "plate": f"沪{choose.choice('ABCDEFGH')}{choose.randrange(100_000):05d}",
            "startTime": _text(start),
            "endTime": _text(start + timedelta(hours=1)),
            "requestId": f"bench-{choose.getrandbits(64):016x}",
        }


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def message(kind: str, reservations: Reservations) -> Message:
    """One request as protobuf."""
    if kind == "get":
        return rpc.GetLotRequest(name=f"lots/{LOT}")
    if kind == "list":
        return rpc.ListLotsRequest()
    wish = reservations.wish()
    start, end = Timestamp(), Timestamp()
    start.FromJsonString(wish["startTime"])
    end.FromJsonString(wish["endTime"])
    return rpc.CreateReservationRequest(
        parent=f"residents/{reservations.resident}",
        lot=wish["lot"],
        plate=wish["plate"],
        start_time=start,
        end_time=end,
        request_id=wish["requestId"],
    )
