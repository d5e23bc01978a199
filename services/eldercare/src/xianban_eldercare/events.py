"""What elder care tells the others, after commit; alerts tell of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import orjson
from xianban.common.v1 import hand_overs_pb2, messages_pb2
from xianban.eldercare.v1 import (
    assessment_events_pb2,
    bed_events_pb2,
    order_events_pb2,
    orders_pb2,
    referral_events_pb2,
    visit_events_pb2,
    weather_events_pb2,
    whereabouts_pb2,
)
from xianban_sdk.clock import SHANGHAI
from xianban_sdk.names import named
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.wire import stamp

from xianban_eldercare.convert.care_files import LEVELS
from xianban_eldercare.convert.order_words import ORDER_STATES, SERVICE_KINDS
from xianban_eldercare.convert.states import (
    BED_STATES,
    CARE_SETTINGS,
    REFERRAL_STATES,
    VISIT_STATES,
)
from xianban_eldercare.convert.weather_words import HAZARDS, PROPOSAL_STATES
from xianban_eldercare.convert.weather_words import LEVELS as WARNING_LEVELS
from xianban_eldercare.domain.searches import TRAIL_KEPT, SearchState
from xianban_eldercare.domain.visits import AROUND, VisitState
from xianban_eldercare.repository.order_rows import ItemRow, OrderRow
from xianban_eldercare.repository.organisation_rows import BedRow, VisitRow
from xianban_eldercare.repository.referral_rows import ReferralRow
from xianban_eldercare.repository.rows import AssessmentRow, CareFileRow
from xianban_eldercare.repository.weather_rows import ProposalRow, WarningRow
from xianban_eldercare.repository.whereabouts_rows import SearchRow

__all__ = [
    "bed_changed",
    "day_and_time",
    "hand_back_requested",
    "hand_over_requested",
    "order_changed",
    "order_message",
    "referral_changed",
    "referral_message",
    "round_changed",
    "search_ended",
    "search_extended",
    "search_message",
    "search_started",
    "search_told",
    "tell_completed",
    "visit_changed",
    "warning_heard",
    "yuan",
]

_PAGE: Final = "/eldercare/whereabouts"
_STATES: Final = {
    SearchState.RUNNING: whereabouts_pb2.SEARCH_STATE_RUNNING,
    SearchState.ENDED: whereabouts_pb2.SEARCH_STATE_ENDED,
    SearchState.EXPIRED: whereabouts_pb2.SEARCH_STATE_EXPIRED,
}


def tell_completed(row: AssessmentRow, file: CareFileRow, *, uow: UnitOfWork) -> None:
    """The level is known; `file` is the care file as it was before."""
    whose = f"residents/{row.resident}"
    event = assessment_events_pb2.AssessmentCompleted(
        assessment=f"{whose}/assessments/{row.id}",
        resident=whose,
        area=file.area,
        care_level=LEVELS[row.level],
        level_before=LEVELS[file.care_level],
        rules=row.rules,
        replaces=f"{whose}/assessments/{row.replaces}" if row.replaces else "",
    )
    if row.completed_at is not None:
        event.complete_time.FromDatetime(row.completed_at)
    uow.emit(event, aggregate=whose)


def search_started(row: SearchRow) -> whereabouts_pb2.SearchStarted:
    return whereabouts_pb2.SearchStarted(search=search_told(row))


def search_extended(row: SearchRow) -> whereabouts_pb2.SearchExtended:
    return whereabouts_pb2.SearchExtended(search=search_told(row))


def search_ended(row: SearchRow) -> whereabouts_pb2.SearchEnded:
    return whereabouts_pb2.SearchEnded(search=search_told(row))


def search_told(row: SearchRow) -> whereabouts_pb2.Search:
    """What everybody may hear of it: neither why nor where."""
    made = whereabouts_pb2.Search(
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
            **_by(row),
            "until": _clock(row.until),
        },
        link=_PAGE,
        urgent=True,
        dedupe_key=f"{row.id}/{occasion}/{row.until.timestamp():.0f}/{person}",
        subject=row.resident,
    )


def _by(row: SearchRow) -> dict[str, str]:
    if row.ended_by_display:
        return named("by", row.ended_by, row.ended_by_display)
    return named("by", row.started_by, row.started_by_display)


def _clock(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def visit_changed(row: VisitRow) -> visit_events_pb2.VisitChanged:
    """The visit as it is now, and how long its carer is assigned to the elder."""
    event = visit_events_pb2.VisitChanged(
        visit=f"residents/{row.resident}/visits/{row.id}",
        resident=row.resident,
        organisation=f"organisations/{row.organisation}",
        carer=row.carer,
        state=VISIT_STATES[row.state],
        start_time=stamp(row.start_at),
        end_time=stamp(row.end_at),
    )
    if row.state != VisitState.CANCELLED:
        event.assignment_start_time.CopyFrom(stamp(row.start_at - AROUND))
        event.assignment_expire_time.CopyFrom(stamp(row.end_at + AROUND))
    return event


def warning_heard(row: WarningRow) -> weather_events_pb2.WeatherWarningHeard:
    """What other domains may act upon."""
    return weather_events_pb2.WeatherWarningHeard(
        warning=f"weatherWarnings/{row.id}",
        hazard=HAZARDS[row.hazard],
        level=WARNING_LEVELS[row.level],
        areas=orjson.loads(row.area)["codes"],
        expire_time=stamp(row.expires_at),
    )


def round_changed(row: ProposalRow) -> weather_events_pb2.RoundProposalChanged:
    """The proposal as it is now; why is the station's to know."""
    return weather_events_pb2.RoundProposalChanged(
        proposal=f"residents/{row.resident}/rounds/{row.id}",
        resident=row.resident,
        hazard=HAZARDS[row.hazard],
        level=WARNING_LEVELS[row.level],
        state=PROPOSAL_STATES[row.state],
        visit=f"residents/{row.resident}/visits/{row.visit}" if row.visit else "",
    )


def bed_changed(
    before: BedRow, after: BedRow, free: int, *, lapsed: bool = False
) -> bed_events_pb2.BedChanged:
    """What became of a bed; the person is who it is or was kept for."""
    event = bed_events_pb2.BedChanged(
        bed=f"organisations/{after.organisation}/beds/{after.id}",
        organisation=f"organisations/{after.organisation}",
        before=BED_STATES[before.state],
        state=BED_STATES[after.state],
        resident=after.resident or before.resident or "",
        lapsed=lapsed,
        free_beds=free,
    )
    if after.hold_until is not None:
        event.hold_expire_time.CopyFrom(stamp(after.hold_until))
    return event


def referral_changed(
    before: ReferralRow | None, after: ReferralRow, now: datetime
) -> referral_events_pb2.ReferralChanged:
    """Where it stands now, and stood."""
    event = referral_events_pb2.ReferralChanged(
        referral=after.name,
        resident=after.resident,
        origin=CARE_SETTINGS[after.origin],
        target=CARE_SETTINGS[after.target],
        state=REFERRAL_STATES[after.state],
        organisation=f"organisations/{after.organisation}" if after.organisation else "",
        time=stamp(now),
    )
    if before is not None:
        event.before = REFERRAL_STATES[before.state]
    return event


def referral_message(
    row: ReferralRow, occasion: str, person: str, link: str, said: Mapping[str, str]
) -> messages_pb2.MessageRequested:
    """To one person."""
    return messages_pb2.MessageRequested(
        recipient=person,
        template=f"eldercare-referral-{occasion}",
        params=said,
        link=link,
        dedupe_key=f"{row.id}/{row.version}/{link}/{person}",
        subject=row.resident,
    )


def hand_over_requested(
    row: ReferralRow, request_id: str, organisation: str, area: str
) -> hand_overs_pb2.DeviceHandOverRequested:
    """All devices of the elder go where the elder went."""
    return hand_overs_pb2.DeviceHandOverRequested(
        subject=f"residents/{row.resident}",
        request_id=request_id,
        organisation=organisation,
        area=area,
    )


def hand_back_requested(
    row: ReferralRow, request_id: str, organisation: str, keeping: Iterable[Mapping[str, str]]
) -> hand_overs_pb2.DeviceHandOverRequested:
    """Each goes back from the organisation to who kept it before."""
    return hand_overs_pb2.DeviceHandOverRequested(
        subject=f"residents/{row.resident}",
        request_id=request_id,
        organisation=organisation,
        back=True,
        keeping=[hand_overs_pb2.DeviceKeeping(**one) for one in keeping],
    )


def day_and_time(instant: datetime) -> str:
    """2026-11-23 16:05, as people here read it."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def order_changed(before: OrderRow | None, row: OrderRow) -> order_events_pb2.OrderChanged:
    return order_events_pb2.OrderChanged(
        order=row.name,
        resident=row.resident,
        organisation=f"organisations/{row.organisation}",
        service_item=f"organisations/{row.organisation}/serviceItems/{row.item}",
        kind=SERVICE_KINDS[row.kind],
        before=ORDER_STATES[before.state] if before else orders_pb2.ORDER_STATE_UNSPECIFIED,
        state=ORDER_STATES[row.state],
        start_time=stamp(row.start_at),
        price_fen=row.price_fen,
        subsidy_fen=row.subsidy_fen,
        own_fen=row.own_fen,
    )


def order_message(
    row: OrderRow, item: ItemRow, occasion: str, person: str
) -> messages_pb2.MessageRequested:
    """To one person; "new" is the organisation's own occasion."""
    new = occasion == "new"
    return messages_pb2.MessageRequested(
        recipient=person,
        template=f"eldercare-order-{occasion}",
        params={
            "item": item.display_name,
            "item_en": item.display_name_en,
            "time": _clock(row.start_at),
            "own": yuan(row.own_fen),
            "reason": row.reason,
        },
        link=f"/eldercare/organisations/{row.organisation}/orders" if new else "/eldercare/orders",
        dedupe_key=f"{row.id}/{occasion}/{person}",
        subject=row.resident,
    )


def yuan(fen: int) -> str:
    """1250 → 12.50, without a float of money."""
    return f"{fen // 100}.{fen % 100:02d}"
