"""The wire side of elder care: each method converts, calls one use case, converts back."""

from __future__ import annotations

from xianban_eldercare.servicer.assessments import AssessmentServicer
from xianban_eldercare.servicer.care_files import CareFileServicer
from xianban_eldercare.servicer.catalogue import CatalogueServicer
from xianban_eldercare.servicer.eligibility import EligibilityServicer
from xianban_eldercare.servicer.ingest import IngestServicer
from xianban_eldercare.servicer.monitoring import MonitoringServicer
from xianban_eldercare.servicer.observations import ObservationServicer
from xianban_eldercare.servicer.orders import OrderServicer
from xianban_eldercare.servicer.organisations import OrganisationServicer
from xianban_eldercare.servicer.referrals import ReferralServicer
from xianban_eldercare.servicer.responders import ResponderServicer
from xianban_eldercare.servicer.subsidies import SubsidyServicer
from xianban_eldercare.servicer.visit_plans import VisitPlanServicer
from xianban_eldercare.servicer.visits import VisitServicer
from xianban_eldercare.servicer.weather import WeatherServicer
from xianban_eldercare.servicer.whereabouts import WhereaboutsServicer

__all__ = [
    "AssessmentServicer",
    "CareFileServicer",
    "CatalogueServicer",
    "EligibilityServicer",
    "IngestServicer",
    "MonitoringServicer",
    "ObservationServicer",
    "OrderServicer",
    "OrganisationServicer",
    "ReferralServicer",
    "ResponderServicer",
    "SubsidyServicer",
    "VisitPlanServicer",
    "VisitServicer",
    "WeatherServicer",
    "WhereaboutsServicer",
]
