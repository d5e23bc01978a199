"""A domain's alerts with playbooks: what sources tell is put in, the clock and persons move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from alert_world import World
from xianban.common.v1 import messages_pb2
from xianban_sdk import alerts, playbooks
from xianban_sdk.clock import ManualClock
from xianban_sdk.identity.access import Scope
from xianban_sdk.playbooks import Playbooks, Run, StepState
from xianban_sdk.playbooks.repository import Known, PlaybookRows
from xianban_sdk.public.playbooks import Playbook, read_playbook
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import Database, open_unit_of_work
from xianban_sdk.timers import Timers

Answer = TypeVar("Answer")
DISTRICT = ("310120",)


def step(name: str, **more: Any) -> dict[str, Any]:
    texts = {"zh-CN": f"步骤{name}", "en": f"Step {name}"}
    return {"id": name, "texts": texts, "role": "dispatcher", **more}


def playbook(*steps: dict[str, Any], version: int = 1, **fit: Any) -> Playbook:
    fits = [{"domain": "eldercare", "rules": ["oxygen-low"], **fit}]
    names = {"zh-CN": "缺氧", "en": "Oxygen"}
    return read_playbook(
        {"id": "oxygen", "version": version, "names": names, "fits": fits, "steps": list(steps)}
    )


class PlaybookWorld(World):
    """The alerts' world, whose book is followed by playbooks."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(database, clock)
        self.book = replace(self.book, follower=playbooks.follow)
        self.restarted()

    def restarted(self) -> Timers:
        handlers = {**alerts.timers(self.book), **playbooks.timers(self.book)}
        self.timers = Timers(self.db, handlers, clock=self.clock, ids=self.ids)
        return self.timers

    def offers(self, *found: Playbook) -> None:
        with open_unit_of_work(self.db, clock=self.clock, ids=self.ids) as uow:
            rows = PlaybookRows(uow.conn, MachineScope("test"))
            for one in found:
                rows.add(Known(one, "district"), self.clock.now())
            rows.offer([(one.id, one.version) for one in found], ["district"])

    def plays(self, deed: Callable[[Playbooks], Answer], person: str = "dispatcher") -> Answer:
        """One transaction, by somebody of the district."""
        with open_unit_of_work(self.db, clock=self.clock, ids=self.ids) as uow:
            return deed(Playbooks(uow, self.book, Scope(person, areas=DISTRICT)))

    def runs(self, alert: str) -> Sequence[Run]:
        return self.plays(lambda all_of: all_of.runs(alert)[1])

    def ends(self, run: Run, name: str, state: StepState = StepState.DONE, note: str = "") -> Run:
        return self.plays(
            lambda all_of: all_of.end_step(f"alerts/{run.alert}", run.id, name, state, note)[1]
        )

    def reminded(self) -> list[tuple[str, str]]:
        """(person, step), in order."""
        found: list[messages_pb2.MessageRequested] = self.messages("late")
        return [(one.recipient, one.params["step"]) for one in found]

    def actions(self, alert: str) -> list[str]:
        steps = self.does(lambda all_of: all_of.steps(alert))
        return [one.action for one in steps if one.action.startswith("playbook")]


SECOND = timedelta(seconds=1)
