"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from typing import Final

from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_eldercare.repository.tables import care_file, pack_state, threshold

__all__ = ["PERSONAL"]

PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=care_file,
            category="care-file",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=threshold,
            category="thresholds",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=pack_state,
            category="rule-packs",
            subjects=("resident",),
            fate=Fate.ERASED,
        ),
    )
)
