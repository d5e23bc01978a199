"""Who worked for an elder and is erased leaves no name with the elder's visits and searches."""

from __future__ import annotations

import orjson
from eldercare_names import ELDER
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban.eldercare.v1 import whereabouts_pb2
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_eldercare.alarms import BOOK, finding_about
from xianban_eldercare.app import app
from xianban_eldercare.domain.visits import LATE_AFTER
from xianban_eldercare.handlers import visits
from xianban_eldercare.repository import MACHINE, VisitPlans
from xianban_eldercare.repository.organisation_rows import UnmadeRow
from xianban_eldercare.repository.organisation_tables import visit, visit_plan, visit_plan_unmade
from xianban_eldercare.repository.whereabouts_tables import search
from xianban_sdk.alerts import Alerts, Severity
from xianban_sdk.demo import person_id
from xianban_sdk.identity.access import Scope
from xianban_sdk.personal import holdings, sweep
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.timers import Timer

RECEIPT = "01KDVHX800RECE1PT000000000"


def erase(eldercare, person):
    with eldercare.db.begin() as conn:
        sweep(conn, holdings(app.personal_data), person_id(person), RECEIPT)


def test_visits_and_plans_stay_the_elders_and_name_nobody(eldercare):
    with eldercare.db.read() as conn:
        before = len(conn.execute(select(visit.c.id)).all())
    erase(eldercare, "carer")
    with eldercare.db.read() as conn:
        for table in (visit, visit_plan):
            left = {
                tuple(row) for row in conn.execute(select(table.c.carer, table.c.carer_display))
            }
            assert left == {(RECEIPT, "")}
        assert len(conn.execute(select(visit.c.id)).all()) == before > 0


def test_why_a_day_has_no_visit_no_longer_tells_their_licences_number(eldercare):
    with eldercare.db.begin() as conn:
        row = conn.execute(select(visit_plan)).mappings().first()
        said = orjson.dumps({"number": "沪健 2021-0451"}).decode()
        VisitPlans(conn, MACHINE).put_unmade(
            row["id"], [UnmadeRow(row["id"], row["first_on"], "LICENCE_NOT_VALID", said)]
        )
    erase(eldercare, "carer")
    with eldercare.db.read() as conn:
        assert conn.execute(select(visit_plan_unmade)).all() == []


def test_who_began_and_who_ended_a_search_are_forgotten_one_by_one(eldercare):
    stub = eldercare.as_("daughter", WhereaboutsServiceStub)
    begun = stub.StartSearch(
        whereabouts_pb2.StartSearchRequest(parent=ELDER, reason="走失", request_id="forget-01")
    )
    dispatcher = eldercare.as_("dispatcher", WhereaboutsServiceStub)
    dispatcher.EndSearch(
        whereabouts_pb2.EndSearchRequest(name=begun.name, note="找到", request_id="forget-02")
    )
    erase(eldercare, "dispatcher")
    with eldercare.db.read() as conn:
        row = conn.execute(select(search)).mappings().one()
    assert (row["ended_by"], row["ended_by_display"]) == (RECEIPT, "")
    assert row["started_by_display"]


def standing(eldercare):
    stub = eldercare.as_("doctor", AlertServiceStub)
    return {one.rule: one for one in stub.ListAlerts(alerts_pb2.ListAlertsRequest()).alerts}


def work(eldercare):
    resources = eldercare.service.resources
    return open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)


def test_who_took_an_alarm_is_named_by_it_no_more_and_whoever_else_did_still_is(eldercare):
    with work(eldercare) as uow:
        for rule in ("fall", "sos"):
            found = finding_about(ELDER, rule, Severity.SEVERE, [], uow=uow)
            alert = Alerts(uow, BOOK).raise_(found)
            taker = Scope(person_id("daughter" if rule == "fall" else "carer"), areas=("310120",))
            Alerts(uow, BOOK, taker).acknowledge(alert.name)
    assert all(one.acknowledged_by_display for one in standing(eldercare).values())
    erase(eldercare, "daughter")
    left = standing(eldercare)
    assert (left["fall"].acknowledged_by, left["fall"].acknowledged_by_display) == (RECEIPT, "")
    assert left["sos"].acknowledged_by_display


def test_why_a_visit_is_late_no_longer_tells_whose_it_was(eldercare):
    with work(eldercare) as uow:
        query = select(visit.c.id, visit.c.end_at).where(visit.c.state == "planned")
        number, end = uow.conn.execute(query.order_by(visit.c.end_at)).first()
        eldercare.clock.advance(end + LATE_AFTER - eldercare.clock.now())
        visits.on_late(Timer(visits.LATE, number, eldercare.clock.now()), uow=uow)
    eldercare.world.beat()
    [why] = standing(eldercare)["visit-late"].reasons
    name = why.params["carer"]
    assert name in why.display
    assert person_id("carer") not in why.params.values()
    erase(eldercare, "carer")
    [why] = standing(eldercare)["visit-late"].reasons
    assert name not in why.display
    assert why.params["planned"] in why.display
