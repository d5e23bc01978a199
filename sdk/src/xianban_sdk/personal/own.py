"""The SDK's own tables, which every service's database has."""

from __future__ import annotations

from typing import Final

from xianban_sdk.personal.declared import Fate, Holding, PersonalData
from xianban_sdk.storage.tables import audit, idempotency, outbox, relation_record

__all__ = ["OWN", "UNFINDABLE", "holdings"]

OWN: Final = (
    Holding(
        table=audit,
        category="accesses",
        subjects=("subject",),
        actors=("actor",),
        fate=Fate.KEPT,
        reason="audit",
        days=3 * 365,
    ),
    Holding(
        table=relation_record,
        category="relation-copies",
        subjects=("actor", "subject"),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
    ),
    Holding(
        table=idempotency,
        category="first-answers",
        subjects=("principal",),
        fate=Fate.ERASED,
        exported=False,
        reason="copy",
        days=30,
    ),
    Holding(
        table=outbox,
        category="events",
        subjects=("subject",),
        actors=("actor",),
        fate=Fate.KEPT,
        exported=False,
        reason="copy",
        days=7,
    ),
)

UNFINDABLE: Final = {
    "dead_letter": "an event as it came; it goes when it is replayed",
}


def holdings(personal: PersonalData) -> tuple[Holding, ...]:
    """The service's, then the SDK's: what ties rows to a person goes last."""
    return (*personal.holdings, *OWN)
