"""xianban.common.v1.IngestService"""

from __future__ import annotations

from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call

from xianban_eldercare.handlers import ingest, whereabouts

__all__ = ["IngestServicer"]


class IngestServicer:
    """Where elders' devices speak."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._ingest = ingest.ingest_of()

    def IngestBatch(self, request: pb.IngestBatchRequest, call: Call) -> pb.IngestBatchResponse:
        readings = request.readings
        kept, refused = ingest.consented(readings, self._resources.relations, call.clock)
        sought = whereabouts.sought(readings, refused, call.uow)
        kept, refused = sorted({*kept, *sought}), [one for one in refused if one not in sought]
        taken = self._ingest.take([readings[place] for place in kept], call.uow)
        whereabouts.follow([readings[place] for place in kept], uow=call.uow)
        answer = pb.IngestBatchResponse(stored=taken.stored, duplicates=taken.duplicates)
        for place in refused:
            answer.rejections.add(index=place, field="subject", reason="CONSENT_REQUIRED")
        for one in taken.rejections:
            answer.rejections.add(index=kept[one.index], field=one.field, reason=one.reason)
        return answer

    def ReportDeviceEvent(
        self, request: pb.ReportDeviceEventRequest, call: Call
    ) -> pb.ReportDeviceEventResponse:
        alert, feedback = ingest.report_event(request.event, call.uow)
        name = alert.name if alert else ""
        return pb.ReportDeviceEventResponse(alert=name, feedback=feedback)
