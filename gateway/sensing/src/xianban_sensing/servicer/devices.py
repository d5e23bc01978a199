"""The registry's wire side."""

from __future__ import annotations

from datetime import UTC

from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_sensing import convert
from xianban_sensing.domain.devices import Device
from xianban_sensing.handlers import devices as handlers
from xianban_sensing.handlers.admitting import admit
from xianban_sensing.plugins import Models, models_of
from xianban_sensing.repository import MACHINE, Commands, Devices, Page

__all__ = ["DeviceServicer", "UplinkServicer"]

_MOST_BINDINGS = 1000


class DeviceServicer:
    """xianban.sensing.v1.DeviceService"""

    def __init__(self, resources: Resources) -> None:
        self._models: Models = models_of(resources.hooks)

    def ListDeviceModels(
        self, request: pb.ListDeviceModelsRequest, call: Call
    ) -> pb.ListDeviceModelsResponse:
        found = [convert.model(self._models[name], call.locale) for name in sorted(self._models)]
        return pb.ListDeviceModelsResponse(models=found)

    def CreateDevice(self, request: pb.CreateDeviceRequest, call: Call) -> pb.DeviceCredential:
        given = request.device
        new = handlers.NewDevice(
            request.device_id, given.model, given.display_name, given.organisation, given.area
        )
        made = handlers.create(new, models=self._models, scope=call.scope, uow=call.uow)
        return convert.credential(*made)

    def GetDevice(self, request: pb.GetDeviceRequest, call: Call) -> pb.Device:
        devices = Devices(call.uow.conn, call.scope)
        return convert.device(devices.get(convert.device_id(request.name)))

    def ListDevices(self, request: pb.ListDevicesRequest, call: Call) -> pb.ListDevicesResponse:
        question = {"subject": request.subject, "model": request.model}
        page = Page(request.page_size, request.page_token, who=call.actor, **question)
        return _listed(Devices(call.uow.conn, call.scope).listed(page, **question))

    def ListResidentDevices(
        self, request: pb.ListResidentDevicesRequest, call: Call
    ) -> pb.ListDevicesResponse:
        page = Page(request.page_size, request.page_token, of=call.subject)
        return _listed(Devices(call.uow.conn, call.scope).listed(page))

    def BindDevice(self, request: pb.BindDeviceRequest, call: Call) -> pb.Device:
        bound = handlers.bind(
            convert.device_id(request.name),
            request.subject,
            request.domain,
            models=self._models,
            scope=call.scope,
            uow=call.uow,
        )
        return convert.device(bound)

    def UnbindDevice(self, request: pb.UnbindDeviceRequest, call: Call) -> pb.Device:
        device = convert.device_id(request.name)
        models = self._models
        unbound = handlers.unbind(device, models=models, scope=call.scope, uow=call.uow)
        return convert.device(unbound)

    def SetDeviceState(self, request: pb.SetDeviceStateRequest, call: Call) -> pb.Device:
        state = convert.STATES[request.state]
        device = convert.device_id(request.name)
        models = self._models
        put = handlers.put_state(device, state, models=models, scope=call.scope, uow=call.uow)
        return convert.device(put)

    def RotateDeviceSecret(
        self, request: pb.RotateDeviceSecretRequest, call: Call
    ) -> pb.DeviceCredential:
        device = convert.device_id(request.name)
        return convert.credential(*handlers.rotate(device, scope=call.scope, uow=call.uow))


class UplinkServicer:
    """xianban.sensing.v1.UplinkService"""

    def __init__(self, resources: Resources) -> None:
        self._db = resources.db
        self._models: Models = models_of(resources.hooks)

    def ListBindings(self, request: pb.ListBindingsRequest, call: Call) -> pb.ListBindingsResponse:
        size = request.page_size or _MOST_BINDINGS
        found = Devices(call.uow.conn, MACHINE).after(request.after_sequence, size)
        shown = [convert.binding(one) for one in found]
        return pb.ListBindingsResponse(bindings=shown, complete=len(found) < size)

    def ListCommands(self, request: pb.ListCommandsRequest, call: Call) -> pb.ListCommandsResponse:
        size = request.page_size or _MOST_BINDINGS
        # Read apart from the call's transaction: the models' plugins are asked outside of any.
        with self._db.read() as conn:
            found = Commands(conn).after(request.after_sequence, size, call.clock.now())
        shown = [convert.command(row, self._models.get(model)) for row, model in found]
        return pb.ListCommandsResponse(commands=shown, complete=len(found) < size)

    def AdmitReadings(
        self, request: pb.AdmitReadingsRequest, call: Call
    ) -> pb.AdmitReadingsResponse:
        speakers = [convert.speaker(one) for one in request.speakers]
        given = admit(speakers, models=self._models, hooks=call.hooks)
        return pb.AdmitReadingsResponse(admissions=[convert.admission(one) for one in given])

    def ReportSeen(self, request: pb.ReportSeenRequest, call: Call) -> pb.ReportSeenResponse:
        signs = [
            (one.device, one.seen_time.ToDatetime(UTC), one.clock_offset_s) for one in request.seen
        ]
        Devices(call.uow.conn, MACHINE).seen(signs)
        return pb.ReportSeenResponse()


def _listed(page: tuple[list[Device], str]) -> pb.ListDevicesResponse:
    found, token = page
    devices = [convert.device(one) for one in found]
    return pb.ListDevicesResponse(devices=devices, next_page_token=token)
