"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from typing import Final

from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_eldercare.repository.tables import assessment, care_file, official_level, threshold

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
            table=assessment,
            category="assessments",
            subjects=("resident",),
            actors=("opened_by",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=official_level,
            category="official-levels",
            subjects=("resident",),
            actors=("entered_by",),
            fate=Fate.ERASED,
        ),
    )
)
