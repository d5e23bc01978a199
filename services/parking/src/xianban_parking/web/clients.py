"""The services these pages ask, and how a refusal comes back to the form it came from."""

from __future__ import annotations

from xianban.parking.v1.cameras_pb2_grpc import CameraServiceStub
from xianban.parking.v1.operator_pb2_grpc import OperatorServiceStub
from xianban.parking.v1.parking_pb2_grpc import ParkingServiceStub
from xianban.parking.v1.traffic_pb2_grpc import TrafficServiceStub
from xianban_sdk.web import api, attempt, if_there, status

__all__ = ["attempt", "cameras", "if_there", "operator", "parking", "status", "traffic"]

cameras = api(CameraServiceStub)
parking = api(ParkingServiceStub)
operator = api(OperatorServiceStub)
traffic = api(TrafficServiceStub)
