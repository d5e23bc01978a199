"""The wire side of parking: each method converts, calls one use case, converts back."""

from __future__ import annotations

from xianban_parking.servicer.cameras import CameraServicer
from xianban_parking.servicer.ingest import IngestServicer
from xianban_parking.servicer.lots import LotRpcs
from xianban_parking.servicer.operators import OperatorServicer
from xianban_parking.servicer.places import PlaceRpcs
from xianban_parking.servicer.residents import MoneyRpcs
from xianban_parking.servicer.traffic import TrafficServicer

__all__ = [
    "CameraServicer",
    "IngestServicer",
    "OperatorServicer",
    "ParkingServicer",
    "TrafficServicer",
]


class ParkingServicer(LotRpcs, PlaceRpcs, MoneyRpcs):
    """xianban.parking.v1.ParkingService."""
