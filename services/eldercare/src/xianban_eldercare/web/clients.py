"""The services these pages ask."""

from __future__ import annotations

from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.common.v1.playbooks_pb2_grpc import PlaybookServiceStub
from xianban.eldercare.v1.assessments_pb2_grpc import AssessmentServiceStub
from xianban.eldercare.v1.care_files_pb2_grpc import CareFileServiceStub
from xianban.eldercare.v1.catalogue_pb2_grpc import CatalogueServiceStub
from xianban.eldercare.v1.eligibility_pb2_grpc import EligibilityServiceStub
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban.eldercare.v1.observations_pb2_grpc import ObservationServiceStub
from xianban.eldercare.v1.orders_pb2_grpc import OrderServiceStub
from xianban.eldercare.v1.organisations_pb2_grpc import OrganisationServiceStub
from xianban.eldercare.v1.referrals_pb2_grpc import ReferralServiceStub
from xianban.eldercare.v1.responders_pb2_grpc import ResponderServiceStub
from xianban.eldercare.v1.subsidies_pb2_grpc import SubsidyServiceStub
from xianban.eldercare.v1.visit_plans_pb2_grpc import VisitPlanServiceStub
from xianban.eldercare.v1.visits_pb2_grpc import VisitServiceStub
from xianban.eldercare.v1.weather_pb2_grpc import WeatherServiceStub
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_sdk.web import api

__all__ = [
    "alerting",
    "assessing",
    "eligibility",
    "files",
    "forewarning",
    "listing",
    "locating",
    "monitoring",
    "mustering",
    "observing",
    "ordering",
    "organising",
    "planning",
    "playing",
    "referring",
    "subsidising",
    "visiting",
]

monitoring = api(MonitoringServiceStub)
files = api(CareFileServiceStub)
forewarning = api(WeatherServiceStub)
assessing = api(AssessmentServiceStub)
eligibility = api(EligibilityServiceStub)
listing = api(CatalogueServiceStub)
locating = api(WhereaboutsServiceStub)
mustering = api(ResponderServiceStub)
observing = api(ObservationServiceStub)
ordering = api(OrderServiceStub)
organising = api(OrganisationServiceStub)
planning = api(VisitPlanServiceStub)
referring = api(ReferralServiceStub)
subsidising = api(SubsidyServiceStub)
visiting = api(VisitServiceStub)
# Not routed by the edge: the elder care service serves it on its own socket.
alerting = api(AlertServiceStub, served_by="eldercare")
playing = api(PlaybookServiceStub, served_by="eldercare")
