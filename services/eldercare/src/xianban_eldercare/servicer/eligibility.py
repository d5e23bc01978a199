"""xianban.eldercare.v1.EligibilityService"""

from __future__ import annotations

from collections.abc import Iterable

from xianban.eldercare.v1 import eligibility_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.rpc import Call
from xianban_sdk.wire import day

from xianban_eldercare.convert import eligibility as convert
from xianban_eldercare.domain.eligibility import Schedule
from xianban_eldercare.handlers import eligibility as handlers
from xianban_eldercare.rules import SCHEDULES

__all__ = ["EligibilityServicer"]


class EligibilityServicer:
    """What a level gives."""

    def __init__(self, resources: Resources, schedules: Iterable[Schedule] = SCHEDULES) -> None:
        self._resources = resources
        self._schedules = tuple(schedules)

    def GetEligibility(self, request: pb.GetEligibilityRequest, call: Call) -> pb.Eligibility:
        today = local_day(call.clock.now())
        asked = day(request.date, "date") if request.date else today
        found = handlers.entitled(
            str(call.subject),
            asked,
            schedules=self._schedules,
            scope=call.scope,
            conn=call.uow.conn,
        )
        return convert.eligibility(found, call.locale)

    def UpdateOfficialLevel(
        self, request: pb.UpdateOfficialLevelRequest, call: Call
    ) -> pb.OfficialLevel:
        row = convert.entered(request.official_level, call.actor, call.clock.now())
        kept = handlers.enter_official_level(row, scope=call.scope, uow=call.uow)
        return convert.official_level(kept)
