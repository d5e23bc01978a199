"""Elder care's personal data: what those who care for an elder must know."""

from __future__ import annotations

from typing import Final

from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_eldercare.repository.organisation_tables import bed, staff, staff_licence, visit
from xianban_eldercare.repository.tables import care_file, threshold

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
            table=visit,
            category="visits",
            subjects=("resident",),
            actors=("carer",),
            fate=Fate.ERASED,
        ),
        # The bed stays and is free; who lay in it is gone.
        Holding(
            table=bed,
            category="beds",
            subjects=("resident",),
            fate=Fate.PSEUDONYMISED,
            reason="bed",
            blank={"resident": None, "state": "free", "hold_until": None},
        ),
        Holding(
            table=staff_licence,
            category="licences",
            subjects=("person",),
            fate=Fate.ERASED,
        ),
        Holding(
            table=staff,
            category="employment",
            subjects=("person",),
            fate=Fate.ERASED,
        ),
    ),
)
