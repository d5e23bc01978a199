"""Background work of the service; each kind is done by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Event

from xianban_sdk.app import Resources
from xianban_sdk.errors import XianbanError
from xianban_sdk.loops import Rota, alone
from xianban_sdk.storage import CallInfo, UnitOfWork, open_unit_of_work

from xianban_parking.handlers import traffic
from xianban_parking.handlers.counts import register, sweep, take_in
from xianban_parking.handlers.feeds import FeedPlugin, facts_of, feeds_of, pull, row_of
from xianban_parking.handlers.gate_tokens import ensure_key
from xianban_parking.handlers.honesty import score_lots
from xianban_parking.handlers.payments import provider_of
from xianban_parking.handlers.refunds import postpone_refund, settle_refund
from xianban_parking.handlers.retention import age_plates, forget_counts
from xianban_parking.handlers.shared import shared
from xianban_parking.handlers.traffic import TrafficPlugin
from xianban_parking.repository import MACHINE, PUBLIC, Feeds, Lots, Payments, Refunds, Traffic
from xianban_parking.repository.rows import RefundRow
from xianban_parking.repository.traffic import TrafficSourceRow

__all__ = ["LOOPS", "give_refunds", "pull_feeds", "pull_once", "read_traffic_once", "tidy_once"]

FEED_TICK = 1.0
TRAFFIC_TICK = 2.0
REPLAY_PAUSE = timedelta(seconds=15)
REFUND_TICK = 0.5
SWEEP_TICK = 5.0
TIDY_TICK = 60.0
LEARN_AFTER = 20.0
LEARN_TICK = 60.0
REFUND_SECONDS = 5.0
MOST_BATCHES = 200


def pull_feeds(resources: Resources, stop: Event) -> None:
    """Reads each pulled feed when it is due."""
    rota = Rota()
    known = _introduce(resources)

    def tick() -> None:
        now = resources.clock.now()
        feeds = feeds_of(resources.hooks)
        # Plugins come, and say otherwise in their next version, while the service runs.
        if [row_of(found) for found in feeds] != known:
            known[:] = _introduce(resources)
        for found in feeds:
            if found.feed.mode != "push" and rota.turn(found.feed.id, _pause(found), now):
                pull_once(resources, found)

    alone(resources, stop, "feeds", FEED_TICK, tick)


def _pause(found: FeedPlugin) -> timedelta:
    """A replay tells what has just happened; a source is asked as often as it promises to speak."""
    return REPLAY_PAUSE if found.feed.mode == "replay" else found.feed.cadence


def pull_once(resources: Resources, found: FeedPlugin) -> None:
    """Reads outside of any transaction, then keeps it all in one; a failure is the feed's own."""
    try:
        items = pull(found, resources.hooks, resources.clock.now())
    except Exception as error:
        resources.log.warning("feed_failed", feed=found.feed.id, error=repr(error))
        told, now = repr(error), resources.clock.now()
        _write(resources, lambda uow: Feeds(uow.conn, MACHINE).failed(found.feed.id, told, now))
        return
    _write(resources, lambda uow: take_in(uow, facts_of(found.feed), items))


def read_traffic(resources: Resources, stop: Event) -> None:
    """Asks each traffic source when it is due; what is no longer brought is forgotten."""
    rota = Rota()
    known: list[TrafficSourceRow] | None = None

    def tick() -> None:
        nonlocal known
        found, now = traffic.sources_of(resources.hooks), resources.clock.now()
        rows = [traffic.row_of(one) for one in found]
        if rows != known:
            _write(resources, lambda uow: traffic.introduce(rows, uow=uow))
            known = rows
        for one in found:
            if rota.turn(one.source.id, one.source.cadence, now):
                read_traffic_once(resources, one)

    alone(resources, stop, "traffic", TRAFFIC_TICK, tick)


def read_traffic_once(resources: Resources, found: TrafficPlugin) -> None:
    """Reads outside of any transaction, then keeps it all in one; a failure is the source's own."""
    source, now = found.source.id, resources.clock.now()
    try:
        told = traffic.read(found, resources.hooks, now)
        _write(resources, lambda uow: traffic.keep(source, told, uow=uow))
    except Exception as error:
        resources.log.warning("traffic_source_failed", source=source, error=repr(error))
        failed = repr(error)
        _write(resources, lambda uow: Traffic(uow.conn, MACHINE).failed(source, failed, now))


def sweep_verdicts(resources: Resources, stop: Event) -> None:
    """Tells of verdicts that change by time alone."""
    alone(resources, stop, "verdicts", SWEEP_TICK, lambda: _write(resources, sweep))


def work_off_refunds(resources: Resources, stop: Event) -> None:
    """Gives promised money back."""
    alone(resources, stop, "refunds", REFUND_TICK, lambda: give_refunds(resources))


def give_refunds(resources: Resources) -> int:
    """Asks the providers for every refund that is due; returns how many were given."""
    with resources.db.read() as conn:
        found = Refunds(conn, MACHINE).due(resources.clock.now())
    return sum(_give(resources, refund) for refund in found)


def _give(resources: Resources, refund: RefundRow) -> bool:
    with resources.db.read() as conn:
        payment = Payments(conn, MACHINE).get(refund.payment)
    try:
        provider = provider_of(resources.hooks, payment.provider)
    except XianbanError as error:
        reason = error.reason
        _write(resources, lambda uow: postpone_refund(refund, reason, uow=uow))
        return False
    result = resources.hooks.run(
        provider.plugin,
        "payment.refund",
        lambda: provider.provider.refund(payment.id, refund.id, refund.amount_fen),
        REFUND_SECONDS,
        about=payment.resident,
    )
    if result.error is not None:
        told = repr(result.error)
        _write(resources, lambda uow: postpone_refund(refund, told, uow=uow))
        return False
    _write(resources, lambda uow: settle_refund(refund, uow=uow))
    return True


def tidy(resources: Resources, stop: Event) -> None:
    """Retention and honesty."""
    alone(resources, stop, "tidy", TIDY_TICK, lambda: tidy_once(resources))


def tidy_once(resources: Resources) -> None:
    """Ages plates batch by batch, forgets old counts, scores honesty."""
    for _ in range(MOST_BATCHES):
        if not _write(resources, age_plates):
            break
    _write(resources, forget_counts)
    _write(resources, score_lots)


def learn(resources: Resources, stop: Event) -> None:
    """Keeps this process's forecasts warm, so that nobody waits for the first one."""
    # A start has other work for the processor; who asks meanwhile waits for their lot's alone.
    stop.wait(LEARN_AFTER)
    while not stop.is_set():
        with resources.db.read() as conn:
            lots = Lots(conn, PUBLIC).all()
        for lot in lots:
            if stop.is_set():
                return
            shared(resources).forecasts.warm(lot.id, resources.clock.now())
            stop.wait(0.05)  # calls come first
        stop.wait(LEARN_TICK)


LOOPS = [pull_feeds, read_traffic, sweep_verdicts, work_off_refunds, tidy, learn]


def _introduce(resources: Resources) -> list[dict[str, object]]:
    """Makes the feeds known; returns their rows."""
    rows = [row_of(found) for found in feeds_of(resources.hooks)]

    def write(uow: UnitOfWork) -> None:
        ensure_key(uow)
        for row in rows:
            register(uow, row)

    _write(resources, write)
    return rows


def _write(resources: Resources, work: Callable[[UnitOfWork], int | object]) -> object:
    with _unit(resources) as uow:
        return work(uow)


def _unit(resources: Resources) -> AbstractContextManager[UnitOfWork]:
    call = CallInfo(actor=f"workload:{resources.db.owner}")
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids, call=call)
