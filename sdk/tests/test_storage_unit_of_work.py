from datetime import timedelta

import pytest
from sqlalchemy import select
from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.clock import ManualClock
from xianban_sdk.ids import SeededIds
from xianban_sdk.messaging import outbox
from xianban_sdk.messaging.event import Event
from xianban_sdk.storage import CallInfo, Database, UnitOfWork, open_unit_of_work
from xianban_sdk.storage.tables import audit, timer

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CALL = CallInfo("DAUGHTER", "ELDER", TRACE)


def stored(database: Database) -> tuple[list[Event], int, int]:
    with database.read() as conn:
        events = [event for _, event in outbox.unsent(conn, 100, outbox.Shard())]
        audits = len(conn.execute(select(audit.c.id)).all())
        return events, audits, len(conn.execute(select(timer.c.key)).all())


def do_everything(uow: UnitOfWork) -> None:
    uow.emit(MessageRequested(recipient="ELDER"), aggregate="permits/1")
    uow.audit("IssuePermit", "ELDER", basis="family")
    uow.schedule("permit-ends", "permits/1", uow.clock.now() + timedelta(days=1))


def test_events_audit_and_timers_commit_with_the_business(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    with open_unit_of_work(database, clock=clock, ids=ids, call=CALL) as uow:
        do_everything(uow)
    events, audits, timers = stored(database)
    assert (len(events), audits, timers) == (1, 1, 1)


def test_nothing_of_it_stays_when_the_handler_fails(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    called: list[str] = []

    def fail_at_the_end() -> None:
        with open_unit_of_work(database, clock=clock, ids=ids) as uow:
            do_everything(uow)
            uow.after_commit(lambda: called.append("told"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_the_end()
    assert stored(database) == ([], 0, 0)
    assert called == []


def test_an_event_says_who_acted_for_whom_and_in_which_trace(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    with open_unit_of_work(database, clock=clock, ids=ids, call=CALL) as uow:
        event_id = uow.emit(MessageRequested(recipient="ELDER"), aggregate="permits/1")
    (event,), _, _ = stored(database)
    assert (event.id, event.actor, event.subject) == (event_id, "DAUGHTER", "ELDER")
    assert event.traceparent == TRACE
    assert event.time == clock.now()
    assert event.type == "xianban.common.v1.MessageRequested"
    assert event.routing_key == f"{database.owner}.v1.message_requested"
    assert MessageRequested.FromString(event.data).recipient == "ELDER"


def test_after_commit_runs_when_others_can_see_it_and_may_fail(
    database: Database, clock: ManualClock, ids: SeededIds
) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(len(stored(database)[0]))
        raise ZeroDivisionError

    with open_unit_of_work(database, clock=clock, ids=ids) as uow:
        uow.emit(MessageRequested(), aggregate="a")
        uow.after_commit(look)
        uow.after_commit(lambda: seen.append(2))
    assert seen == [1, 2]
