"""Where visits and beds stand: as kept → as told, in answers and in events."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import organisations_pb2, visits_pb2

from xianban_eldercare.domain.beds import BedState
from xianban_eldercare.domain.visits import VisitState

__all__ = ["BED_STATES", "VISIT_STATES"]

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
