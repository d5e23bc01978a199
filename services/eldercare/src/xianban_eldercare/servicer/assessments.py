"""xianban.eldercare.v1.AssessmentService"""

from __future__ import annotations

from xianban.eldercare.v1 import assessments_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Call

from xianban_eldercare.convert import assessments as convert
from xianban_eldercare.domain.assessment_rules import RuleBook
from xianban_eldercare.handlers import assessments as handlers
from xianban_eldercare.repository import Assessments, CareFiles, EldersToAssess, Page
from xianban_eldercare.repository.rows import AssessmentRow
from xianban_eldercare.rules import RULES

__all__ = ["AssessmentServicer"]


class AssessmentServicer:
    """Assessments, and the rules they hold to."""

    def __init__(self, resources: Resources, book: RuleBook = RULES) -> None:
        self._resources = resources
        self._book = book

    def GetAssessmentRules(
        self, request: pb.GetAssessmentRulesRequest, call: Call
    ) -> pb.AssessmentRules:
        wanted = convert.version_of(request.name)
        current = handlers.rules_of_the_day(self._book, call.clock.now())
        found = current if wanted == "current" else self._book.find(wanted)
        if found is None:
            raise NotFound("RULES_NOT_FOUND", field="name")
        return convert.rules(found, call.locale)

    def ListEldersToAssess(
        self, request: pb.ListEldersToAssessRequest, call: Call
    ) -> pb.ListEldersToAssessResponse:
        search, due = request.search, request.due
        page = Page(request.page_size, request.page_token, who=call.actor, search=search, due=due)
        elders = EldersToAssess(call.uow.conn, call.scope)
        rows, token = elders.listed(page, search=search, due=due, now=call.clock.now())
        shown = [convert.elder(row) for row in rows]
        return pb.ListEldersToAssessResponse(elders=shown, next_page_token=token)

    def CreateAssessment(self, request: pb.CreateAssessmentRequest, call: Call) -> pb.Assessment:
        opening = convert.opening(request)
        made = handlers.open_assessment(opening, book=self._book, scope=call.scope, uow=call.uow)
        return self._shown(made, call)

    def SaveAssessment(self, request: pb.SaveAssessmentRequest, call: Call) -> pb.Assessment:
        resident, id_, part = str(call.subject), convert.id_of(request.name), convert.part(request)
        saved = handlers.save_part(
            resident, id_, part, book=self._book, scope=call.scope, uow=call.uow
        )
        return self._shown(saved, call)

    def CompleteAssessment(
        self, request: pb.CompleteAssessmentRequest, call: Call
    ) -> pb.Assessment:
        resident, id_ = str(call.subject), convert.id_of(request.name)
        done = handlers.complete_assessment(
            resident, id_, request.version, book=self._book, scope=call.scope, uow=call.uow
        )
        return self._shown(done, call)

    def DeleteAssessment(
        self, request: pb.DeleteAssessmentRequest, call: Call
    ) -> pb.DeleteAssessmentResponse:
        resident, id_ = str(call.subject), convert.id_of(request.name)
        handlers.discard_assessment(resident, id_, scope=call.scope, uow=call.uow)
        return pb.DeleteAssessmentResponse()

    def GetAssessment(self, request: pb.GetAssessmentRequest, call: Call) -> pb.Assessment:
        found = Assessments(call.uow.conn, call.scope)
        return self._shown(found.get(str(call.subject), convert.id_of(request.name)), call)

    def ListAssessments(
        self, request: pb.ListAssessmentsRequest, call: Call
    ) -> pb.ListAssessmentsResponse:
        resident = str(call.subject)
        file = CareFiles(call.uow.conn, call.scope).get(resident)
        found = Assessments(call.uow.conn, call.scope)
        page = Page(request.page_size, request.page_token, of=resident, who=call.actor)
        rows, token = found.listed(page, resident)
        newer = found.replacing(resident)
        shown = [convert.summary(row, file.display_name, newer.get(row.id, "")) for row in rows]
        return pb.ListAssessmentsResponse(
            assessments=shown, next_page_token=token, display_name=file.display_name
        )

    def RescoreAssessment(
        self, request: pb.RescoreAssessmentRequest, call: Call
    ) -> pb.RescoreAssessmentResponse:
        resident, id_ = str(call.subject), convert.id_of(request.name)
        found = handlers.rescore(resident, id_, book=self._book, scope=call.scope, uow=call.uow)
        current = handlers.rules_of_the_day(self._book, call.clock.now())
        return convert.rescored(found, current, call.locale)

    def _shown(self, row: AssessmentRow, call: Call) -> pb.Assessment:
        file = CareFiles(call.uow.conn, call.scope).find(row.resident)
        newer = Assessments(call.uow.conn, call.scope).replacing(row.resident)
        outcome = handlers.outcome_of(row, self._book)
        name = file.display_name if file else ""
        return convert.assessment(row, outcome, name, newer.get(row.id, ""), call.locale)
