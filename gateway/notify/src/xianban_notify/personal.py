"""The message centre's personal data."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, or_, select
from xianban_sdk.names import emptied, unnamed
from xianban_sdk.personal import Fate, Holding, PersonalData, Sealed

from xianban_notify.repository import address, answer, delivery, message, message_name, preference
from xianban_notify.repository.tables import MESSAGES_KEPT

__all__ = ["PERSONAL"]


def _may_name(person: str) -> ColumnElement[bool]:
    """Others' messages that are about the person, or name them."""
    named = select(message_name.c.message).where(message_name.c.person == person)
    return or_(message.c.subject == person, message.c.id.in_(named))


def _without(row: Mapping[str, Any], person: str) -> str:
    """What is about the person says nothing any more; else only their name goes."""
    params: dict[str, str] = orjson.loads(row["params"])
    left = emptied(params) if row["subject"] == person else unnamed(params, person)
    return orjson.dumps(left).decode()


PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=message,
            category="messages",
            subjects=("recipient",),
            # Whom a message to somebody else was about.
            actors=("subject",),
            # The page it opens is the person's.
            displays={"subject": "link"},
            sealed=Sealed("params", _may_name, _without),
            fate=Fate.ERASED,
            days=MESSAGES_KEPT.days,
            secret=frozenset(
                {
                    "dedupe_hash",
                    "dedupe_key",
                    "copy_of",
                    "to_delegates",
                    "traceparent",
                    "planned_at",
                    "alert",
                }
            ),
        ),
        Holding(
            table=message_name,
            category="message-names",
            subjects=("person", "recipient"),
            fate=Fate.ERASED,
            exported=False,
            reason="copy",
            days=MESSAGES_KEPT.days,
        ),
        Holding(
            table=delivery,
            category="deliveries",
            subjects=("recipient",),
            fate=Fate.ERASED,
            days=MESSAGES_KEPT.days,
            secret=frozenset({"wanted", "attempts", "rounds", "reference", "address"}),
        ),
        Holding(
            table=answer,
            category="answers",
            subjects=("person",),
            fate=Fate.ERASED,
            exported=False,
            reason="copy",
            days=30,
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
