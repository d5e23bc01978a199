"""Traffic sources and the ways to car parks as messages."""

from __future__ import annotations

from typing import Final

from xianban.parking.v1 import resources_pb2 as pb
from xianban.parking.v1 import traffic_pb2
from xianban_sdk.wire import put

from xianban_parking.convert.texts import name_in
from xianban_parking.domain.occupancy import Verdict
from xianban_parking.domain.traffic import Approach, Flow
from xianban_parking.repository.traffic import TrafficSourceRow

__all__ = ["VERDICTS", "approach", "source"]

VERDICTS: Final = {
    Verdict.FRESH: pb.VERDICT_FRESH,
    Verdict.LATE: pb.VERDICT_LATE,
    Verdict.STALE: pb.VERDICT_STALE,
    Verdict.IMPLAUSIBLE: pb.VERDICT_IMPLAUSIBLE,
    Verdict.SILENT: pb.VERDICT_SILENT,
}
_FLOWS: Final = {
    Flow.FREE: pb.TRAFFIC_FLOW_FREE,
    Flow.SLOW: pb.TRAFFIC_FLOW_SLOW,
    Flow.CONGESTED: pb.TRAFFIC_FLOW_CONGESTED,
    Flow.CLOSED: pb.TRAFFIC_FLOW_CLOSED,
}


def approach(one: Approach, locale: str) -> pb.Approach:
    made = pb.Approach(
        flow=_FLOWS[one.flow] if one.flow else pb.TRAFFIC_FLOW_UNSPECIFIED,
        verdict=VERDICTS[one.verdict],
        age_seconds=min(one.age_seconds, 2**31 - 1),
        way_display_name=name_in(one.names, locale),
        drive_seconds=one.travel_seconds,
        usual_drive_seconds=one.usual_seconds,
        closed_ways=[name_in(names, locale) for names in one.closed_ways],
    )
    put(made.observe_time, one.observed_at)
    put(made.reopen_time, one.closed_until)
    return made


def source(row: TrafficSourceRow, verdict: Verdict, locale: str) -> traffic_pb2.TrafficSource:
    made = traffic_pb2.TrafficSource(
        name=f"trafficSources/{row.id}",
        display_name=name_in(row.names, locale),
        plugin=row.plugin,
        cadence_seconds=row.cadence_seconds,
        verdict=VERDICTS[verdict],
        last_error=row.error,
        complaints=[traffic_pb2.TrafficComplaint(**one) for one in row.unread],
        complaint_count=row.unread_count,
    )
    put(made.last_success_time, row.read_at)
    put(made.last_error_time, row.failed_at)
    put(made.closures_told_time, row.closures_told_at)
    return made
