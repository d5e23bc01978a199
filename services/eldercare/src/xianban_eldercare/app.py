"""The composition root of the elder care service; nothing else wires."""

from __future__ import annotations

from xianban_sdk.alerts import ALERT_SERVICE, AlertServicer
from xianban_sdk.app import Service
from xianban_sdk.playbooks import PLAYBOOK_SERVICE, PlaybookServicer
from xianban_sdk.plugins import Capability

from xianban_eldercare import hookspecs
from xianban_eldercare.alarms import BOOK
from xianban_eldercare.consumers import CONSUMERS
from xianban_eldercare.loops import LOOPS
from xianban_eldercare.personal import PERSONAL
from xianban_eldercare.repository import KEPT, metadata
from xianban_eldercare.seed import seed
from xianban_eldercare.servicer import (
    AssessmentServicer,
    CareFileServicer,
    CatalogueServicer,
    EligibilityServicer,
    IngestServicer,
    MonitoringServicer,
    ObservationServicer,
    OrderServicer,
    OrganisationServicer,
    ReferralServicer,
    ResponderServicer,
    SubsidyServicer,
    VisitPlanServicer,
    VisitServicer,
    WeatherServicer,
    WhereaboutsServicer,
)
from xianban_eldercare.timers import TIMERS

__all__ = ["app"]

CAPABILITIES = (
    Capability("register_rule_pack", "missing-rule-pack"),
    Capability("register_playbook", "missing-playbook"),
    Capability("register_weather", "missing-weather"),
    Capability("register_responders", "missing-responders"),
)

app = Service(
    name="eldercare",
    package="xianban_eldercare",
    servicers={
        "xianban.eldercare.v1.CareFileService": CareFileServicer,
        "xianban.eldercare.v1.MonitoringService": MonitoringServicer,
        "xianban.eldercare.v1.ObservationService": ObservationServicer,
        "xianban.eldercare.v1.AssessmentService": AssessmentServicer,
        "xianban.eldercare.v1.EligibilityService": EligibilityServicer,
        "xianban.eldercare.v1.WhereaboutsService": WhereaboutsServicer,
        "xianban.eldercare.v1.OrganisationService": OrganisationServicer,
        "xianban.eldercare.v1.ReferralService": ReferralServicer,
        "xianban.eldercare.v1.VisitService": VisitServicer,
        "xianban.eldercare.v1.VisitPlanService": VisitPlanServicer,
        "xianban.eldercare.v1.CatalogueService": CatalogueServicer,
        "xianban.eldercare.v1.OrderService": OrderServicer,
        "xianban.eldercare.v1.SubsidyService": SubsidyServicer,
        "xianban.eldercare.v1.WeatherService": WeatherServicer,
        "xianban.eldercare.v1.ResponderService": ResponderServicer,
        "xianban.common.v1.IngestService": IngestServicer,
        ALERT_SERVICE: lambda resources: AlertServicer(resources, BOOK),
        PLAYBOOK_SERVICE: lambda resources: PlaybookServicer(resources, BOOK),
    },
    hookspecs=hookspecs,
    capabilities=CAPABILITIES,
    metadata=metadata,
    migrations="xianban_eldercare.migrations",
    kept=KEPT,
    personal_data=PERSONAL,
    consumers=CONSUMERS,
    timers=TIMERS,
    loops=LOOPS,
    seed=seed,
)
