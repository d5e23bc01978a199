"""xianban.eldercare.v1.VisitPlanService"""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import visit_plans_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.clock import local_day
from xianban_sdk.rpc import Call
from xianban_sdk.wire import day

from xianban_eldercare.convert import visit_plans as convert
from xianban_eldercare.handlers import visit_plans
from xianban_eldercare.repository import Page, VisitPlans
from xianban_eldercare.repository.organisation_rows import VisitPlanRow

__all__ = ["VisitPlanServicer"]

_MANAGER: Final = "role:station-manager"


class VisitPlanServicer:
    """Visits that come again every week."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def ListVisitPlans(
        self, request: pb.ListVisitPlansRequest, call: Call
    ) -> pb.ListVisitPlansResponse:
        page = Page(request.page_size, request.page_token, of=call.subject)
        today = local_day(call.clock.now())
        plans = VisitPlans(call.uow.conn, call.scope)
        rows, token = plans.of_elder(str(call.subject), today, page)
        return pb.ListVisitPlansResponse(visit_plans=_shown(rows, call), next_page_token=token)

    def CreateVisitPlan(self, request: pb.CreateVisitPlanRequest, call: Call) -> pb.VisitPlan:
        wanted = convert.written(str(call.subject), request.visit_plan)
        return _shown([visit_plans.create_plan(wanted, scope=call.scope, uow=call.uow)], call)[0]

    def UpdateVisitPlan(self, request: pb.UpdateVisitPlanRequest, call: Call) -> pb.VisitPlan:
        given = request.visit_plan
        change = visit_plans.Change(
            convert.plan_id(request.name),
            convert.written(str(call.subject), given),
            given.version,
            day(request.from_date, "from_date"),
            request.reason,
        )
        return _shown([visit_plans.change_plan(change, scope=call.scope, uow=call.uow)], call)[0]

    def EndVisitPlan(self, request: pb.EndVisitPlanRequest, call: Call) -> pb.VisitPlan:
        plan_id = convert.plan_id(request.name)
        row = visit_plans.end_plan(plan_id, request.reason, scope=call.scope, uow=call.uow)
        return _shown([row], call)[0]


def _shown(rows: list[VisitPlanRow], call: Call) -> list[pb.VisitPlan]:
    seen = visit_plans.seen(rows, conn=call.uow.conn, unmade=call.basis == _MANAGER)
    return [convert.visit_plan(one, call.locale) for one in seen]
