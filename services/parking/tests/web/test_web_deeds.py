"""What people do on the pages, and what the services are asked for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
import xianban_parking
from parking_people import ELDER, OPERATOR, RESIDENT
from parking_samples import ID, LOT, ME, lots, occupancy, payment, reservation
from starlette.requests import Request
from xianban.parking.v1 import parking_pb2 as pb
from xianban.parking.v1 import resources_pb2 as rs
from xianban_parking.web.opening import in_words
from xianban_parking.web.shown import count
from xianban_parking.web.staff_money import fen
from xianban_sdk.web import CallError

STAY = {"start_time": "2026-11-23T15:00", "end_time": "2026-11-23T17:00", "request_id": "r" * 12}


def refusal(
    reason: str, field: str = "", code: Any = grpc.StatusCode.FAILED_PRECONDITION
) -> CallError:
    return CallError(code, reason, "says why", "parking", {field: "says why"} if field else {})


@pytest.mark.parametrize(
    "verdict", [rs.VERDICT_STALE, rs.VERDICT_IMPLAUSIBLE, rs.VERDICT_SILENT, rs.VERDICT_UNSPECIFIED]
)
def test_no_number_is_said_without_a_verdict_that_allows_it(verdict: Any) -> None:
    assert count(occupancy(37, verdict=verdict)).free is None


def test_every_number_on_the_list_stands_beside_its_age(web: Any) -> None:
    page = web.get("/parking").text
    blocks = page.split('<div class="count ')[1:]
    for block in blocks:
        if "count__number" in block.split("</div>")[0]:
            assert "data-age" in block.split("</div>")[0]
    assert "不可信" in page
    assert "没有上报空位" in page


def test_live_changes_reach_the_browser_as_words(web: Any) -> None:
    stale = occupancy(None, verdict=rs.VERDICT_STALE)
    change = pb.WatchOccupancyResponse(lot=LOT, occupancy=stale)
    web.caller.streams["WatchOccupancy"] = [change]
    frame = _first_frame(web)
    assert frame.startswith("event: lot-fengpu-metro-pr")
    assert "数据过旧" in frame


def _first_frame(web: Any) -> str:
    """The view's own stream: a test client would wait for its end, and it has none."""
    from xianban_parking.web import lots as view

    async def read() -> str:
        state = {"viewer": web.state.viewer}
        scope = {"type": "http", "headers": [], "path": "/", "state": state}
        request = Request(scope | {"app": web.client.app})
        stream = view.stream(request).body_iterator
        async for chunk in stream:
            text = bytes(chunk).decode() if not isinstance(chunk, str) else chunk
            if "event: lot-" in text:
                await stream.aclose()  # type: ignore[attr-defined]
                return text
        return ""

    return web.client.portal.call(read)


def test_a_search_tells_every_part_of_its_ranking(web: Any) -> None:
    page = web.as_(None, locale="en").get("/parking/find?q=Fengpu&stay=60&walk=500").text
    assert web.caller.last("FindParking").stay_minutes == 60
    assert web.caller.last("FindParking").max_walk_m == 500
    assert "88 %" in page
    assert "no honest figure" in page
    assert "Risk of finding no place" in page


def test_reserving_takes_the_typed_plate_and_shanghai_time(web: Any) -> None:
    answer = web.as_(RESIDENT).post(
        f"/parking/{LOT}/reserve", plate=" 沪A12345 ", vehicle="x", **STAY
    )
    asked = web.caller.last("CreateReservation")
    assert (asked.parent, asked.plate, asked.lot) == (ME, "沪A12345", LOT)
    assert asked.start_time.ToJsonString() == "2026-11-23T07:00:00Z"
    assert answer.headers["location"] == f"/parking/reservations/{ID}?new=1"


def test_a_full_lot_is_said_on_the_form_and_nothing_typed_is_lost(web: Any) -> None:
    web.caller.replies["CreateReservation"] = refusal(
        "LOT_FULL", code=grpc.StatusCode.RESOURCE_EXHAUSTED
    )
    answer = web.as_(RESIDENT).post(f"/parking/{LOT}/reserve", plate="沪A12345", **STAY)
    assert answer.status_code == 409
    assert "says why" in answer.text
    assert 'value="沪A12345"' in answer.text


def test_acting_for_somebody_reserves_for_them_and_says_so(web: Any) -> None:
    web.as_(RESIDENT, acting_for=ELDER)
    web.post(f"/parking/{LOT}/reserve", plate="沪A12345", **STAY)
    assert web.caller.last("CreateReservation").parent == f"residents/{ELDER.id}"
    for path in ("reservations", "vehicles", "sessions", "receipts", "permits"):
        assert "您正在为 李奶奶 办理" in web.get(f"/parking/{path}").text


def test_the_gate_code_is_drawn_only_while_the_gate_asks_for_it(web: Any) -> None:
    page = web.as_(RESIDENT).get(f"/parking/reservations/{ID}").text
    assert '<svg class="qr" role="img"' in page
    web.caller.replies["GetReservation"] = reservation(rs.RESERVATION_STATE_CANCELLED)
    assert '<svg class="qr"' not in web.get(f"/parking/reservations/{ID}").text


def test_a_moved_reservation_leads_to_its_substitute(web: Any) -> None:
    moved = reservation(rs.RESERVATION_STATE_SUBSTITUTED, substitute=f"{ME}/reservations/NEW")
    web.caller.replies["GetReservation"] = moved
    assert "/parking/reservations/NEW" in web.as_(RESIDENT).get(f"/parking/reservations/{ID}").text


def test_a_taken_plate_can_be_claimed(web: Any) -> None:
    taken = refusal("PLATE_TAKEN", "plate", grpc.StatusCode.ALREADY_EXISTS)
    web.caller.replies["CreateVehicle"] = taken
    answer = web.as_(RESIDENT).post("/parking/vehicles", plate="沪A12345", kind="1")
    assert 'name="claim"' in answer.text
    web.caller.replies["CreateVehicle"] = rs.Vehicle()
    web.post("/parking/vehicles", plate="沪A12345", kind="1", claim="1")
    assert web.caller.last("CreateVehicle").claim


def test_paying_asks_for_exactly_what_was_shown(web: Any) -> None:
    web.as_(RESIDENT).post("/parking/payments", kind="sessions", id=ID, expected_fen="600")
    asked = web.caller.last("CreatePayment")
    assert (asked.payable, asked.expected_fen) == (f"{ME}/sessions/{ID}", 600)


@pytest.mark.parametrize(
    ("pay_url", "leads_to"),
    [
        ("http://portal.test/sandbox-pay/x?t=1", "/sandbox-pay/x?t=1"),
        ("https://pay.example/x", f"/parking/payments/{ID}"),
        ("javascript:alert(1)", f"/parking/payments/{ID}"),
    ],
)
def test_a_form_never_leads_to_another_site(web: Any, pay_url: str, leads_to: str) -> None:
    web.caller.replies["CreatePayment"] = payment(pay_url=pay_url)
    answer = web.as_(RESIDENT).post("/parking/payments", kind="sessions", id=ID, expected_fen="1")
    assert answer.headers["location"] == leads_to


def test_the_payment_page_asks_again_until_the_outcome_is_known(web: Any) -> None:
    path = f"/parking/payments/{ID}/state"
    assert "hx-trigger" in web.as_(RESIDENT).get(path).text
    web.caller.replies["GetPayment"] = payment(
        rs.PAYMENT_STATE_CAPTURED, receipt=f"{ME}/receipts/{ID}"
    )
    done = web.get(path).text
    assert "hx-trigger" not in done
    assert f"/parking/receipts/{ID}" in done


def test_a_part_that_is_away_costs_only_itself(web: Any) -> None:
    for rpc in ("GetForecast", "ListOccupancies", "GetTariff"):
        web.caller.replies[rpc] = CallError(grpc.StatusCode.UNAVAILABLE, "AWAY", "", "parking")
    answer = web.get(f"/parking/{LOT}")
    assert answer.status_code == 200
    assert "暂不可用" in answer.text


def test_the_tile_names_the_emptiest_car_park_and_the_age(web: Any) -> None:
    from xianban_parking.web.tile import _line

    state = {"viewer": web.state.viewer}
    request = Request({"type": "http", "headers": [], "app": web.client.app, "state": state})
    first = lots()[0]
    line = _line(request, count(first.occupancy), first, 46)
    assert "46" in line.text
    assert "37" in line.text
    assert "3 分钟前" in line.text


def test_tariff_errors_stand_at_the_field_with_their_path(web: Any) -> None:
    web.caller.replies["UpdateTariff"] = refusal(
        "REQUIRED", "bands[0].name", grpc.StatusCode.INVALID_ARGUMENT
    )
    path = f"/parking/operator/{LOT}/tariff"
    answer = web.as_(OPERATOR).post(path, rules="{}", effective_time="2026-12-01T00:00")
    assert answer.status_code == 400
    assert "bands[0].name: says why" in answer.text
    assert "JSON" in web.post(path, rules="{", effective_time="").text


@pytest.mark.parametrize(
    ("yuan", "value"), [("", 0), ("12.5", 1250), ("3", 300), ("1.234", -1), ("x", -1), ("-1", -1)]
)
def test_yuan_are_read_without_floats(yuan: str, value: int) -> None:
    assert fen(yuan) == value


def test_opening_hours_are_words_or_stand_as_written() -> None:
    def say(key: str, **args: object) -> str:
        return f"{args['first']}~{args['last']}" if args else key

    assert in_words("", say) == "opening-always"
    assert "day-mo~day-fr 07:00–20:00" in in_words("Mo-Fr 07:00-20:00; PH off", say)
    assert in_words("Mo-Fr sunrise-sunset", say) == "Mo-Fr sunrise-sunset"


def test_every_message_that_parking_sends_has_words(web: Any) -> None:
    source = Path(xianban_parking.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in (source / "handlers").glob("*.py"))
    named = set(re.findall(r'(?:message|_tell)\(\s*(?:[\w.]+,\s*){2}"([a-z-]+)"', code))
    named |= set(re.findall(r'"((?:reservation|session)-[a-z-]+)"', code))
    assert {"refund", "receipt", "permit-issued"} <= named
    pages = web.client.app.state.pages
    for template in named:
        for locale in ("zh-CN", "en"):
            assert pages.has_text("parking", locale, f"message-parking-{template}"), template
            assert pages.has_text("parking", locale, f"message-parking-{template}-title"), template
