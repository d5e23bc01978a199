"""应急处置 on the duty desk: which playbooks fit an alert, and the one that runs as a checklist."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from starlette.requests import Request
from xianban.common.v1 import playbooks_pb2 as pb
from xianban_sdk.web import call, if_there

from xianban_eldercare.web.clients import playing

RUN_STATES = {
    pb.PLAYBOOK_RUN_STATE_RUNNING: ("running", "info"),
    pb.PLAYBOOK_RUN_STATE_FINISHED: ("finished", "ok"),
    pb.PLAYBOOK_RUN_STATE_ABORTED: ("aborted", "plain"),
    pb.PLAYBOOK_RUN_STATE_OVER: ("over", "plain"),
}
STEP_STATES = {
    pb.PLAYBOOK_STEP_STATE_OPEN: "open",
    pb.PLAYBOOK_STEP_STATE_DONE: "done",
    pb.PLAYBOOK_STEP_STATE_SKIPPED: "skipped",
}


async def shown(request: Request, name: str, *, goes_on: bool) -> dict[str, Any]:
    """What the part of the page shows; a service that is away costs this part alone."""
    (listed, away), (ran, _) = await asyncio.gather(
        if_there(call(request, playing.ListPlaybooks, pb.ListPlaybooksRequest(parent=name))),
        if_there(call(request, playing.ListPlaybookRuns, pb.ListPlaybookRunsRequest(parent=name))),
    )
    runs = list(ran.runs) if ran else []
    return {
        "id": name.partition("/")[2],
        "goes_on": goes_on,
        "runs": runs,
        "run_states": RUN_STATES,
        "step_states": STEP_STATES,
        "listed": listed,
        "away": away,
        "seen": _seen(runs, listed, goes_on=goes_on),
    }


def _seen(runs: list[pb.PlaybookRun], listed: Any, *, goes_on: bool) -> str:
    told = [one.SerializeToString(deterministic=True) for one in runs]
    told += [one.name.encode() for one in (listed.playbooks if listed else ())]
    return hashlib.sha256(b"\0".join([*told, bytes([goes_on])])).hexdigest()[:16]
