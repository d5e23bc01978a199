"""One alert life-cycle for every domain: raised → acknowledged → dispatched → resolved → closed.

A domain says whom to tell and how fast; the SDK keeps the alert, its ladder and its timers::

    BOOK = AlertBook(
        package="xianban_eldercare",
        ladders={
            Severity.SEVERE: Ladder(
                [
                    Rung("family", wait=timedelta(minutes=3)),
                    Rung("neighbourhood", wait=timedelta(minutes=5)),
                    Rung("station", wait=timedelta(minutes=5)),
                    Rung("120"),
                ],
                unhandled_after=timedelta(minutes=15),
            ),
        },
        who=who_stands,  # (rung, alert, uow) -> [Recipient(person), …]; nobody: the rung is passed
        name_of=name_of,  # (person, alert, uow) -> "王芳"
    )

    app = Service(
        name="eldercare",
        servicers={ALERT_SERVICE: lambda resources: AlertServicer(resources, BOOK), …},
        timers={**timers(BOOK), …},
        …
    )

and its handlers and consumers call, inside their unit of work::

    alerts = Alerts(uow, BOOK)                     # the service's own work
    alert = alerts.raise_(
        Finding(
            rule="oxygen-low",
            subject=f"residents/{elder}",
            severity=Severity.SEVERE,
            area="310120/fengpu",
            subject_display="李阿婆",
            reasons=[Reason("reason-oxygen-below", {"value": "86"}, observed_at)],
            at=observed_at,                        # the same instant again is the same fact
        )
    )
    alerts.cleared("oxygen-low", f"residents/{elder}", at=observed_at)

    Alerts(call.uow, BOOK, call.scope).acknowledge(request.name)   # a daughter, by the domain's RPC

Texts the package brings in zh-CN and en: ``alert-<rule>``, ``rung-<rung>`` and each reason's key;
templates of messages: see :class:`AlertBook`. ``policy.cedar`` permits ``ListAlerts``,
``GetAlert``, ``ListAlertSteps``, ``AcknowledgeAlert``, ``DispatchAlert``, ``EscalateAlert``,
``ResolveAlert``, ``CloseAlert`` and ``WatchAlerts`` by basis, e.g. ``role:dispatcher``.
"""

from xianban_sdk.alerts.book import AlertBook
from xianban_sdk.alerts.climbing import Step
from xianban_sdk.alerts.clockwork import timers
from xianban_sdk.alerts.convert import alert_to_wire, step_to_wire
from xianban_sdk.alerts.domain import SYSTEM, Alert, AlertRefused, Place, Reason, Severity, State
from xianban_sdk.alerts.figures import RuleFigures
from xianban_sdk.alerts.ladder import Ladder, Recipient, Rung
from xianban_sdk.alerts.life import Alerts, Finding
from xianban_sdk.alerts.servicer import ALERT_SERVICE, AlertServicer

__all__ = [
    "ALERT_SERVICE",
    "SYSTEM",
    "Alert",
    "AlertBook",
    "AlertRefused",
    "AlertServicer",
    "Alerts",
    "Finding",
    "Ladder",
    "Place",
    "Reason",
    "Recipient",
    "RuleFigures",
    "Rung",
    "Severity",
    "State",
    "Step",
    "alert_to_wire",
    "step_to_wire",
    "timers",
]
