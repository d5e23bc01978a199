"""Car parks, counts, forecasts and feeds as messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb
from xianban_sdk.wire import put

from xianban_parking.convert.texts import name_in, quote, sentences, summary
from xianban_parking.convert.traffic import VERDICTS, approach
from xianban_parking.domain.occupancy import Verdict
from xianban_parking.handlers.counts import Outcome
from xianban_parking.handlers.forecasts import LotForecast
from xianban_parking.handlers.guidance import Destination, Found, Guided
from xianban_parking.handlers.operators import Day
from xianban_parking.handlers.pricing import stored_quote
from xianban_parking.handlers.views import LotView, OccupancyView
from xianban_parking.repository import LotFilter
from xianban_parking.repository.rows import FeedErrorRow, FeedRow, ObservationRow, TariffRow

__all__ = [
    "feed",
    "feed_error",
    "find_response",
    "forecast",
    "item_results",
    "lot",
    "lot_filter",
    "lot_id",
    "observation",
    "occupancy",
    "revenue",
    "rules_of",
    "tariff",
]


def lot_id(name: str) -> str:
    """ "lots/x/tariff" → "x"; the field rules have checked the form."""
    return name.split("/")[1]


def lot_filter(request: rpc.ListLotsRequest) -> LotFilter:
    return LotFilter(
        query=request.query,
        area=request.area,
        accessible=request.accessible,
        ev_charging=request.ev_charging,
        park_and_ride=request.park_and_ride,
        vehicle_height_cm=request.vehicle_height_cm,
    )


def lot(view: LotView, locale: str) -> pb.Lot:
    row = view.lot
    made = pb.Lot(
        name=f"lots/{row.id}",
        display_name=name_in(row.names, locale),
        address=row.address,
        position=pb.LatLng(latitude=row.latitude, longitude=row.longitude),
        polygon=[pb.LatLng(latitude=point[0], longitude=point[1]) for point in row.polygon],
        area=row.area,
        operator=row.operator,
        capacity=row.capacity,
        accessible_places=row.accessible_places,
        ev_places=row.ev_places,
        park_and_ride=row.park_and_ride,
        max_height_cm=row.max_height_cm,
        opening_hours=row.opening_hours,
        open_now=view.open_now,
        occupancy=occupancy(view.occupancy),
        reservable=row.reservable_places > 0,
        reservable_places=row.reservable_places,
        attribution=row.attribution,
        price_summary=summary(view.tariff, locale),
    )
    if view.honesty is not None and view.honesty.score is not None:
        made.honesty = view.honesty.score
    if view.approach is not None:
        made.approach.CopyFrom(approach(view.approach, locale))
    return made


def occupancy(view: OccupancyView) -> pb.Occupancy:
    made = pb.Occupancy(
        capacity=view.capacity,
        age_seconds=view.age_seconds,
        verdict=VERDICTS[view.verdict],
        source=view.source,
    )
    if view.free is not None:
        made.free = view.free
    if view.raw_free is not None:
        made.raw_free = view.raw_free
    put(made.observe_time, view.observed_at)
    put(made.receive_time, view.received_at)
    return made


def observation(row: ObservationRow, now: datetime) -> pb.Occupancy:
    """A past count: what was told, and whether it could be true when it came."""
    verdict = Verdict(row.verdict)
    raw = row.free
    if raw is None and row.occupied is not None:
        raw = row.capacity - row.occupied
    made = pb.Occupancy(
        capacity=row.capacity,
        age_seconds=max(0, min(int((now - row.observed_at).total_seconds()), 2**31 - 1)),
        verdict=VERDICTS[verdict],
        source=f"feeds/{row.feed}",
    )
    if raw is not None:
        made.raw_free = raw
        if verdict is not Verdict.IMPLAUSIBLE:
            # History is shown as history: late news of then is still what was counted then.
            made.free = raw
    put(made.observe_time, row.observed_at)
    put(made.receive_time, row.received_at)
    return made


def tariff(row: TariffRow, locale: str) -> pb.Tariff:
    rules = Struct()
    rules.update(row.rules)
    made = pb.Tariff(
        name=f"lots/{row.lot}/tariff",
        version=row.version,
        rules=rules,
        sentences=sentences(row, locale),
    )
    put(made.effective_time, row.effective_at)
    return made


def rules_of(struct: Struct) -> dict[str, object]:
    """A Struct knows no integers; whole numbers are read as such, others stay and are refused."""
    return {key: _whole(value) for key, value in MessageToDict(struct).items()}


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {key: _whole(each) for key, each in members.items()}
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    return value


def forecast(lot_name: str, made: LotForecast) -> pb.Forecast:
    answer = pb.Forecast(
        name=f"lots/{lot_name}/forecast",
        backtest_mae_share=made.mae_share,
        naive_mae_share=made.naive_mae_share,
    )
    put(answer.create_time, made.created_at)
    for point in made.points:
        low, high = point.interval()
        told = answer.points.add(free=point.expected_free, low=low, high=high)
        put(told.time, point.at)
    return answer


def find_response(guided: Guided, to: Destination, locale: str) -> rpc.FindParkingResponse:
    place = pb.LatLng(latitude=to.place.latitude, longitude=to.place.longitude)
    answer = rpc.FindParkingResponse(
        destination=place,
        destination_display=to.display,
        traffic_connected=guided.traffic_connected,
    )
    answer.options.extend(_option(one, locale) for one in guided.found)
    for view, why in guided.left_out:
        answer.left_out.add(lot=lot(view, locale), reason=why.value)
    return answer


def _option(found: Found, locale: str) -> rpc.ParkingOption:
    option = found.option
    parts = [("walk", option.walk_part), ("price", option.price_part), ("chance", option.risk_part)]
    if option.way_part is not None:
        parts.append(("way", option.way_part))
    made = rpc.ParkingOption(
        lot=lot(found.view, locale),
        walk_m=option.walk_m,
        walk_minutes=-(-option.walk_seconds // 60),
        score=option.score / 1000,
        parts=[rpc.ScorePart(key=key, value=value / 1000) for key, value in parts],
    )
    if found.quote is not None:
        made.quote.CopyFrom(quote(stored_quote(found.quote), locale))
    if option.chance_per_mille is not None:
        made.chance = option.chance_per_mille / 1000
    return made


def feed(row: FeedRow, verdict: Verdict, locale: str) -> op.Feed:
    made = op.Feed(
        name=f"feeds/{row.id}",
        display_name=name_in(row.names, locale),
        plugin=row.plugin,
        mode=row.mode,
        last_error=row.last_error,
        items=row.items,
        errors=row.errors,
        cadence_seconds=row.cadence_seconds,
        verdict=VERDICTS[verdict],
    )
    put(made.last_success_time, row.last_success_at)
    put(made.last_error_time, row.last_error_at)
    return made


def feed_error(row: FeedErrorRow) -> op.FeedError:
    made = op.FeedError(id=row.id, item=row.item, field=row.field, reason=row.reason)
    put(made.occur_time, row.occurred_at)
    return made


def item_results(outcomes: Iterable[Outcome]) -> list[op.ItemResult]:
    return [
        op.ItemResult(
            item=one.item,
            accepted=one.accepted,
            duplicate=one.duplicate,
            field=one.field,
            reason=one.reason,
        )
        for one in outcomes
    ]


def revenue(lot_name: str, days: Iterable[Day], arrears_fen: int) -> op.Revenue:
    return op.Revenue(
        lot=lot_name,
        arrears_fen=arrears_fen,
        days=[
            op.RevenueDay(
                date=day.date,
                charged_fen=day.charged_fen,
                collected_fen=day.collected_fen,
                refunded_fen=day.refunded_fen,
                concessions_fen=day.concessions_fen,
                stays=day.stays,
            )
            for day in days
        ],
    )
