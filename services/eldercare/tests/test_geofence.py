"""Leaving a place is told once, whatever the air, the network and the clocks do to the fixes."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xianban_eldercare.domain.whereabouts import (
    MARGIN_METRES,
    Circle,
    Fix,
    believed,
    beyond,
    counts_at,
    metres,
)
from xianban_eldercare.handlers.geofence import WINDOW, judged, walked
from xianban_sdk.readings.rules import Standing

HOME = Circle(30.9183, 121.4561, 100)
SECOND = 1_000_000
MINUTE = 60 * SECOND
# Noon in Shanghai.
START = int(datetime(2026, 11, 28, 4, tzinfo=UTC).timestamp()) * SECOND
DEGREE = 111_195.08  # metres per degree of latitude on the mean sphere


def fix(after: int, east: float, accuracy: float = 10, north: float = 0) -> Fix:
    """`east` and `north` in metres from the centre, `after` in seconds from the start."""
    latitude = HOME.latitude + north / DEGREE
    longitude = HOME.longitude + east / (DEGREE * cos(radians(HOME.latitude)))
    return Fix(START + after * SECOND, latitude, longitude, accuracy)


class Service:
    """What the real one keeps: fixes by time, and a standing that outlives a restart."""

    def __init__(self, circle: Circle = HOME, raised: bool = False) -> None:
        self.circle = circle
        self.fixes: dict[int, Fix] = {}
        self.kept = asdict(Standing(raised=raised, told=raised))
        self.told: list[tuple[str, int]] = []

    def take(self, batch: list[Fix], now: int | None = None) -> None:
        """A batch, stored and judged; nothing but the rows survives it."""
        for one in batch:
            self.fixes.setdefault(one.at, one)
        now = max(self.fixes, default=START) if now is None else now
        window = [self.fixes[at] for at in sorted(self.fixes) if at > now - WINDOW]
        standing, changes = judged(self.circle, Standing(**self.kept), walked(window, now))
        self.kept = asdict(standing)
        self.told += [("left" if one.raised else "back", one.at) for one in changes]


def oracle(fixes: list[Fix]) -> list[tuple[str, int]]:
    """By the words of the rule, over all pairs: a minute of nothing but outside is leaving, a
    minute of nothing but inside is coming back."""
    events: list[tuple[str, int]] = []
    away, last = False, -1
    for index, one in enumerate(fixes):
        for first in range(index, last, -1):
            run = fixes[first : index + 1]
            if not all((inside(f) if away else outside(f)) for f in run):
                break
            if one.at - run[0].at >= MINUTE:
                away, last = not away, index
                events.append(("left" if away else "back", one.at))
                break
    return events


def outside(one: Fix) -> bool:
    return metres(HOME, one) > HOME.radius + MARGIN_METRES + one.error


def inside(one: Fix) -> bool:
    return metres(HOME, one) <= HOME.radius


WALKS = st.lists(
    st.tuples(st.integers(10, 90), st.integers(0, 350), st.sampled_from([0, 5, 20, 60, 90])),
    max_size=40,
)


def walk(steps: list[tuple[int, int, int]]) -> list[Fix]:
    """Within an hour, never faster than the filter lets through."""
    made: list[Fix] = []
    after = 0
    for pause, east, accuracy in steps:
        after += pause
        made.append(fix(after, east, accuracy))
    return made


@given(WALKS, st.data())
def test_batches_repeats_and_restarts_change_nothing(steps, data) -> None:
    fixes = walk(steps)
    service, given_so_far = Service(), 0
    while given_so_far < len(fixes):
        count = data.draw(st.integers(1, 8))
        batch = fixes[given_so_far : given_so_far + count]
        again = data.draw(st.lists(st.sampled_from(fixes[: given_so_far + count]), max_size=4))
        service.take(batch + again)
        given_so_far += count
    assert service.told == oracle(fixes)


JITTER = st.lists(
    st.tuples(
        st.integers(0, 3 * 3600),
        st.floats(-1, 1),
        st.sampled_from([0, 5, 15, 50, 90, 400]),
    ),
    unique_by=lambda one: one[0],
    max_size=40,
)
STEPS = st.lists(st.integers(-3600, 3600), max_size=3)


@given(JITTER, st.booleans(), STEPS, st.data())
def test_jitter_at_the_border_is_one_event_at_most(wobbles, away, steps, data) -> None:
    """Lost, late, repeated and reordered fixes, restarts, and clocks that are set, all at once."""
    fixes = [
        fix(after, HOME.radius + share * (accuracy or 50), accuracy)
        for after, share, accuracy in wobbles
    ]
    arrived = [one for one in fixes if data.draw(st.booleans())]
    repeated = arrived + [one for one in arrived if data.draw(st.booleans())]
    order = data.draw(st.permutations(repeated))
    service = Service(raised=away)
    while order:
        count = data.draw(st.integers(1, 5))
        step = data.draw(st.sampled_from([0, *steps]))
        service.take(order[:count], START + (2 * 3600 + step) * SECOND)
        order = order[count:]
    assert len(service.told) <= 1
    assert all(word == "back" for word, _ in service.told)


@given(st.data())
def test_leaving_for_good_is_told_once_whatever_the_order(data) -> None:
    at_home = [fix(60 * n, 20) for n in range(10)]
    gone = [fix(600 + 60 * n, 200 + 20 * n) for n in range(10)]
    arrived = [one for one in at_home + gone if data.draw(st.booleans())]
    outside_ = [one.at for one in arrived if one.at >= START + 600 * SECOND]
    order = data.draw(st.permutations(arrived * 2))
    service = Service()
    while order:
        count = data.draw(st.integers(1, 7))
        service.take(order[:count], START + 1200 * SECOND)
        order = order[count:]
    stayed_out = bool(outside_) and max(outside_) - min(outside_) >= MINUTE
    assert [word for word, _ in service.told] == (["left"] if stayed_out else [])


@given(st.lists(st.integers(0, 3600), min_size=1, max_size=30, unique=True))
def test_a_coarse_fix_never_decides(seconds) -> None:
    service = Service()
    service.take([fix(after, 5000, 101) for after in sorted(seconds)])
    assert service.told == []
    assert believed([fix(0, 5000, 101)]) == []


def test_one_jump_and_back_decides_nothing_and_a_train_does() -> None:
    jump = [fix(0, 0), fix(30, 90_000), fix(60, 0), fix(90, 90_000), fix(120, 0)]
    assert believed(jump) == [jump[0], jump[2], jump[4]]
    train = [fix(0, 0), fix(30, 90_000), fix(60, 91_000), fix(150, 92_000)]
    service = Service()
    service.take(train)
    assert [word for word, _ in service.told] == ["left"]


def test_fixes_that_were_stored_and_sent_hours_later_undo_nothing() -> None:
    service = Service()
    service.take([fix(7200, 300), fix(7260, 300)])
    service.take([fix(60 * n, 10) for n in range(10)])
    assert [word for word, _ in service.told] == ["left"]


def test_a_locator_that_speaks_every_half_hour_is_heard() -> None:
    service = Service()
    service.take([fix(0, 0), fix(1800, 400), fix(3600, 400)])
    assert [word for word, _ in service.told] == ["left"]


def test_a_clock_that_was_ahead_does_not_blind_the_place_for_ever() -> None:
    service = Service()
    ahead = 24 * 3600
    service.take([fix(ahead, 300), fix(ahead + 60, 300)])
    for minute in range(4):
        service.take([fix(60 * minute, 10)], START + 60 * minute * SECOND)
    for minute in range(10, 14):
        service.take([fix(60 * minute, 300)], START + 60 * minute * SECOND)
    assert [word for word, _ in service.told] == ["left", "back", "left"]


def test_leaving_counts_in_its_hours_alone_and_coming_back_always() -> None:
    night = replace(HOME, start_minute=20 * 60, end_minute=6 * 60)
    service = Service(night)
    service.take([fix(60 * n, 300) for n in range(10)])
    assert service.told == []
    evening = 8 * 3600
    service.take([fix(evening, 300), fix(evening + 60, 300)])
    morning = 19 * 3600
    service.take([fix(morning, 10), fix(morning + 60, 10)])
    assert [word for word, _ in service.told] == ["left", "back"]


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_go_across_midnight(start, end, minute) -> None:
    span = (end - start) % 1440 or 1440
    counted = {(start + step) % 1440 for step in range(span)}
    assert counts_at(Circle(0, 0, 50, start, end), minute) is (minute in counted)


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ((31.2304, 121.4737), (39.9042, 116.4074), 1067),
        ((0.0, 179.9), (0.0, -179.9), 22.24),
        ((90.0, 0.0), (-90.0, 0.0), 20_015),
    ],
)
def test_distances_are_those_of_the_mean_sphere(one, other, kilometres) -> None:
    found = metres(Fix(0, *one, 0), Fix(0, *other, 0)) / 1000
    assert found == pytest.approx(kilometres, rel=0.005)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e6))
def test_no_place_on_earth_breaks_the_rule(latitude, longitude, accuracy) -> None:
    one = Fix(START, latitude, longitude, accuracy)
    assert metres(HOME, one) == pytest.approx(metres(one, HOME))
    assert 0 <= beyond(HOME, one, 0) <= 20_015_200
    assert beyond(HOME, replace(one, latitude=HOME.latitude, longitude=HOME.longitude), 0) == 0
