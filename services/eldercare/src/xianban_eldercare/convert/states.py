"""Where visits, beds and referrals stand: as kept → as told, in answers and in events."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import organisations_pb2, referrals_pb2, visits_pb2

from xianban_eldercare.domain.beds import BedState
from xianban_eldercare.domain.referrals import CareSetting, ReferralState
from xianban_eldercare.domain.visits import VisitState

__all__ = ["BED_STATES", "CARE_SETTINGS", "REFERRAL_STATES", "VISIT_STATES"]

VISIT_STATES: Final = {
    VisitState.PLANNED.value: visits_pb2.VISIT_STATE_PLANNED,
    VisitState.CHECKED_IN.value: visits_pb2.VISIT_STATE_CHECKED_IN,
    VisitState.DONE.value: visits_pb2.VISIT_STATE_DONE,
    VisitState.MISSED.value: visits_pb2.VISIT_STATE_MISSED,
    VisitState.CANCELLED.value: visits_pb2.VISIT_STATE_CANCELLED,
}
BED_STATES: Final = {
    BedState.FREE.value: organisations_pb2.BED_STATE_FREE,
    BedState.HELD.value: organisations_pb2.BED_STATE_HELD,
    BedState.OCCUPIED.value: organisations_pb2.BED_STATE_OCCUPIED,
    BedState.CLOSED.value: organisations_pb2.BED_STATE_CLOSED,
}
CARE_SETTINGS: Final = {
    CareSetting.HOME.value: referrals_pb2.CARE_SETTING_HOME,
    CareSetting.INSTITUTION.value: referrals_pb2.CARE_SETTING_INSTITUTION,
    CareSetting.MEDICAL.value: referrals_pb2.CARE_SETTING_MEDICAL,
}
REFERRAL_STATES: Final = {
    state.value: referrals_pb2.ReferralState.Value(f"REFERRAL_STATE_{state.name}")
    for state in ReferralState
}
