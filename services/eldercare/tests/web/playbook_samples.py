"""Playbooks of an alarm: one runs with a late step, one could be started."""

from __future__ import annotations

from typing import Any

from eldercare_samples import ID, stamp
from xianban.common.v1 import playbooks_pb2 as pb

RUN = "01KDVHX800DEM0000000000077"


def run(**more: Any) -> pb.PlaybookRun:
    facts: dict[str, Any] = {
        "name": f"alerts/{ID}/runs/{RUN}",
        "playbook": "playbooks/sos",
        "playbook_version": 3,
        "display_name": "紧急呼叫处置",
        "state": pb.PLAYBOOK_RUN_STATE_RUNNING,
        "start_time": stamp(-5),
        "started_by": "system",
        "steps": [
            pb.PlaybookRunStep(
                id="call",
                text="立即回拨",
                role="dispatcher",
                state=pb.PLAYBOOK_STEP_STATE_DONE,
                actor="x",
                actor_display="张敏",
                end_time=stamp(-4),
                note="无人接听",
            ),
            pb.PlaybookRunStep(
                id="send",
                text="派人上门",
                role="carer",
                state=pb.PLAYBOOK_STEP_STATE_OPEN,
                due_time=stamp(-1),
                overdue_time=stamp(-1),
            ),
            pb.PlaybookRunStep(
                id="arrived",
                text="到场反馈",
                role="verger",
                state=pb.PLAYBOOK_STEP_STATE_OPEN,
                due_time=stamp(9),
                waits_for="请先完成“派人上门”。",
            ),
            pb.PlaybookRunStep(
                id="tell", text="告知家属", role="dispatcher", optional=True, due_time=stamp(9)
            ),
        ],
    }
    facts["steps"][3].state = pb.PLAYBOOK_STEP_STATE_SKIPPED
    facts["steps"][3].end_time.CopyFrom(stamp(-2))
    return pb.PlaybookRun(**(facts | more))


def listed(**more: Any) -> pb.ListPlaybooksResponse:
    source = pb.PlaybookSource(
        name="playbook-sources/district", display_name="本区预案", read_time=stamp(-1)
    )
    other = pb.Playbook(
        name="playbooks/fall",
        version=1,
        display_name="跌倒处置",
        steps=["致电", "派人"],
        source_display="本区预案",
    )
    return pb.ListPlaybooksResponse(**({"playbooks": [other], "sources": [source]} | more))


def playbook_replies() -> dict[str, Any]:
    return {
        "ListPlaybooks": listed(),
        "ListPlaybookRuns": pb.ListPlaybookRunsResponse(runs=[run()]),
        "StartPlaybook": run(),
        "CompletePlaybookStep": run(),
        "SkipPlaybookStep": run(),
        "AbortPlaybook": run(),
    }
