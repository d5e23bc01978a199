"""Personal data: what services declare of it, and how a person's rights are served (PIPL 44-50)."""

from xianban_sdk.personal.declared import PSEUDONYM, Fate, Hold, Holding, PersonalData, Sealed
from xianban_sdk.personal.erasing import sweep
from xianban_sdk.personal.own import holdings

__all__ = ["PSEUDONYM", "Fate", "Hold", "Holding", "PersonalData", "Sealed", "holdings", "sweep"]
