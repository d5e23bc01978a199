"""The message centre's personal data."""

from typing import Final

from xianban_sdk.personal import Fate, Holding, PersonalData

from xianban_notify.repository import address, delivery, message, preference

__all__ = ["PERSONAL"]

_WORKINGS: Final = ("copy_of", "to_delegates", "traceparent", "planned_at")

PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=message,
            category="messages",
            subjects=("recipient",),
            # Whom a message to somebody else was about.
            actors=("subject",),
            fate=Fate.ERASED,
            secret=frozenset(
                {
                    "dedupe_hash",
                    "dedupe_key",
                    "copy_of",
                    "to_delegates",
                    "traceparent",
                    "planned_at",
                }
            ),
        ),
        Holding(
            table=delivery,
            category="deliveries",
            subjects=("recipient",),
            fate=Fate.ERASED,
            secret=frozenset({"wanted", "attempts", "rounds", "reference", "address"}),
        ),
        Holding(table=preference, category="preferences", subjects=("person",), fate=Fate.ERASED),
        Holding(
            table=address,
            category="addresses",
            subjects=("person",),
            fate=Fate.ERASED,
            secret=frozenset({"value_hash", "code", "code_until", "code_tries"}),
        ),
    )
)
