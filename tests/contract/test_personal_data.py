"""Each service copies what it holds about a demo person, and forgets the person when told to."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import orjson
import pytest
from sqlalchemy import func, select
from xianban.common.v1 import admin_pb2 as pb
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub
from xianban.identity.v1 import events_pb2
from xianban_sdk.messaging import Event
from xianban_sdk.messaging.event import event_type, routing_key
from xianban_sdk.personal import Fate, holdings, sweep
from xianban_sdk.personal.reading import pages
from xianban_sdk.storage.tables import audit, inbox
from xianban_sdk.testing import ServiceUnderTest

PERSON = ServiceUnderTest.person("resident")
NOBODY = "01KDVHX800N0B0DY0000000000"
RECEIPT = "01KDVHX800RECE1PT000000000"


@pytest.fixture
def admin(service: ServiceUnderTest) -> Iterator[AdminServiceStub]:
    path = service.settings.socket(service.app.name, "admin")
    with grpc.insecure_channel(f"unix:{path}") as channel:
        yield AdminServiceStub(channel)


def described(admin: AdminServiceStub, person: str = PERSON) -> dict[str, pb.PersonalHolding]:
    answer = admin.DescribePersonalData(pb.DescribePersonalDataRequest(person=person))
    return {holding.category: holding for holding in answer.holdings}


def told(service: ServiceUnderTest) -> Event:
    message = events_pb2.PersonErased(person=PERSON, receipt=RECEIPT)
    return Event(
        id=service.resources.ids.new(),
        source="/services/identity",
        type=event_type(message),
        routing_key=routing_key(message),
        subject=PERSON,
        aggregate=f"residents/{PERSON}",
        time=service.resources.clock.now(),
        data=message.SerializeToString(),
    )


def deliver(service: ServiceUnderTest, event: Event) -> None:
    made = service.service._make_inbox()  # as the bus would, without waiting for it
    made.deliver([event])


class TestACopy:
    def test_holds_every_row_of_the_person_and_is_audited(self, service, admin):
        before = described(admin)
        request = pb.ExportPersonalDataRequest(person=PERSON)
        records: dict[str, int] = {}
        for page in admin.ExportPersonalData(request):
            records[page.category] = records.get(page.category, 0) + len(page.records)
            known = {field.name for field in before[page.category].fields}
            assert all(set(orjson.loads(record)) == known for record in page.records)
        wanted = {name: h.rows for name, h in before.items() if h.exported and h.rows}
        assert {n: c for n, c in records.items() if n != "accesses"} == {
            n: c for n, c in wanted.items() if n != "accesses"
        }
        assert records["accesses"] == before["accesses"].rows + 1
        with service.db.read() as conn:
            actors = conn.scalars(
                select(audit.c.actor).where(audit.c.action == "ExportPersonalData")
            )
            assert set(actors) == {"operator@cli"}

    def test_goes_on_where_a_page_ends_and_repeats_nothing(self, service):
        for holding in holdings(service.app.personal_data):
            whole = [r for page in pages(service.db, holding, PERSON) for r in page]
            paged = [r for page in pages(service.db, holding, PERSON, size=1) for r in page]
            assert paged == whole

    def test_of_nobody_is_empty(self, service, admin):
        assert not any(holding.rows for holding in described(admin, NOBODY).values())


class TestAnErasure:
    def test_leaves_nothing_that_names_the_person_but_what_is_kept(self, service, admin):
        event = told(service)
        if service.app.personal_data.erase is not None:
            first = admin.ErasePerson(pb.ErasePersonRequest(person=PERSON)).receipt
            # Asked again after a doubt: the same receipt, nothing fails.
            assert admin.ErasePerson(pb.ErasePersonRequest(person=PERSON)).receipt == first
        deliver(service, event)
        left = {
            name: (holding.rows, holding.mentions)
            for name, holding in described(admin).items()
            if holding.fate != Fate.KEPT and (holding.rows or holding.mentions)
        }
        assert left == {}
        with service.db.begin() as conn:
            assert sweep(conn, holdings(service.app.personal_data), PERSON, RECEIPT) == 0

    def test_is_applied_once_however_often_it_is_told(self, service):
        event = told(service)
        deliver(service, event)
        deliver(service, event)
        with service.db.read() as conn:
            settled = select(func.count()).where(inbox.c.event_id == event.id)
            assert conn.execute(settled).scalar_one() == 1

    def test_begins_with_identity_alone(self, service, admin):
        if service.app.personal_data.erase is None:
            with pytest.raises(grpc.RpcError) as refused:
                admin.ErasePerson(pb.ErasePersonRequest(person=PERSON))
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        else:
            with pytest.raises(grpc.RpcError) as refused:
                admin.ErasePerson(pb.ErasePersonRequest(person=NOBODY))
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
