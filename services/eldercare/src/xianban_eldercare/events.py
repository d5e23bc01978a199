"""What elder care tells the others, after commit; alerts tell of themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from xianban.common.v1 import messages_pb2
from xianban.eldercare.v1 import whereabouts_pb2 as pb
from xianban_sdk.clock import SHANGHAI

from xianban_eldercare.domain.searches import TRAIL_KEPT, SearchState
from xianban_eldercare.repository.whereabouts_rows import SearchRow

__all__ = ["search_ended", "search_extended", "search_message", "search_started", "search_told"]

_PAGE: Final = "/eldercare/whereabouts"
_STATES: Final = {
    SearchState.RUNNING: pb.SEARCH_STATE_RUNNING,
    SearchState.ENDED: pb.SEARCH_STATE_ENDED,
    SearchState.EXPIRED: pb.SEARCH_STATE_EXPIRED,
}


def search_started(row: SearchRow) -> pb.SearchStarted:
    return pb.SearchStarted(search=search_told(row))


def search_extended(row: SearchRow) -> pb.SearchExtended:
    return pb.SearchExtended(search=search_told(row))


def search_ended(row: SearchRow) -> pb.SearchEnded:
    return pb.SearchEnded(search=search_told(row))


def search_told(row: SearchRow) -> pb.Search:
    """What everybody may hear of it: neither why nor where."""
    made = pb.Search(
        name=row.name,
        display_name=row.display_name,
        area=row.area,
        state=_STATES[SearchState(row.state)],
        started_by_display=row.started_by_display,
        ended_by_display=row.ended_by_display,
        alert=row.alert,
    )
    made.start_time.FromDatetime(row.started_at)
    made.expire_time.FromDatetime(row.until)
    made.forget_time.FromDatetime((row.ended_at or row.until) + TRAIL_KEPT)
    if row.ended_at is not None:
        made.end_time.FromDatetime(row.ended_at)
    return made


def search_message(row: SearchRow, occasion: str, person: str) -> messages_pb2.MessageRequested:
    """To one person; quiet hours are ignored."""
    return messages_pb2.MessageRequested(
        recipient=person,
        template=f"eldercare-search-{occasion}",
        params={
            "subject": row.display_name,
            "by": row.ended_by_display or row.started_by_display,
            "until": _clock(row.until),
        },
        link=_PAGE,
        urgent=True,
        dedupe_key=f"{row.id}/{occasion}/{row.until.timestamp():.0f}/{person}",
        subject=row.resident,
    )


def _clock(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
