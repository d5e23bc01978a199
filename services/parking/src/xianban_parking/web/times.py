"""Times as people type them: date and time in Shanghai, without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.web.formats import moment
from xianban_sdk.wire import stamp

QUARTER = timedelta(minutes=15)


def typed(text: str) -> Timestamp | None:
    """What a `datetime-local` or `date` field holds; None where it holds nothing readable."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return stamp(at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at)


def field(at: Timestamp | datetime) -> str:
    """For the value of a `datetime-local` field."""
    known = moment(at)
    return known.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") if known else ""


def next_quarter(now: datetime) -> datetime:
    """The next full quarter of an hour: what a form proposes."""
    over = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
    return now - over + QUARTER


def window(query_from: str, query_until: str, now: datetime) -> tuple[str, str]:
    """The two fields of a form: as typed, else two hours from the next quarter."""
    begin = next_quarter(now)
    return query_from or field(begin), query_until or field(begin + timedelta(hours=2))
