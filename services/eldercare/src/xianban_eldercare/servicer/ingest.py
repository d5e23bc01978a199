"""xianban.common.v1.IngestService"""

from __future__ import annotations

from collections.abc import Sequence

from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.alerts import Alert
from xianban_sdk.app import Resources
from xianban_sdk.rpc import Call
from xianban_sdk.wire import optional_place

from xianban_eldercare.handlers import batteries, ingest, whereabouts
from xianban_eldercare.handlers.pack_answers import Outcome, keep
from xianban_eldercare.handlers.rule_packs import Packs, judge_motion, judge_readings, packs_of

__all__ = ["IngestServicer"]


class IngestServicer:
    """Where elders' devices speak."""

    def __init__(self, resources: Resources, packs: Packs | None = None) -> None:
        self._resources = resources
        self._ingest = ingest.ingest_of()
        self._given = packs
        self._brought = packs_of(resources.hooks)

    @property
    def _packs(self) -> Packs:
        """Those that were given, else those that plugins bring now."""
        return self._given or self._brought.now

    def IngestBatch(self, request: pb.IngestBatchRequest, call: Call) -> pb.IngestBatchResponse:
        readings = request.readings
        kept, refused = ingest.consented(readings, self._resources.relations, call.clock)
        consenting = [readings[place] for place in kept]
        outcomes = self._judge(consenting, call)
        sought = whereabouts.sought(readings, refused, call.uow)
        kept, refused = sorted({*kept, *sought}), [one for one in refused if one not in sought]
        wanted = [readings[place] for place in kept]
        taken = self._ingest.take(wanted, call.uow)
        batteries.charged(wanted, uow=call.uow)
        whereabouts.follow(wanted, uow=call.uow)
        whereabouts.watch(consenting, uow=call.uow)
        keep(outcomes, uow=call.uow, ingest=self._ingest)
        answer = pb.IngestBatchResponse(stored=taken.stored, duplicates=taken.duplicates)
        for place in refused:
            answer.rejections.add(index=place, field="subject", reason="CONSENT_REQUIRED")
        for one in taken.rejections:
            answer.rejections.add(index=kept[one.index], field=one.field, reason=one.reason)
        return answer

    def ReportDeviceEvent(
        self, request: pb.ReportDeviceEventRequest, call: Call
    ) -> pb.ReportDeviceEventResponse:
        event = request.event
        if event.kind == ingest.MOTION:
            return self._motion(event, call)
        alert, feedback = ingest.report_event(event, call.uow)
        return _told(alert, feedback)

    def _judge(self, agreed: Sequence[pb.RawReading], call: Call) -> list[Outcome]:
        """Plugins are asked before the transaction opens."""
        if not agreed or not self._packs.kinds:
            return []
        with call.reading() as read:
            return judge_readings(
                agreed,
                self._packs,
                ingest=self._ingest,
                conn=read.conn,
                hooks=call.hooks,
                now=call.clock.now(),
            )

    def _motion(self, event: pb.DeviceEvent, call: Call) -> pb.ReportDeviceEventResponse:
        """A window of motion is a reading, not a call for help: without consent nobody looks."""
        if not ingest.agrees(event.subject, self._resources.relations, call.clock):
            return _told(None, "")
        with call.reading() as read:
            found = judge_motion(
                event, self._packs, conn=read.conn, hooks=call.hooks, now=call.clock.now()
            )
        where = optional_place(event)
        alert = keep(found, uow=call.uow, ingest=self._ingest, place=where)
        return _told(alert, ingest.feedback_of(alert))


def _told(alert: Alert | None, feedback: str) -> pb.ReportDeviceEventResponse:
    return pb.ReportDeviceEventResponse(alert=alert.name if alert else "", feedback=feedback)
