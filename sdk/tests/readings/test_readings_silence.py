from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk.readings import Cleared, Raised
from xianban_sdk.readings.silence import Policy, Promise, Told, Watch, check
from xianban_sdk.readings.tables import device_watch
from xianban_sdk.readings.watch import RULE, DeviceWatch, bound, unbound

SECOND = 1_000_000
SILENT_AFTER = 15 * 60 * SECOND
POLICY = Policy(link_grace=timedelta(minutes=10))
START = 1_700_000_000 * SECOND


def alive(_since: int) -> bool:
    return True


def dead(_since: int) -> bool:
    return False


# -- the rule, pure --------------------------------------------------------------------------------

MOVES = st.lists(
    st.tuples(st.sampled_from(["look", "hear", "late", "restart"]), st.integers(0, 20 * 60)),
    max_size=40,
)


@given(MOVES, st.booleans())
def test_silence_is_what_an_oracle_says_after_each_look(
    moves: Iterable[tuple[str, int]], repeats: bool
) -> None:
    """Lost, late and doubled batches; a restart keeps the watch, as its row does."""
    repeat = timedelta(minutes=30) if repeats else None
    policy = Policy(repeat_after=repeat)
    watch = Watch(START, {"heart-rate": Promise(1, SILENT_AFTER)})
    now, arrivals = START, [START]
    told: list[tuple[bool, bool, int]] = []
    next_due = START
    for move, seconds in moves:
        now += seconds * SECOND
        if move in ("hear", "late"):
            arrivals.append(now)  # late: its numbers are old, its arrival is not
            continue
        if now < next_due:
            # What the due-queue skips must not have been silent.
            assert watch.silent_since is not None or now - max(arrivals) < SILENT_AFTER
            continue
        heard = {"heart-rate": max(arrivals)} if len(arrivals) > 1 else {}
        watch, next_due, news = check(watch, heard, now, policy, alive)
        silent = now - max(arrivals) >= SILENT_AFTER
        assert (watch.silent_since is not None) is silent
        told += [(news.raised, news.again, news.at)] if news else []
    firsts = [raised for raised, again, _ in told if not again]
    assert firsts == [n % 2 == 0 for n in range(len(firsts))]  # begun, over, begun …
    again = [at for _, repeated, at in told if repeated]
    assert repeats or not again


@given(st.lists(st.integers(0, 3600), min_size=1, max_size=20))
def test_while_nobody_is_heard_a_device_has_the_link_s_grace(gaps: list[int]) -> None:
    watch = Watch(START, {"heart-rate": Promise(1, SILENT_AFTER)})
    now = START
    for gap in gaps:
        now += gap * SECOND
        watch, _due, _news = check(watch, {}, now, POLICY, dead)
        grace = SILENT_AFTER + 600 * SECOND
        assert (watch.silent_since is not None) is (now - START >= grace)


def test_several_kinds_are_one_silence() -> None:
    promises = {"heart-rate": Promise(1, SILENT_AFTER), "steps": Promise(2, 2 * SILENT_AFTER)}
    watch = Watch(START, promises)
    told: list[Told] = []
    for minute in range(0, 60, 5):
        watch, _due, news = check(watch, {}, START + minute * 60 * SECOND, POLICY, alive)
        told += [news] if news else []
    assert [(one.raised, set(one.silent)) for one in told] == [(True, {"heart-rate"})]


# -- the rows --------------------------------------------------------------------------------------


@pytest.fixture
def watch(world: Any) -> DeviceWatch:
    return DeviceWatch(world.db, world._hear, clock=world.clock, ids=world.ids)


def bind(world: Any, device: str = "", subject: str = "", cadence: int = 60) -> None:
    event = pb.DeviceBound(
        device=device or world.band,
        subject=subject or world.elder,
        promises=[
            pb.ReadingPromise(kind="heart-rate", cadence_seconds=cadence),
            pb.ReadingPromise(kind="mood", cadence_seconds=1),
        ],
    )
    event.bind_time.FromDatetime(world.clock.now())
    with world.unit() as uow:
        bound(event, world.kinds, uow=uow, on_facts=world._hear)


def unbind(world: Any) -> None:
    event = pb.DeviceUnbound(device=world.band, subject=world.elder)
    event.unbind_time.FromDatetime(world.clock.now())
    with world.unit() as uow:
        unbound(event, uow=uow, on_facts=world._hear)


def minutes(world: Any, watch: DeviceWatch, count: int, speaks: Iterable[str] = ()) -> None:
    for _ in range(count):
        world.clock.advance(timedelta(minutes=1))
        for device in speaks:
            world.take(world.raw(70, device=device, subject=f"residents/{device}"))
        watch.look()


def told(world: Any) -> list[type]:
    return [type(fact) for fact in world.facts]


def test_a_device_that_stops_is_told_once_and_its_return_once(
    world: Any, watch: DeviceWatch
) -> None:
    bind(world)
    minutes(world, watch, 14)
    assert world.facts == []
    minutes(world, watch, 60)
    assert told(world) == [Raised]
    raised = world.facts[0]
    assert (raised.rule, raised.subject, raised.device) == (RULE, world.elder, world.band)
    assert raised.reasons[0].params["kind"] == "heart-rate"
    world.take(world.raw(70))
    minutes(world, watch, 3)
    assert told(world) == [Raised, Cleared]


def test_a_restart_between_forgets_and_repeats_nothing(world: Any, watch: DeviceWatch) -> None:
    bind(world)
    minutes(world, watch, 26)
    again = DeviceWatch(world.db, world._hear, clock=world.clock, ids=world.ids)
    minutes(world, again, 30)
    assert told(world) == [Raised]
    world.restart()
    world.take(world.raw(70))
    minutes(world, again, 2)
    assert told(world) == [Raised, Cleared]


def test_others_that_speak_show_that_the_way_here_works(world: Any, watch: DeviceWatch) -> None:
    bind(world)
    minutes(world, watch, 17, speaks=["OTHER"])
    assert told(world) == [Raised]


def test_a_late_batch_is_a_sign_of_life(world: Any, watch: DeviceWatch, ago: Any) -> None:
    bind(world)
    minutes(world, watch, 12, speaks=["OTHER"])
    world.take(world.raw(70, ago(hours=3)))
    minutes(world, watch, 10, speaks=["OTHER"])
    assert world.facts == []


@pytest.mark.parametrize("step", [timedelta(hours=2), -timedelta(hours=2)])
def test_a_clock_that_is_set_raises_no_false_silence_and_hides_no_true_one(
    world: Any, watch: DeviceWatch, step: timedelta
) -> None:
    bind(world)
    world.take(world.raw(70))
    watch.notice_step(1000.0)
    world.clock.advance(step)
    watch.notice_step(1001.0)
    minutes(world, watch, 10, speaks=["OTHER"])
    assert world.facts == []
    minutes(world, watch, 8, speaks=["OTHER"])
    assert told(world) == [Raised]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("wait"), st.integers(1, 20)),
            st.tuples(st.just("step"), st.integers(-300, 300)),
            st.tuples(st.just("speak"), st.just(1)),
        ),
        max_size=12,
    )
)
def test_silence_follows_true_time_whatever_the_clock_is_set_to(world: Any, moves: Any) -> None:
    world.facts.clear()
    device = world.ids.new()
    subject = f"residents/{device}"
    watch = DeviceWatch(world.db, world._hear, clock=world.clock, ids=world.ids)
    bind(world, device, subject)
    true, heard = 0, 0  # minutes that nobody sets
    watch.notice_step(0.0)
    for move, amount in moves:
        if move == "step":
            world.clock.advance(timedelta(minutes=amount))
            watch.notice_step(true * 60.0)
            continue
        for _ in range(amount):
            true += 1
            world.clock.advance(timedelta(minutes=1))
            if move == "speak":
                world.take(world.raw(70, device=device, subject=subject))
                heard = true
            world.take(world.raw(70, device="OTHER", subject="residents/OTHER"))
            watch.notice_step(true * 60.0)
            watch.look()
            assert (news_of(world, device)[-1:] == [Raised]) is (true - heard >= 15)
    assert all(one is not other for one, other in pairwise(news_of(world, device)))


def news_of(world: Any, device: str) -> list[type]:
    return [type(fact) for fact in world.facts if fact.device == device]


def test_a_slow_promise_is_given_longer(world: Any, watch: DeviceWatch) -> None:
    bind(world, cadence=600)
    minutes(world, watch, 60, speaks=["OTHER"])
    assert world.facts == []


def test_a_device_that_changes_hands_ends_the_first_one_s_silence(
    world: Any, watch: DeviceWatch
) -> None:
    bind(world)
    minutes(world, watch, 26)
    bind(world, subject="residents/02NEXT")
    assert [(type(fact), fact.subject) for fact in world.facts] == [
        (Raised, world.elder),
        (Cleared, world.elder),
    ]


def test_nobody_waits_for_an_unbound_device(world: Any, watch: DeviceWatch) -> None:
    bind(world)
    minutes(world, watch, 26)
    unbind(world)
    minutes(world, watch, 60)
    assert told(world) == [Raised, Cleared]
    with world.db.read() as conn:
        assert conn.scalar(select(func.count()).select_from(device_watch)) == 0
