"""Reserves a place tomorrow from 9 to 11 with plain grpcio. Usage: reserve.py HOST:PORT TOKEN"""

import base64
import json
import sys
import uuid
from datetime import datetime, timedelta, timezone

import grpc
from xianban.parking.v1 import parking_pb2, parking_pb2_grpc

address, token = sys.argv[1:]
resident = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sub"]
nine = (datetime.now(timezone(timedelta(hours=8))) + timedelta(days=1)).replace(hour=9, minute=0)
parking = parking_pb2_grpc.ParkingServiceStub(grpc.insecure_channel(address))
lot = next(lot for lot in parking.ListLots(parking_pb2.ListLotsRequest()).lots if lot.reservable)
request = parking_pb2.CreateReservationRequest(
    parent=f"residents/{resident}", lot=lot.name, plate="沪A12345", request_id=str(uuid.uuid4())
)
request.start_time.FromDatetime(nine)
request.end_time.FromDatetime(nine + timedelta(hours=2))
print(parking.CreateReservation(request, metadata=[("authorization", f"Bearer {token}")]))
