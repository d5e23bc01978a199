import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban.common.v1.relations_pb2 import RelationChanged
from xianban_sdk.clock import ManualClock
from xianban_sdk.errors import FailedPrecondition, NotFound, Unavailable
from xianban_sdk.ids import SeededIds
from xianban_sdk.messaging import (
    DeliveryStopped,
    Event,
    Inbox,
    consumer,
    count_dead,
    inspect,
    list_dead,
)
from xianban_sdk.storage import Database, UnitOfWork
from xianban_sdk.storage.tables import audit, outbox

metadata = MetaData()
told = Table(
    "told",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("recipient", Text),
)


class Teller:
    """A consumer whose failures can be chosen."""

    def __init__(self) -> None:
        self.poison: set[str] = set()
        self.away: list[Exception] = []
        self.calls = 0

    @consumer("*.v1.message_requested")
    def on_message(self, event: MessageRequested, *, uow: UnitOfWork, meta: Event) -> None:
        self.calls += 1
        uow.conn.execute(insert(told).values(recipient=event.recipient))
        if self.away:
            raise self.away.pop()
        if event.recipient in self.poison:
            raise ZeroDivisionError(event.recipient)


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def inbox(database: Database, clock: ManualClock, ids: SeededIds, teller: Teller) -> Inbox:
    with database.begin() as conn:
        metadata.create_all(conn)
    return Inbox(database, "desk", [teller.on_message], clock=clock, ids=ids)


@pytest.fixture
def event(clock: ManualClock) -> Iterator[Callable[..., Event]]:
    counter = iter(range(1000))

    def make(recipient: str, aggregate: str = "a/1") -> Event:
        return Event(
            id=f"E{next(counter):03}",
            source="/services/parking",
            type="xianban.common.v1.MessageRequested",
            routing_key="parking.v1.message_requested",
            subject="",
            aggregate=aggregate,
            time=clock.now(),
            data=MessageRequested(recipient=recipient).SerializeToString(),
        )

    return make


def recipients(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.scalars(select(told.c.recipient).order_by(told.c.seq)))


def states(database: Database) -> list[tuple[str, str]]:
    return [(letter.event.id, letter.state) for letter in list_dead(database)]


def test_an_event_delivered_twice_is_applied_once(
    database: Database, inbox: Inbox, event: Callable[..., Event]
) -> None:
    first = event("ann")
    inbox.deliver([first, event("bo"), first])
    inbox.deliver([first])
    assert recipients(database) == ["ann", "bo"]


def test_two_groups_on_one_database_each_apply_it(
    database: Database, inbox: Inbox, event: Callable[..., Event], clock: ManualClock
) -> None:
    other_teller = Teller()
    other = Inbox(
        database, "other", [other_teller.on_message], clock=clock, ids=SeededIds(1, clock)
    )
    once = event("ann")
    inbox.deliver([once])
    other.deliver([once])
    assert recipients(database) == ["ann", "ann"]


def test_an_event_nobody_takes_is_let_pass(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    inbox.deliver([replace(event("ann"), routing_key="parking.v1.something_else")])
    assert teller.calls == 0
    assert list_dead(database) == []


def test_a_poison_event_is_dead_lettered_alone(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    inbox.deliver([event("bad", "a/1"), event("ann", "a/2"), event("bo", "a/3")])
    assert recipients(database) == ["ann", "bo"]
    assert states(database) == [("E000", "dead")]
    letter = inspect(database, list_dead(database)[0].id)
    assert letter.error == "ZeroDivisionError: bad"
    assert letter.attempts == 4
    with database.read() as conn:
        assert count_dead(conn) == 1


def test_later_events_of_its_aggregate_are_parked_behind_it(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    inbox.deliver([event("bad", "a/1"), event("ann", "a/1"), event("bo", "a/2")])
    inbox.deliver([event("cy", "a/1")])
    assert recipients(database) == ["bo"]
    assert states(database) == [("E000", "dead"), ("E001", "parked"), ("E003", "parked")]


def test_the_same_aggregate_of_another_service_is_not_parked(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    inbox.deliver([event("bad"), replace(event("ann"), source="/services/health")])
    assert recipients(database) == ["ann"]


def test_a_dead_or_parked_event_delivered_again_changes_nothing(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    both = [event("bad"), event("ann")]
    inbox.deliver(both)
    teller.poison.clear()
    inbox.deliver(both)
    assert recipients(database) == []
    assert states(database) == [("E000", "dead"), ("E001", "parked")]


def test_replay_applies_the_dead_one_then_its_followers_in_order(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    inbox.deliver([event("bad"), event("ann"), event("bo"), event("cy")])
    teller.poison.clear()
    replayed = inbox.replay(list_dead(database)[0].id)
    assert (replayed.applied, replayed.failed) == (4, None)
    assert recipients(database) == ["bad", "ann", "bo", "cy"]
    assert list_dead(database) == []
    inbox.deliver([event("di")])
    assert recipients(database)[-1] == "di"


def test_a_replay_that_fails_keeps_everything_waiting(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad", "worse"}
    inbox.deliver([event("bad"), event("ann"), event("worse"), event("cy")])
    dead = list_dead(database)[0].id
    assert inbox.replay(dead).failed is not None
    assert recipients(database) == []
    teller.poison = {"worse"}
    replayed = inbox.replay(dead)
    assert replayed.applied == 2
    assert replayed.failed is not None
    assert replayed.failed.event.id == "E002"
    assert recipients(database) == ["bad", "ann"]
    assert states(database) == [("E002", "dead"), ("E003", "parked")]


def test_a_follower_cannot_be_replayed_before_its_predecessor(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.poison = {"bad"}
    inbox.deliver([event("bad"), event("ann")])
    with pytest.raises(FailedPrecondition, match="HAS_PREDECESSOR"):
        inbox.replay(list_dead(database)[1].id)
    with pytest.raises(NotFound, match="DEAD_LETTER_NOT_FOUND"):
        inbox.replay("none")


def test_a_failure_that_passes_is_waited_for_and_not_counted(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    lost = OperationalError("SELECT 1", {}, Exception(), connection_invalidated=True)
    teller.away = [lost, Unavailable("AWAY"), lost, lost, lost, lost]
    inbox.deliver([event("ann")])
    assert recipients(database) == ["ann"]
    assert list_dead(database) == []
    assert teller.calls == 7


def test_undecodable_data_is_dead_at_once(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    inbox.deliver([replace(event("ann"), data=b"\xff\xff\xff"), event("bo", "a/2")])
    assert recipients(database) == ["bo"]
    assert [letter.attempts for letter in list_dead(database)] == [1]


def test_an_event_of_another_type_under_the_key_is_dead(
    database: Database, inbox: Inbox, event: Callable[..., Event]
) -> None:
    inbox.deliver([replace(event("ann"), type="xianban.common.v1.RelationChanged")])
    assert states(database) == [("E000", "dead")]


def test_a_stopped_inbox_settles_nothing_more(
    database: Database, inbox: Inbox, event: Callable[..., Event], teller: Teller
) -> None:
    teller.away = [Unavailable("AWAY")] * 1000
    failures: list[Exception] = []

    def deliver() -> None:
        try:
            inbox.deliver([event("ann")])
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=deliver)
    thread.start()
    inbox.stop()
    thread.join(10)
    assert [type(failure) for failure in failures] == [DeliveryStopped]
    assert recipients(database) == []
    assert list_dead(database) == []


def test_a_function_that_is_no_consumer_is_refused_at_start(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    def unmarked(event: RelationChanged, *, uow: UnitOfWork, meta: Event) -> None: ...

    @consumer("identity.v1.relation_changed")
    def untyped(event, *, uow, meta) -> None: ...

    for function in (unmarked, untyped):
        with pytest.raises(TypeError):
            Inbox(database, "desk", [function], clock=clock, ids=ids)


def test_what_is_delivered_together_is_applied_in_one_transaction(
    database: Database, inbox: Inbox, event: Callable[..., Event]
) -> None:
    commits: list[object] = []
    listen(database.engine, "commit", commits.append)
    inbox.deliver([event(f"r{number}", f"a/{number % 3}") for number in range(10)])
    assert recipients(database) == [f"r{number}" for number in range(10)]
    assert len(commits) == 1


def test_one_known_event_among_new_ones_is_passed_over(
    database: Database, inbox: Inbox, event: Callable[..., Event]
) -> None:
    known = event("known")
    inbox.deliver([known])
    inbox.deliver([event("before"), known, event("after")])
    assert recipients(database) == ["known", "before", "after"]


def test_each_event_of_a_common_transaction_tells_on_in_its_own_name(
    database: Database, clock: ManualClock, ids: SeededIds, event: Callable[..., Event]
) -> None:
    @consumer("*.v1.message_requested")
    def pass_on(event: MessageRequested, *, uow: UnitOfWork, meta: Event) -> None:
        uow.emit(event, aggregate=meta.aggregate)
        uow.audit("PassOn", event.recipient)

    both = [replace(event(name), actor=f"actor-{name}", subject=name) for name in ("mei", "lin")]
    Inbox(database, "desk", [pass_on], clock=clock, ids=ids).deliver(both)
    with database.read() as conn:
        told_on = conn.execute(select(outbox.c.actor, outbox.c.subject).order_by(outbox.c.seq))
        assert told_on.all() == [("actor-mei", "mei"), ("actor-lin", "lin")]
        looked = conn.execute(select(audit.c.actor, audit.c.subject).order_by(audit.c.seq))
        assert looked.all() == [("actor-mei", "mei"), ("actor-lin", "lin")]
