"""Car parks for anybody: found, narrowed, paged, and never a number without its age."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest
from xianban.parking.v1 import parking_pb2 as rpc
from xianban.parking.v1 import resources_pb2 as pb


class TestListLots:
    def test_anybody_may_ask(self, parking):
        found = parking.people("").ListLots(rpc.ListLotsRequest())
        assert [lot.name for lot in found.lots] == ["lots/a"]

    def test_names_and_prices_are_in_the_readers_language(self, parking):
        chinese = parking.people("", locale="zh-CN").ListLots(rpc.ListLotsRequest()).lots[0]
        english = parking.people("", locale="en").ListLots(rpc.ListLotsRequest()).lots[0]
        assert (chinese.display_name, english.display_name) == ("停车场a", "Car park a")
        assert "免费" in chinese.price_summary
        assert "Free within 15 minutes" in english.price_summary

    def test_filters_narrow_the_list(self, parking):
        parking.add_lot("low", max_height_cm=190, ev_places=2, accessible_places=1)
        parking.add_lot("far", area="310120/fengpu", park_and_ride=True)

        def names(**wanted):
            found = parking.people("").ListLots(rpc.ListLotsRequest(**wanted))
            return [lot.name.removeprefix("lots/") for lot in found.lots]

        assert names(ev_charging=True, accessible=True) == ["low"]
        assert names(park_and_ride=True) == ["far"]
        assert names(area="310120/fengpu") == ["far"]
        assert names(area="310120/feng") == []
        assert names(vehicle_height_cm=200) == ["a", "far"]
        assert names(query="ＣＡＲ park LOW") == ["low"]
        assert names(query="%") == []

    def test_open_now_knows_make_up_workdays(self, parking):
        parking.add_lot("office", opening_hours="Mo-Fr 08:00-18:00; PH off")
        asked = rpc.ListLotsRequest(open_now=True, query="office")
        assert len(parking.people("").ListLots(asked).lots) == 1
        parking.clock.advance(timedelta(hours=12))
        assert len(parking.people("").ListLots(asked).lots) == 0

    def test_pages_join_without_gap_or_double(self, parking):
        for name in ("b", "c", "d", "e"):
            parking.add_lot(name)
        stub, seen, token = parking.people(""), [], ""
        for _ in range(5):
            page = stub.ListLots(rpc.ListLotsRequest(page_size=2, page_token=token))
            seen += [lot.name for lot in page.lots]
            token = page.next_page_token
            if not token:
                break
        assert seen == [f"lots/{name}" for name in "abcde"]

    def test_a_token_of_another_question_is_refused(self, parking):
        parking.add_lot("b")
        stub = parking.people("")
        token = stub.ListLots(rpc.ListLotsRequest(page_size=1)).next_page_token
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListLots(rpc.ListLotsRequest(page_size=1, page_token=token, ev_charging=True))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestGetLot:
    def test_an_absent_lot_is_not_found(self, parking):
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").GetLot(rpc.GetLotRequest(name="lots/nowhere"))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND

    def test_a_lot_nobody_counts_shows_no_number(self, parking):
        shown = parking.people("").GetLot(rpc.GetLotRequest(name="lots/a")).occupancy
        assert shown.verdict == pb.VERDICT_SILENT
        assert not shown.HasField("free")

    @pytest.mark.parametrize(
        ("ago", "verdict", "number"),
        [
            (timedelta(minutes=1), pb.VERDICT_FRESH, True),
            (timedelta(minutes=15), pb.VERDICT_LATE, True),
            (timedelta(minutes=30), pb.VERDICT_STALE, False),
            (timedelta(hours=3), pb.VERDICT_SILENT, False),
        ],
    )
    def test_the_label_flips_with_age(self, parking, ago, verdict, number):
        parking.count("a", 40, ago)
        shown = parking.people("").GetLot(rpc.GetLotRequest(name="lots/a")).occupancy
        assert (shown.verdict, shown.HasField("free")) == (verdict, number)
        assert shown.age_seconds == ago.total_seconds()
        assert shown.raw_free == 40

    @pytest.mark.parametrize("free", [-3, 101])
    def test_an_impossible_count_is_kept_raw_and_never_shown(self, parking, free):
        parking.count("a", free)
        shown = parking.people("").GetLot(rpc.GetLotRequest(name="lots/a")).occupancy
        assert shown.verdict == pb.VERDICT_IMPLAUSIBLE
        assert not shown.HasField("free")
        assert shown.raw_free == free


class TestWatchOccupancy:
    def test_first_the_present_then_changes(self, parking):
        parking.count("a", 40, timedelta(minutes=1))
        stream = parking.people("").WatchOccupancy(rpc.WatchOccupancyRequest(), timeout=60)
        assert next(stream).occupancy.free == 40
        parking.clock.advance(timedelta(seconds=1))
        parking.count("a", 39)
        assert next(stream).occupancy.free == 39
        # No news at all: the label still flips by time alone.
        parking.clock.advance(timedelta(minutes=11))
        assert next(stream).occupancy.verdict == pb.VERDICT_LATE
        stream.cancel()

    def test_who_begins_to_watch_finds_the_change_they_made(self, parking):
        parking.count("a", 40, timedelta(minutes=1))
        asked = rpc.WatchOccupancyRequest()
        before = parking.people("").WatchOccupancy(asked, timeout=60)
        assert next(before).occupancy.free == 40
        parking.count("a", 39)
        after = parking.people("").WatchOccupancy(asked, timeout=60)
        assert next(after).occupancy.free == 39
        for stream in (before, after):
            stream.cancel()

    def test_only_the_lots_asked_for(self, parking):
        parking.add_lot("b")
        asked = rpc.WatchOccupancyRequest(lots=["lots/b"])
        stream = parking.people("").WatchOccupancy(asked, timeout=60)
        assert next(stream).lot == "lots/b"
        stream.cancel()


class TestListOccupancies:
    def test_history_is_raw_with_verdicts_and_pages_by_time(self, parking):
        for minutes, free in ((30, 50), (20, -2), (10, 48)):
            parking.count("a", free, timedelta(minutes=minutes))
        stub, token, seen = parking.people(""), "", []
        for _ in range(4):
            asked = rpc.ListOccupanciesRequest(parent="lots/a", page_size=1, page_token=token)
            page = stub.ListOccupancies(asked)
            seen += [(one.raw_free, one.HasField("free")) for one in page.occupancies]
            token = page.next_page_token
            if not token:
                break
        assert seen == [(50, True), (-2, False), (48, True)]

    def test_more_than_31_days_is_refused(self, parking):
        asked = rpc.ListOccupanciesRequest(parent="lots/a")
        asked.start_time.FromDatetime(parking.clock.now() - timedelta(days=40))
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").ListOccupancies(asked)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestGetForecast:
    def test_too_little_history_is_said(self, parking):
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").GetForecast(rpc.GetForecastRequest(name="lots/a/forecast"))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "honestly" in refused.value.details()

    def test_points_have_error_bars_and_the_backtest(self, parking):
        start = parking.clock.now() - timedelta(days=21)
        history(parking, start)
        made = parking.people("").GetForecast(rpc.GetForecastRequest(name="lots/a/forecast"))
        assert len(made.points) == 8
        assert all(0 <= p.low <= p.free <= p.high <= 100 for p in made.points)
        assert 0 <= made.backtest_mae_share < made.naive_mae_share


def history(parking, start):
    """Three weeks of half hours: busy by day, empty by night."""
    from xianban_parking.handlers.counts import FeedFacts, take_in
    from xianban_parking.hookspecs import LotObservation

    def item(step):
        at = start + step * timedelta(minutes=30)
        local = (at.hour + 8) % 24
        occupied = 80 - abs(14 - local) * 6 if 6 <= local <= 22 else 5
        return LotObservation("a", at, free=100 - max(5, occupied))

    with parking.unit() as uow:
        take_in(uow, FeedFacts("seed", 300), [item(step) for step in range(21 * 48 + 1)])


class TestFindParking:
    def test_a_place_in_words_is_resolved_and_ranked(self, parking):
        parking.add_lot("dear", latitude=30.9412, longitude=121.4612)
        found = parking.people("").FindParking(rpc.FindParkingRequest(query="Fengpu"))
        assert found.destination_display == "Fengpu"
        assert [one.lot.name for one in found.options] == ["lots/dear", "lots/a"]
        for one in found.options:
            assert one.score == pytest.approx(sum(part.value for part in one.parts), abs=0.01)
            assert not one.HasField("chance")

    def test_unknown_words_are_not_found(self, parking):
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").FindParking(rpc.FindParkingRequest(query="Atlantis"))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND

    def test_no_destination_names_the_field(self, parking):
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").FindParking(rpc.FindParkingRequest())
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestQuoteStay:
    def asked(self, parking, hours):
        request = rpc.QuoteStayRequest(lot="lots/a")
        request.start_time.FromDatetime(parking.clock.now())
        request.end_time.FromDatetime(parking.clock.now() + timedelta(hours=hours))
        return request

    def test_the_lines_sum_to_the_total(self, parking):
        quote = parking.people("").QuoteStay(self.asked(parking, 12))
        assert quote.total_fen == 3000
        assert sum(line.amount_fen for line in quote.lines) == 3000
        assert all(line.text and line.text != line.key for line in quote.lines)

    def test_plugins_take_off(self, parking, plugin):
        from xianban_parking.hookspecs import Concession

        plugin.granted = [Concession("half", {"en": "Half"}, percent=50)]
        quote = parking.people("").QuoteStay(self.asked(parking, 2))
        assert quote.total_fen == 500

    def test_a_plugin_that_lies_loses_only_its_own_say(self, parking, plugin):
        from xianban_parking.hookspecs import Concession

        plugin.granted = [Concession("lie", {"en": "Lie"}, percent=500)]
        assert parking.people("").QuoteStay(self.asked(parking, 2)).total_fen == 1000

    def test_an_end_before_the_start_names_the_field(self, parking):
        with pytest.raises(grpc.RpcError) as refused:
            parking.people("").QuoteStay(self.asked(parking, -1))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


class TestGetTariff:
    def test_the_rules_come_with_sentences(self, parking):
        tariff = parking.people("").GetTariff(rpc.GetTariffRequest(name="lots/a/tariff"))
        assert tariff.version == 1
        assert "¥5.00 per 60 min" in tariff.sentences
        assert tariff.rules["free_minutes"] == 15
