"""The message centre's personal data."""

from typing import Final

from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_notify.repository import message

__all__ = ["PERSONAL"]

PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=message,
            category="messages",
            subjects=("recipient",),
            # Whom a message to somebody else was about.
            actors=("subject",),
            fate=Fate.ERASED,
            secret=frozenset({"dedupe_hash", "dedupe_key"}),
        ),
    )
)
