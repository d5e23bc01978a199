"""Who worked for an elder and is erased leaves no name with the elder's visits and searches."""

from __future__ import annotations

import orjson
from eldercare_names import ELDER
from sqlalchemy import select
from xianban.eldercare.v1 import whereabouts_pb2
from xianban.eldercare.v1.whereabouts_pb2_grpc import WhereaboutsServiceStub
from xianban_eldercare.app import app
from xianban_eldercare.repository import MACHINE, VisitPlans
from xianban_eldercare.repository.organisation_rows import UnmadeRow
from xianban_eldercare.repository.organisation_tables import visit, visit_plan, visit_plan_unmade
from xianban_eldercare.repository.whereabouts_tables import search
from xianban_sdk.demo import person_id
from xianban_sdk.personal import holdings, sweep

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
