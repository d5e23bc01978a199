"""应急处置: playbooks that run for alerts, in every domain that has a book of alerts.

Plugins bring sources (`xianban_sdk.public.playbooks`); the SDK keeps what they tell, starts what
fits, counts the time of each step and tells who has the alert when one is late::

    BOOK = AlertBook(…, follower=playbooks.follow)

    app = Service(
        servicers={PLAYBOOK_SERVICE: lambda resources: PlaybookServicer(resources, BOOK), …},
        timers={**playbooks.timers(BOOK), …},
        loops=(keep_playbooks, …),
    )

and the domain's `hookspecs` declares ``register_playbook() -> list[PlaybookSource]``. The template
of the reminder is ``<domain>-alert-late``. ``policy.cedar`` permits ``ListPlaybooks``,
``ListPlaybookRuns``, ``StartPlaybook``, ``CompletePlaybookStep``, ``SkipPlaybookStep`` and
``AbortPlaybook`` by basis, e.g. ``role:dispatcher``.
"""

from xianban_sdk.playbooks.domain import Run, RunRefused, RunState, StepRun, StepState
from xianban_sdk.playbooks.life import Playbooks, follow, timers
from xianban_sdk.playbooks.servicer import PLAYBOOK_SERVICE, PlaybookServicer
from xianban_sdk.playbooks.sources import keep_playbooks, read_sources

__all__ = [
    "PLAYBOOK_SERVICE",
    "PlaybookServicer",
    "Playbooks",
    "Run",
    "RunRefused",
    "RunState",
    "StepRun",
    "StepState",
    "follow",
    "keep_playbooks",
    "read_sources",
    "timers",
]
