"""Tariff prices against an independent minute-by-minute oracle, and the promises they keep."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xianban_parking.domain.calendar import SHANGHAI as FIXED
from xianban_parking.domain.calendar import ChineseCalendar, DayKind
from xianban_parking.domain.tariff import (
    Anchor,
    Band,
    Concession,
    ConcessionKind,
    Discount,
    DiscountSubject,
    FreeMode,
    Stay,
    Step,
    Tariff,
    Unit,
    VehicleKind,
    Visit,
    describe_tariff,
    price,
    split_exceptions,
    tariff_from_dict,
    tariff_to_dict,
)

CALENDAR = ChineseCalendar()
SHANGHAI = ZoneInfo("Asia/Shanghai")
ORIGIN = datetime(2026, 9, 24, 16, 0, tzinfo=UTC)  # just before 中秋 and 国庆 with make-up days
MINUTE = timedelta(minutes=1)
FEN = st.integers(0, 2_000)
CAP = st.none() | st.integers(0, 6_000)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

# --- tariffs that are valid by construction --------------------------------------------------


@st.composite
def units(draw: st.DrawFn) -> tuple[Unit, ...]:
    minutes = st.sampled_from([15, 30, 45, 60, 120])
    first = draw(st.lists(st.builds(Unit, minutes, FEN, st.integers(1, 3)), max_size=2))
    return (*first, Unit(draw(minutes), draw(FEN)))


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    uppers = sorted(draw(st.sets(st.integers(1, 600), max_size=3)))
    amounts = sorted(draw(st.lists(FEN, min_size=len(uppers) + 1, max_size=len(uppers) + 1)))
    return tuple(Step(u, a) for u, a in zip([*uppers, None], amounts, strict=True))


@st.composite
def day_bands(draw: st.DrawFn, start: int, days: frozenset[DayKind], whole: bool) -> list[Band]:
    cuts = [] if whole else sorted(draw(st.sets(st.integers(1, 47), max_size=2)))
    offsets = [0, *[cut * 30 for cut in cuts], 1440]
    made: list[Band] = []
    for begin, end in pairwise(offsets):
        pricing = draw(
            st.one_of(
                units().map(lambda u: {"units": u}),
                steps().map(lambda s: {"steps": s}),
                st.just({}),
            )
        )
        made.append(
            Band(
                f"{min(days)}-{begin}",
                (start + begin) % 1440,
                (start + end) % 1440,
                days,
                cap_fen=draw(CAP),
                **pricing,
            )
        )
    return made


@st.composite
def tariffs(draw: st.DrawFn, merging: bool = False) -> Tariff:
    anchor = draw(st.sampled_from(Anchor))
    start = 0 if anchor is Anchor.ENTRY else draw(st.sampled_from([0, 360, 420, 480]))
    groups = draw(
        st.sampled_from(
            [
                [frozenset(DayKind)],
                [frozenset({DayKind.WORKDAY}), frozenset({DayKind.WEEKEND, DayKind.HOLIDAY})],
                [frozenset({kind}) for kind in DayKind],
            ]
        )
    )
    bands = [b for g in groups for b in draw(day_bands(start, g, anchor is Anchor.ENTRY))]
    return Tariff(
        id="t",
        version=1,
        bands=tuple(bands),
        anchor=anchor,
        day_starts_at=start,
        free_minutes=draw(st.sampled_from([0, 0, 15, 30])),
        free_mode=draw(st.sampled_from(FreeMode)),
        visit_fee_fen=draw(st.sampled_from([0, 300])),
        cap_day_fen=draw(CAP),
        cap_24h_fen=draw(CAP),
        cap_stay_fen=draw(st.none() | st.integers(0, 20_000)),
        reentry_merge_minutes=30 if merging else 0,
        discounts=draw(
            st.lists(
                st.builds(
                    Discount,
                    st.sampled_from(["a", "b"]),
                    st.just(DiscountSubject.VEHICLE),
                    st.just("car"),
                    st.integers(0, 100),
                    st.sampled_from([0, 0, 60]),
                ),
                max_size=2,
            ).map(tuple)
        ),
    )


OFFSET = st.integers(0, 20_000)
LENGTH = st.one_of(st.integers(0, 300), st.integers(0, 5_000))


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    begin = ORIGIN + draw(OFFSET) * MINUTE
    visits: list[Visit] = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        end = begin + draw(LENGTH) * MINUTE
        visits.append(Visit(begin, end))
        begin = end + draw(st.integers(0, 30)) * MINUTE
    return Stay(tuple(visits))


# --- the oracle: walks every minute with a local wall clock ----------------------------------


def oracle_kind(day: date) -> str:
    off, name = __import__("chinese_calendar").get_holiday_detail(day)
    return ("holiday" if name else "weekend") if off else "workday"


class Oracle:
    def __init__(self, tariff: Tariff, stay: Stay, extra: int) -> None:
        self.tariff, self.stay, self.extra = tariff, stay, extra
        self.entered = stay.visits[0].entered
        self.elapsed: dict[tuple[date, str], int] = defaultdict(int)
        self.spent: dict[object, int] = defaultdict(int)
        self.total = 0

    def run(self) -> int:
        tariff, parked = self.tariff, sum(v.parked // MINUTE for v in self.stay.visits)
        if tariff.free_minutes and parked <= tariff.free_minutes:
            return 0
        free = self.extra
        if tariff.free_mode is FreeMode.DEDUCTED:
            free += tariff.free_minutes
        minute = 0
        for visit in self.stay.visits:
            at = visit.entered
            while at < visit.left:
                if minute >= free:
                    self.tick(at)
                minute += 1
                at += MINUTE
        if minute > free:
            self.total += tariff.visit_fee_fen
        cap = tariff.cap_stay_fen
        return self.total if cap is None else min(cap, self.total)

    def where(self, at: datetime) -> tuple[date, dict[str, object]]:
        data = tariff_to_dict(self.tariff)
        if self.tariff.anchor is Anchor.ENTRY:
            period = (at - self.entered) // timedelta(days=1)
            day = (self.entered + timedelta(days=period)).astimezone(SHANGHAI).date()
            return day, next(b for b in data["bands"] if oracle_kind(day) in b["days"])
        local = at.astimezone(SHANGHAI)
        clock = local.strftime("%H:%M")
        day = local.date()
        if clock < data["day_starts_at"]:
            day -= timedelta(days=1)
        for band in data["bands"]:
            begin, end = band["starts_at"], band["ends_at"]
            inside = begin <= clock < end if begin < end else clock >= begin or clock < end
            if oracle_kind(day) in band["days"] and inside:
                return day, band
        raise AssertionError(at)

    def due(self, band: dict[str, object], elapsed: int) -> int:
        if band["steps"]:
            return self.step_fee(band["steps"], elapsed + 1) - (
                self.step_fee(band["steps"], elapsed) if elapsed else 0
            )
        for unit in band["units"]:
            span = unit["minutes"] * unit.get("times", 10_000)
            if elapsed < span:
                return unit["amount_fen"] if elapsed % unit["minutes"] == 0 else 0
            elapsed -= span
        return 0

    @staticmethod
    def step_fee(steps: list[dict[str, int]], minutes: int) -> int:
        return next(s["amount_fen"] for s in steps if minutes <= s.get("up_to_minutes", 10**9))

    def tick(self, at: datetime) -> None:
        day, band = self.where(at)
        key = (day, band["name"])
        due = self.due(band, self.elapsed[key])
        self.elapsed[key] += 1
        window = (at - self.entered) // timedelta(days=1)
        limits = [
            (("b", key), band.get("cap_fen")),
            (("d", day), self.tariff.cap_day_fen),
            (("w", window), self.tariff.cap_24h_fen),
        ]
        for group, cap in limits:
            if cap is not None:
                due = min(due, max(0, cap - self.spent[group]))
        for group, _ in limits:
            self.spent[group] += due
        self.total += due


def oracle(tariff: Tariff, stay: Stay) -> int:
    minutes = max((d.free_minutes for d in tariff.discounts), default=0)
    percent = max((d.percent_off for d in tariff.discounts), default=0)
    gross = min(Oracle(tariff, stay, extra).run() for extra in {0, minutes})
    return gross - gross * percent // 100


# --- promises -----------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariffs(), stays())
def test_the_price_equals_the_minute_by_minute_oracle(tariff: Tariff, stay: Stay) -> None:
    assert price(tariff, stay, calendar=CALENDAR).total_fen == oracle(tariff, stay)


CONCESSIONS = st.lists(
    st.one_of(
        st.builds(
            Concession,
            st.just("shop"),
            st.sampled_from("xy"),
            st.just(ConcessionKind.PERCENT),
            st.integers(0, 100),
        ),
        st.builds(
            Concession,
            st.just("clinic"),
            st.sampled_from("xy"),
            st.just(ConcessionKind.MINUTES),
            st.integers(0, 240),
        ),
        st.builds(
            Concession,
            st.just("mall"),
            st.sampled_from("xy"),
            st.just(ConcessionKind.FIXED),
            st.integers(0, 3_000),
        ),
    ),
    max_size=3,
)


@QUICK
@given(tariffs(), stays(), CONCESSIONS, st.integers(0, 5_000))
def test_lines_sum_to_the_total_and_only_reductions_are_negative(
    tariff: Tariff, stay: Stay, given_: list[Concession], credit: int
) -> None:
    quote = price(tariff, stay, given_, calendar=CALENDAR, already_charged_fen=credit)
    assert quote.total_fen == sum(line.amount_fen for line in quote.lines) >= 0
    reducing = ("price.cap", "price.conc", "price.disc", "price.credited")
    assert all(line.amount_fen >= 0 or line.key.startswith(reducing) for line in quote.lines)


@QUICK
@given(tariffs(), stays(), CONCESSIONS, st.integers(0, 3_000))
def test_staying_longer_never_costs_less(
    tariff: Tariff, stay: Stay, given_: list[Concession], more: int
) -> None:
    last = stay.visits[-1]
    longer = Stay((*stay.visits[:-1], Visit(last.entered, last.left + more * MINUTE)))
    shorter_fen = price(tariff, stay, given_, calendar=CALENDAR).total_fen
    assert shorter_fen <= price(tariff, longer, given_, calendar=CALENDAR).total_fen


@QUICK
@given(tariffs(), stays())
def test_no_cap_is_ever_exceeded(tariff: Tariff, stay: Stay) -> None:
    quote = price(tariff, stay, calendar=CALENDAR)
    if tariff.cap_stay_fen is not None:
        assert quote.total_fen <= tariff.cap_stay_fen
    windows = -(-(quote.left - quote.entered) // timedelta(days=1))
    for cap, count in ((tariff.cap_24h_fen, windows), (tariff.cap_day_fen, windows + 1)):
        if cap is not None:
            assert quote.total_fen <= cap * count + tariff.visit_fee_fen


@QUICK
@given(tariffs(), stays(), CONCESSIONS)
def test_a_concession_never_raises_the_price_and_order_does_not_matter(
    tariff: Tariff, stay: Stay, given_: list[Concession]
) -> None:
    with_all = price(tariff, stay, given_, calendar=CALENDAR)
    assert with_all == price(tariff, stay, given_[::-1], calendar=CALENDAR)
    assert with_all.total_fen <= price(tariff, stay, calendar=CALENDAR).total_fen


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariffs(), OFFSET, LENGTH, LENGTH)
def test_without_exceptions_splitting_a_stay_is_never_cheaper(
    tariff: Tariff, offset: int, first: int, second: int
) -> None:
    if split_exceptions(tariff):
        return
    begin, middle = ORIGIN + offset * MINUTE, ORIGIN + (offset + first) * MINUTE
    end = middle + second * MINUTE
    parts = [Visit(begin, middle), Visit(middle, end)]
    split = sum(price(tariff, Stay((part,)), calendar=CALENDAR).total_fen for part in parts)
    assert split >= price(tariff, Stay((Visit(begin, end),)), calendar=CALENDAR).total_fen


@QUICK
@given(tariffs(merging=True), OFFSET, LENGTH, LENGTH)
def test_with_merging_an_immediate_return_costs_exactly_the_unsplit_stay(
    tariff: Tariff, offset: int, first: int, second: int
) -> None:
    begin, middle = ORIGIN + offset * MINUTE, ORIGIN + (offset + first) * MINUTE
    end = middle + second * MINUTE
    paid = price(tariff, Stay((Visit(begin, middle),)), calendar=CALENDAR).total_fen
    merged = Stay((Visit(begin, middle), Visit(middle, end)))
    rest = price(tariff, merged, calendar=CALENDAR, already_charged_fen=paid).total_fen
    whole = price(tariff, Stay((Visit(begin, end),)), calendar=CALENDAR).total_fen
    assert paid + rest == whole


@QUICK
@given(tariffs(), stays(), st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]))
def test_the_zone_an_instant_is_written_in_does_not_matter(
    tariff: Tariff, stay: Stay, zone: str
) -> None:
    elsewhere = tuple(
        Visit(v.entered.astimezone(ZoneInfo(zone)), v.left.astimezone(ZoneInfo(zone)))
        for v in stay.visits
    )
    assert price(tariff, Stay(elsewhere), calendar=CALENDAR) == price(
        tariff, stay, calendar=CALENDAR
    )


@QUICK
@given(tariffs())
def test_a_tariff_survives_json_and_can_be_described(tariff: Tariff) -> None:
    assert tariff_from_dict(tariff_to_dict(tariff)) == tariff
    assert all(fact.key.startswith("tariff.") for fact in describe_tariff(tariff))


@given(st.integers(0, 60_000_000))
def test_the_fixed_offset_is_shanghai_time_at_every_minute_since_1992(minutes: int) -> None:
    instant = datetime(1992, 1, 1, tzinfo=UTC) + minutes * MINUTE
    assert instant.astimezone(FIXED).replace(tzinfo=None) == instant.astimezone(SHANGHAI).replace(
        tzinfo=None
    )


def test_vehicle_kinds_have_their_own_bands() -> None:
    large = frozenset({VehicleKind.LARGE})
    others = frozenset(VehicleKind) - large
    tariff = Tariff(
        "t",
        1,
        (
            Band("small", vehicles=others, units=(Unit(60, 500),)),
            Band("large", vehicles=large, units=(Unit(60, 1_000),)),
        ),
    )
    visit = (Visit(ORIGIN, ORIGIN + 61 * MINUTE),)
    assert price(tariff, Stay(visit), calendar=CALENDAR).total_fen == 1_000
    assert price(tariff, Stay(visit, VehicleKind.LARGE), calendar=CALENDAR).total_fen == 2_000
