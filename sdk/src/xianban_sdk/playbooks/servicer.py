"""xianban.common.v1.PlaybookService, for every domain that has a book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xianban.common.v1 import playbooks_pb2 as pb

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.domain import Alert
from xianban_sdk.playbooks.convert import playbook_to_wire, run_to_wire, source_to_wire
from xianban_sdk.playbooks.domain import Run, StepState
from xianban_sdk.playbooks.life import Playbooks
from xianban_sdk.playbooks.repository import PlaybookRows
from xianban_sdk.rpc import Call

if TYPE_CHECKING:
    from xianban_sdk.app import Resources

__all__ = ["PLAYBOOK_SERVICE", "PlaybookServicer"]

PLAYBOOK_SERVICE: Final = "xianban.common.v1.PlaybookService"


class PlaybookServicer:
    """Staff: playbooks of the alerts of their areas. Every step is audited with whose it is."""

    def __init__(self, _resources: Resources, book: AlertBook) -> None:
        self._book = book

    def ListPlaybooks(
        self, request: pb.ListPlaybooksRequest, call: Call
    ) -> pb.ListPlaybooksResponse:
        playbooks = self._playbooks(call)
        alert, _ = playbooks.runs(request.parent)
        sources = PlaybookRows(call.uow.conn, call.scope).sources()
        names = {one.id: one.names for one in sources}
        fitting = [
            playbook_to_wire(one, alert, self._book.domain, names.get(one.source, {}), call.locale)
            for one in playbooks.fitting(request.parent)
        ]
        return pb.ListPlaybooksResponse(
            playbooks=fitting, sources=[source_to_wire(one, call.locale) for one in sources]
        )

    def ListPlaybookRuns(
        self, request: pb.ListPlaybookRunsRequest, call: Call
    ) -> pb.ListPlaybookRunsResponse:
        alert, runs = self._playbooks(call).runs(request.parent)
        if alert.resident:
            call.looked_at(alert.resident)
        shown = [run_to_wire(one, alert, call.locale) for one in runs]
        return pb.ListPlaybookRunsResponse(runs=shown)

    def StartPlaybook(self, request: pb.StartPlaybookRequest, call: Call) -> pb.PlaybookRun:
        playbook = request.playbook.partition("/")[2]
        return self._done(*self._playbooks(call).start(request.parent, playbook), call)

    def CompletePlaybookStep(
        self, request: pb.CompletePlaybookStepRequest, call: Call
    ) -> pb.PlaybookRun:
        alert, run = _names(request.name)
        ended = self._playbooks(call).end_step(
            alert, run, request.step, StepState.DONE, request.note
        )
        return self._done(*ended, call)

    def SkipPlaybookStep(self, request: pb.SkipPlaybookStepRequest, call: Call) -> pb.PlaybookRun:
        alert, run = _names(request.name)
        ended = self._playbooks(call).end_step(
            alert, run, request.step, StepState.SKIPPED, request.note
        )
        return self._done(*ended, call)

    def AbortPlaybook(self, request: pb.AbortPlaybookRequest, call: Call) -> pb.PlaybookRun:
        return self._done(*self._playbooks(call).abort(*_names(request.name), request.note), call)

    def _playbooks(self, call: Call) -> Playbooks:
        return Playbooks(call.uow, self._book, call.scope)

    def _done(self, alert: Alert, run: Run, call: Call) -> pb.PlaybookRun:
        # The rule names no subject: whose alert it is shows only now.
        call.uow.audit(call.action, alert.resident or alert.subject, "allowed", call.basis)
        return run_to_wire(run, alert, call.locale)


def _names(name: str) -> tuple[str, str]:
    alert, _, run = name.rpartition("/runs/")
    return alert, run
