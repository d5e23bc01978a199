"""xianban.parking.v1.CameraService"""

from __future__ import annotations

from xianban.parking.v1 import cameras_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_parking.convert import cameras as convert
from xianban_parking.convert.lots import item_results
from xianban_parking.convert.people import tail
from xianban_parking.handlers.cameras import register_camera, retire_camera
from xianban_parking.handlers.sightings import parse_events, take_sighting
from xianban_parking.hookspecs import Dropped
from xianban_parking.repository import Cameras, Lots, Page
from xianban_parking.repository.cameras import CameraRow
from xianban_parking.servicer.ingest import bounded, text_headers

__all__ = ["CameraServicer"]


class CameraServicer:
    """Which cameras are heard, and what they tell."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def ListCameras(self, request: pb.ListCamerasRequest, call: Call) -> pb.ListCamerasResponse:
        page = Page(request.page_size, request.page_token, list=call.action)
        rows, token = Cameras(call.uow.conn, call.scope).listed(page)
        found = [_camera(row, call) for row in rows]
        return pb.ListCamerasResponse(cameras=found, next_page_token=token)

    def RegisterCamera(self, request: pb.RegisterCameraRequest, call: Call) -> pb.Camera:
        new = convert.new_camera(request)
        return _camera(register_camera(new, scope=call.scope, uow=call.uow), call)

    def RetireCamera(self, request: pb.RetireCameraRequest, call: Call) -> pb.Camera:
        camera = tail(request.name)
        return _camera(retire_camera(camera, request.reason, scope=call.scope, uow=call.uow), call)

    def ReceiveCameraEvents(
        self, request: pb.ReceiveCameraEventsRequest, call: Call
    ) -> pb.ReceiveCameraEventsResponse:
        pushed = parse_events(
            tail(request.camera_feed),
            bounded(request.body.data),
            request.body.content_type,
            text_headers(call),
            call.clock.now(),
            call.hooks,
        )
        told = [one for one in pushed if not isinstance(one, Dropped)]
        outcomes = [take_sighting(one, uow=call.uow) for one in told]
        dropped = sum(one.count for one in pushed if isinstance(one, Dropped))
        return pb.ReceiveCameraEventsResponse(results=item_results(outcomes), dropped=dropped)


def _camera(row: CameraRow, call: Call) -> pb.Camera:
    return convert.camera(row, Lots(call.uow.conn, call.scope).find(row.lot), call.locale)
