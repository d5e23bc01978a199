"""The composition root of the elder care service; nothing else wires."""

from __future__ import annotations

from xianban_sdk.alerts import ALERT_SERVICE, AlertServicer
from xianban_sdk.app import Service

from xianban_eldercare import hookspecs
from xianban_eldercare.alarms import BOOK
from xianban_eldercare.consumers import CONSUMERS
from xianban_eldercare.loops import LOOPS
from xianban_eldercare.personal import PERSONAL
from xianban_eldercare.repository import metadata
from xianban_eldercare.seed import seed
from xianban_eldercare.servicer import (
    AssessmentServicer,
    CareFileServicer,
    CatalogueServicer,
    EligibilityServicer,
    IngestServicer,
    MonitoringServicer,
    OrderServicer,
    OrganisationServicer,
    ReferralServicer,
    SubsidyServicer,
    VisitPlanServicer,
    VisitServicer,
    WhereaboutsServicer,
)
from xianban_eldercare.timers import TIMERS

__all__ = ["app"]

app = Service(
    name="eldercare",
    package="xianban_eldercare",
    servicers={
        "xianban.eldercare.v1.CareFileService": CareFileServicer,
        "xianban.eldercare.v1.MonitoringService": MonitoringServicer,
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
        "xianban.common.v1.IngestService": IngestServicer,
        ALERT_SERVICE: lambda resources: AlertServicer(resources, BOOK),
    },
    hookspecs=hookspecs,
    metadata=metadata,
    migrations="xianban_eldercare.migrations",
    personal_data=PERSONAL,
    consumers=CONSUMERS,
    timers=TIMERS,
    loops=LOOPS,
    seed=seed,
)
