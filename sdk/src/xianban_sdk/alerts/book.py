"""What one domain says of its alerts: whom to tell, in which order, in which words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from xianban_sdk.alerts.domain import Alert, Severity
from xianban_sdk.alerts.ladder import NO_LADDER, Ladder, Recipient, Rung
from xianban_sdk.storage.unit_of_work import UnitOfWork

__all__ = ["AlertBook", "Changes", "Who"]

Who = Callable[[Rung, Alert, UnitOfWork], Sequence[Recipient]]


class Changes:
    """Wakes who watches; says that something changed, never what."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
        self._waiting: set[threading.Event] = set()

    def tell(self) -> None:
        """Something was committed."""
        with self._lock:
            self.count += 1
            waiting = list(self._waiting)
        for each in waiting:
            each.set()

    def wake(self, event: threading.Event) -> Callable[[], None]:
        """Sets the event at every change, until the returned function is called."""
        with self._lock:
            self._waiting.add(event)

        def stop() -> None:
            with self._lock:
                self._waiting.discard(event)

        return stop


def _no_name(_person: str, _alert: Alert, _uow: UnitOfWork) -> str:
    return ""


def _nothing(_alert: Alert) -> Mapping[str, str]:
    return {}


def _as_written(to: str, _alert: Alert, _uow: UnitOfWork) -> str:
    return to


@dataclass(frozen=True, kw_only=True)
class AlertBook:
    """One domain's rules for all its alerts; made once, beside the composition root.

    Texts are the package's own: ``alert-<rule>`` (title), ``rung-<rung>``, each reason's key. The
    messages' templates are ``<domain>-alert-told``, ``-taken`` (somebody has it), ``-over`` (it
    ended before anybody had it), ``-worse`` (to who has it) and ``-late`` (a playbook's step was
    not done in time); their values are subject, rule, severity, rung, by, reason and the newest
    reason's own, and what ``params`` adds.
    """

    package: str
    # Who stands on a rung now. Called inside the transaction: look into your own tables only.
    who: Who
    # A severity without a ladder is shown and told to nobody.
    ladders: Mapping[Severity, Ladder] = field(default_factory=dict[Severity, Ladder])
    # What a rule's alerts climb at a severity instead.
    rule_ladders: Mapping[tuple[str, Severity], Ladder] = field(
        default_factory=dict[tuple[str, Severity], Ladder]
    )
    # The name of a person who acts on an alert, from the service's own tables.
    name_of: Callable[[str, Alert, UnitOfWork], str] = _no_name
    params: Callable[[Alert], Mapping[str, str]] = _nothing
    # The portal page that a message opens; default /<domain>/alerts/<id>.
    link: Callable[[Alert], str] | None = None
    # Called in the transaction in which an alert is raised, and in which it is dealt with.
    follower: Callable[[Alert, AlertBook, UnitOfWork], None] | None = None
    # Who is sent as the alert shall name them, inside the transaction; refuses whom it can't send.
    sends: Callable[[str, Alert, UnitOfWork], str] = _as_written
    # The domain's RPC (full path) by which who is no staff takes an alert about a resident.
    own_acknowledge: str = ""
    longest_snooze: timedelta = timedelta(hours=24)
    changes: Changes = field(default_factory=Changes, compare=False)

    @property
    def domain(self) -> str:
        """E.g. "eldercare"."""
        return self.package.removeprefix("xianban_")

    def ladder(self, severity: Severity, rule: str) -> Ladder:
        """The ladder that a rule's alerts of a severity climb."""
        own = self.rule_ladders.get((rule, severity))
        return own or self.ladders.get(severity, NO_LADDER)

    def template(self, occasion: str) -> str:
        """The template of a message: "told", "taken", "over", "worse" or "late"."""
        return f"{self.domain}-alert-{occasion}"

    def page(self, alert: Alert) -> str:
        """The portal path of an alert."""
        return self.link(alert) if self.link else f"/{self.domain}/{alert.name}"
