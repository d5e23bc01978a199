"""Answers of a parking service on an ordinary afternoon."""
# ruff: noqa: E501  # a table of samples reads better with one sample a line

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from xianban.parking.v1 import operator_pb2 as op
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban.parking.v1 import traffic_pb2
from xianban_sdk.demo import person_id

ME = f"residents/{person_id('resident')}"
ID = "01KDVHX800DEM0000000000099"
LOT = "lots/fengpu-metro-pr"


def stamp(minutes: float = 0) -> Timestamp:
    """Minutes from now."""
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(minutes=minutes))
    return made


def occupancy(
    free: int | None, capacity: int = 120, verdict: Any = rs.VERDICT_FRESH, age: float = 3
) -> rs.Occupancy:
    shown = rs.Occupancy(
        capacity=capacity, verdict=verdict, source="feeds/fengpu-replay", observe_time=stamp(-age)
    )
    if free is not None:
        shown.free = free
    return shown


def lot(id_: str, name: str, count: rs.Occupancy, lat: float, lon: float, **more: Any) -> rs.Lot:
    facts: dict[str, Any] = {
        "address": "奉浦大道 1 号",
        "area": "310120/fengpu",
        "operator": "奉贤停车",
        "capacity": count.capacity,
        "accessible_places": 4,
        "ev_places": 8,
        "max_height_cm": 210,
        "opening_hours": "Mo-Fr 06:00-22:00; Sa,Su,PH 08:00-20:00",
        "open_now": True,
        "reservable": True,
        "reservable_places": 10,
        "honesty": 0.94,
        "attribution": "示意数据；占用历史：Birmingham City Council, OGL v3",
        "price_summary": "前 30 分钟免费，之后每小时 5 元，每天最多 40 元",
    }
    return rs.Lot(
        name=f"lots/{id_}",
        display_name=name,
        occupancy=count,
        position=rs.LatLng(latitude=lat, longitude=lon),
        **(facts | more),
    )


def way(
    flow: Any = rs.TRAFFIC_FLOW_UNSPECIFIED, verdict: Any = rs.VERDICT_FRESH, **more: Any
) -> rs.Approach:
    told = {"observe_time": stamp(-2), "age_seconds": 120, "way_display_name": "环城东路"}
    return rs.Approach(flow=flow, verdict=verdict, **(told | more))


def lots() -> list[rs.Lot]:
    silent = occupancy(None, 60, rs.VERDICT_SILENT)
    silent.ClearField("observe_time")
    return [
        lot("fengpu-metro-pr", "奉浦大道站 P+R 停车场", occupancy(37), 30.941, 121.459, park_and_ride=True, approach=way(rs.TRAFFIC_FLOW_SLOW, drive_seconds=320, usual_drive_seconds=210)),
        lot("nanqiao-bailian", "南桥百联停车场", occupancy(0, 400), 30.918, 121.471, approach=way(rs.TRAFFIC_FLOW_CONGESTED, rs.VERDICT_LATE, closed_ways=["望园路"])),
        lot("nanqiao-central-hospital", "奉贤区中心医院停车场", occupancy(9, 300, rs.VERDICT_LATE, 70), 30.9235, 121.478, approach=way(verdict=rs.VERDICT_STALE)),
        lot("nanqiao-library", "奉贤区图书馆停车场", occupancy(None, 200, rs.VERDICT_STALE, 180), 30.9155, 121.462, open_now=False, approach=way(rs.TRAFFIC_FLOW_CLOSED, reopen_time=stamp(90))),
        lot("fengpu-sports", "奉浦体育中心停车场", occupancy(None, 90, rs.VERDICT_IMPLAUSIBLE), 30.937, 121.468, ev_places=0, approach=way(rs.TRAFFIC_FLOW_FREE, drive_seconds=150)),
        lot("fengpu-community", "奉浦社区停车场", silent, 30.945, 121.471, reservable=False, honesty=0.62),
    ]  # fmt: skip


def quote(*pairs: tuple[str, int], minutes: int = 120) -> rs.Quote:
    lines = [rs.QuoteLine(key=f"line-{i}", text=t, amount_fen=f) for i, (t, f) in enumerate(pairs)]
    total = sum(fen for _, fen in pairs)
    return rs.Quote(total_fen=total, lines=lines, tariff_version=1, minutes=minutes)


FEE = (
    ("前 30 分钟免费", 0),
    ("白天 30 分钟至 2 小时，每 30 分钟 2.50 元 × 3", 750),
    ("新能源汽车减 20%", -150),
)


def find() -> pb.FindParkingResponse:
    options = [
        pb.ParkingOption(
            lot=one,
            walk_m=180 + 240 * index,
            walk_minutes=3 + 4 * index,
            quote=quote(*FEE),
            score=9.4 + 6 * index,
            parts=[
                pb.ScorePart(key="walk", value=3.0 + 4 * index),
                pb.ScorePart(key="price", value=4.0),
                pb.ScorePart(key="chance", value=2.4 + 2 * index),
            ],
        )
        for index, one in enumerate(lots()[:3])
    ]
    options[0].chance, options[1].chance = 0.88, 0.35
    return pb.FindParkingResponse(
        options=options,
        destination=rs.LatLng(latitude=30.9405, longitude=121.461),
        destination_display="奉浦大道地铁站",
        traffic_connected=True,
        left_out=[pb.LeftOut(lot=lots()[3], reason="road_closed")],
    )


def day() -> pb.ListOccupanciesResponse:
    wave = [
        occupancy(round(60 + 50 * math.sin(step / 8)), 120, rs.VERDICT_FRESH, 1440 - step * 30)
        for step in range(48)
        if step not in (20, 21, 22)
    ]
    return pb.ListOccupanciesResponse(occupancies=wave)


def forecast() -> rs.Forecast:
    points = [
        rs.ForecastPoint(time=stamp(15 * step), free=37 - step, low=30 - 2 * step, high=44 + step)
        for step in range(1, 13)
    ]
    return rs.Forecast(
        name=f"{LOT}/forecast", points=points, backtest_mae_share=0.041, naive_mae_share=0.063
    )


def tariff() -> rs.Tariff:
    rules = Struct()
    band = {
        "name": "day",
        "from": "08:00",
        "to": "20:00",
        "units": [{"minutes": 30, "amount_fen": 250}],
    }
    json_format.ParseDict({"free_minutes": 30, "bands": [band], "cap_day_fen": 4000}, rules)
    return rs.Tariff(
        name=f"{LOT}/tariff",
        version=3,
        effective_time=stamp(-50000),
        rules=rules,
        sentences=["前 30 分钟免费。", "08:00–20:00 每 30 分钟 2.50 元。", "每天最多 40 元。"],
    )


def reservation(state: Any = rs.RESERVATION_STATE_CONFIRMED, **more: Any) -> rs.Reservation:
    return rs.Reservation(
        name=f"{ME}/reservations/{ID}",
        lot=LOT,
        lot_display="奉浦大道站 P+R 停车场",
        plate="沪AD12345",
        start_time=stamp(60),
        end_time=stamp(180),
        hold_until=stamp(90),
        state=state,
        gate_token="eyJhbGciOiJFUzI1NiJ9." + "abcdefgh" * 40,
        quote=quote(*FEE),
        **more,
    )


def session(state: Any = rs.SESSION_STATE_CLOSED, **more: Any) -> rs.Session:
    facts: dict[str, Any] = {"quote": quote(*FEE), "due_fen": 600, "exit_time": stamp(-10)}
    return rs.Session(
        name=f"{ME}/sessions/{ID}",
        lot=LOT,
        lot_display="奉浦大道站 P+R 停车场",
        plate="沪AD12345",
        enter_time=stamp(-130),
        state=state,
        **(facts | more),
    )


def payment(state: Any = rs.PAYMENT_STATE_PENDING, **more: Any) -> rs.Payment:
    return rs.Payment(
        name=f"{ME}/payments/{ID}",
        payable=f"{ME}/sessions/{ID}",
        amount_fen=600,
        state=state,
        provider="sandbox",
        create_time=stamp(-1),
        expire_time=stamp(14),
        **({"pay_url": "https://pay.example/x"} | more),
    )


def receipt() -> rs.Receipt:
    lines = [rs.QuoteLine(key=text, text=text, amount_fen=fen) for text, fen in FEE]
    return rs.Receipt(
        name=f"{ME}/receipts/{ID}",
        number="FX-2026-000017",
        payment=f"{ME}/payments/{ID}",
        title="奉浦大道站 P+R 停车场 停车费",
        operator="奉贤停车",
        plate="沪AD12345",
        lines=lines,
        total_fen=600,
        issue_time=stamp(-1),
    )


def permit(state: Any = rs.PERMIT_STATE_ACTIVE, **more: Any) -> rs.Permit:
    return rs.Permit(
        name=f"{ME}/permits/{ID}",
        kind=rs.PERMIT_KIND_RESIDENT,
        lot=LOT,
        plates=["沪AD12345"],
        start_time=stamp(-10000),
        end_time=stamp(40000),
        state=state,
        quote=quote(("居民许可，1 个月", 30000), ("第一辆车优惠", -6000)),
        **more,
    )


def feeds() -> op.ListFeedsResponse:
    good = op.Feed(
        name="feeds/fengpu-replay",
        display_name="奉浦历史回放（示意）",
        last_success_time=stamp(-2),
        items=7,
        cadence_seconds=1800,
        verdict=rs.VERDICT_FRESH,
    )
    bad = op.Feed(
        name="feeds/parkapi-demo",
        display_name="ParkAPI 示例",
        last_success_time=stamp(-300),
        last_error="HTTP 503",
        items=12,
        errors=3,
        cadence_seconds=300,
        verdict=rs.VERDICT_SILENT,
    )
    return op.ListFeedsResponse(feeds=[good, bad])


def traffic_sources() -> traffic_pb2.ListTrafficSourcesResponse:
    unknown = traffic_pb2.TrafficComplaint(
        item="FX-77", field="predefinedLocationReference", reason="LOCATION_UNKNOWN"
    )
    good = traffic_pb2.TrafficSource(
        name="trafficSources/demo", display_name="演示交通信息中心", cadence_seconds=60, verdict=rs.VERDICT_FRESH,
        last_success_time=stamp(-1), closures_told_time=stamp(-1), complaints=[unknown], complaint_count=1,
    )  # fmt: skip
    bad = traffic_pb2.TrafficSource(
        name="trafficSources/other",
        display_name="另一来源",
        verdict=rs.VERDICT_SILENT,
        last_error="HTTP 503",
    )
    return traffic_pb2.ListTrafficSourcesResponse(traffic_sources=[good, bad])


def revenue() -> op.Revenue:
    days = [
        op.RevenueDay(
            date=f"2026-11-{n:02d}",
            charged_fen=90000 + n * 700,
            collected_fen=85000 + n * 690,
            stays=n,
        )
        for n in range(1, 24)
    ]
    return op.Revenue(lot=LOT, days=days, arrears_fen=4200)


def replies() -> dict[str, Any]:
    """Everything a page may ask."""
    by_name: Callable[[Any], rs.Lot] = lambda asked: next(  # noqa: E731 a table reads better whole
        one for one in lots() if one.name == asked.name
    )
    vehicle = rs.Vehicle(
        name=f"{ME}/vehicles/{ID}",
        plate="沪AD12345",
        kind=rs.VEHICLE_KIND_ELECTRIC,
        create_time=stamp(-9000),
    )
    arrear = op.Arrear(
        session=ID, lot=LOT, plate_masked="沪A·1***5", due_fen=600, exit_time=stamp(-900)
    )
    dispute = op.Dispute(
        session=ID,
        lot=LOT,
        plate_masked="沪A·1***5",
        enter_time=stamp(-900),
        reason="我 15:00 就离开了",
        due_fen=600,
        open_time=stamp(-60),
    )
    paid = op.LotPayment(
        payment=ID,
        plate_masked="沪A·1***5",
        amount_fen=600,
        state=rs.PAYMENT_STATE_CAPTURED,
        create_time=stamp(-50),
        receipt_number="FX-2026-000017",
    )
    error = op.FeedError(
        id="1", item="line 17", field="capacity", reason="NOT_A_NUMBER", occur_time=stamp(-5)
    )
    return {
        "ListLots": pb.ListLotsResponse(lots=lots()),
        "GetLot": by_name,
        "FindParking": find(),
        "GetTariff": tariff(),
        "QuoteStay": quote(*FEE),
        "ListOccupancies": day(),
        "GetForecast": forecast(),
        "ListVehicles": pb.ListVehiclesResponse(vehicles=[vehicle]),
        "CreateVehicle": vehicle,
        "DeleteVehicle": pb.DeleteVehicleResponse(),
        "CreateReservation": reservation(),
        "GetReservation": reservation(),
        "CancelReservation": reservation(rs.RESERVATION_STATE_CANCELLED),
        "ListReservations": pb.ListReservationsResponse(reservations=[reservation(), reservation(rs.RESERVATION_STATE_NO_SHOW)]),
        "GetSession": session(),
        "ListSessions": pb.ListSessionsResponse(sessions=[session(), session(rs.SESSION_STATE_OPEN, due_fen=0)]),
        "DisputeSession": session(rs.SESSION_STATE_DISPUTED),
        "CreatePayment": payment(),
        "GetPayment": payment(),
        "ListPayments": pb.ListPaymentsResponse(payments=[payment(), payment(rs.PAYMENT_STATE_CAPTURED)]),
        "GetReceipt": receipt(),
        "ListReceipts": pb.ListReceiptsResponse(receipts=[receipt()]),
        "QuotePermit": quote(("居民许可，1 个月", 30000), ("第一辆车优惠", -6000)),
        "CreatePermit": permit(rs.PERMIT_STATE_PENDING_PAYMENT),
        "ListPermits": pb.ListPermitsResponse(
            permits=[permit(), permit(rs.PERMIT_STATE_PENDING_PAYMENT)],
            concession_consent_missing=True,
        ),
        "CancelPermit": permit(rs.PERMIT_STATE_CANCELLED),
        "ListFeeds": feeds(),
        "ListTrafficSources": traffic_sources(),
        "ListFeedErrors": op.ListFeedErrorsResponse(errors=[error]),
        "OverrideOccupancy": lots()[0],
        "ClearOverride": lots()[0],
        "GetRevenue": revenue(),
        "ListArrears": op.ListArrearsResponse(arrears=[arrear]),
        "ListDisputes": op.ListDisputesResponse(disputes=[dispute]),
        "ListLotPayments": op.ListLotPaymentsResponse(payments=[paid]),
        "RefundPayment": payment(rs.PAYMENT_STATE_REFUNDED),
        "UpdateTariff": tariff(),
        "LookUpPlate": op.LookUpPlateResponse(inside=True, due_fen=600),
        "ResolveDispute": session(),
    }  # fmt: skip
