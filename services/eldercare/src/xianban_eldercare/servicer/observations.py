"""xianban.eldercare.v1.ObservationService"""

from __future__ import annotations

from datetime import datetime

from xianban.common.v1 import readings_pb2
from xianban.eldercare.v1 import observations_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.readings.convert import judged
from xianban_sdk.rpc import Call
from xianban_sdk.wire import optional_instant

from xianban_eldercare.convert import observations as convert
from xianban_eldercare.handlers import ingest, observations
from xianban_eldercare.handlers.assignments import must_be_sent
from xianban_eldercare.handlers.pack_answers import Outcome, keep
from xianban_eldercare.handlers.rule_packs import judge_readings, packs_of
from xianban_eldercare.repository import CareFiles
from xianban_eldercare.repository.oxygen_scales import OxygenScales
from xianban_eldercare.repository.responders import badge_name
from xianban_eldercare.repository.rows import OxygenScaleRow

__all__ = ["ObservationServicer"]


class ObservationServicer:
    """What people add to the devices' numbers, and how those count."""

    def __init__(self, resources: Resources) -> None:
        self._ingest = ingest.ingest_of()
        self._brought = packs_of(resources.hooks)

    def RecordObservation(
        self, request: pb.RecordObservationRequest, call: Call
    ) -> pb.RecordObservationResponse:
        resident, kind = str(call.subject), convert.KINDS_SEEN[request.observable]
        now, at = call.clock.now(), optional_instant(request, "observe_time")
        told = observations.observed(resident, kind, request.present, at, now)
        outcomes = self._judge(told, now, call)
        observations.take(told, ingest=self._ingest, uow=call.uow)
        keep(outcomes, uow=call.uow, ingest=self._ingest)
        found = observations.latest(resident, kind, scope=call.scope, uow=call.uow)
        return pb.RecordObservationResponse(reading=judged(found, now, call.locale))

    def GetOxygenScale(self, request: pb.GetOxygenScaleRequest, call: Call) -> pb.OxygenScale:
        resident, conn = str(call.subject), call.uow.conn
        CareFiles(conn, call.scope).get(resident)
        return convert.oxygen_scale(resident, OxygenScales(conn, call.scope).find(resident))

    def UpdateOxygenScale(self, request: pb.UpdateOxygenScaleRequest, call: Call) -> pb.OxygenScale:
        wanted, resident = request.oxygen_scale, str(call.subject)
        row = OxygenScaleRow(
            resident,
            wanted.scale,
            wanted.reason,
            call.actor,
            badge_name(call.uow.conn, call.actor),
            call.clock.now(),
        )
        kept = observations.choose_scale(row, scope=call.scope, uow=call.uow)
        return convert.oxygen_scale(resident, kept)

    def _judge(self, told: readings_pb2.RawReading, now: datetime, call: Call) -> list[Outcome]:
        """Plugins are asked before the transaction opens; of nobody whom the caller may not see."""
        with call.reading() as read:
            must_be_sent(
                "parent", basis=call.basis, scope=call.scope, conn=read.conn, clock=call.clock
            )
            CareFiles(read.conn, call.scope).get(str(call.subject))
            return judge_readings(
                [told],
                self._brought.now,
                ingest=self._ingest,
                conn=read.conn,
                hooks=call.hooks,
                now=now,
            )
