"""Hazards, levels and where a proposal stands: as kept → as told, in answers and in events."""

from __future__ import annotations

from typing import Final

from xianban.eldercare.v1 import weather_pb2 as pb

from xianban_eldercare.domain.rounds import How, RoundState
from xianban_eldercare.domain.weather import Knowledge

__all__ = ["HAZARDS", "HOWS", "KNOWLEDGE", "LEVELS", "PROPOSAL_STATES"]

HAZARDS: Final = {
    name.removeprefix("WEATHER_HAZARD_").lower(): value for name, value in pb.WeatherHazard.items()
}
LEVELS: Final = dict(enumerate(pb.WarningLevel.values()))
HOWS: Final = {how.value: pb.RoundHow.Value(f"ROUND_HOW_{how.name}") for how in How}
PROPOSAL_STATES: Final = {
    state.value: pb.RoundProposalState.Value(f"ROUND_PROPOSAL_STATE_{state.name}")
    for state in RoundState
}
KNOWLEDGE: Final = {
    one: pb.WeatherKnowledge.Value(f"WEATHER_KNOWLEDGE_{one.name}") for one in Knowledge
}
