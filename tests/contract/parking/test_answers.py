"""An answer given elsewhere takes an incident in the person's own name, if they may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2, messages_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_parking.alarms import BOOK
from xianban_sdk.alerts import Alerts, Finding, Severity
from xianban_sdk.demo import person_id
from xianban_sdk.storage.tables import outbox


@pytest.fixture(autouse=True)
def staff(relations):
    relations.member("operator", "parking-operator", ["310120/nanqiao"])
    relations.member("doctor", "parking-operator", ["310120/fengpu"])
    relations.member("dispatcher", "dispatcher", ["310120"])


@pytest.fixture
def incident(parking) -> str:
    found = Finding(rule="fire", subject="lots/a", severity=Severity.EXTREME, area="310120/nanqiao")
    with parking.unit() as uow:
        return Alerts(uow, BOOK).raise_(found).name


def answer(parking: Any, alert: str, person: str, id_: str = "answer-1", **more: Any) -> Any:
    """As notify tells it; what the service said."""
    told = messages_pb2.AcknowledgementReceived(
        id=id_,
        alert=alert,
        person=person_id(person),
        channel="wecom",
        **({"domain": "parking"} | more),
    )
    with parking.unit() as uow:
        uow.emit(told, aggregate=alert, domain="notify")


def said(parking: Any) -> list[messages_pb2.AcknowledgementSettled]:
    key = "parking.v1.acknowledgement_settled"
    with parking.db.read() as conn:
        ours = select(outbox.c.data).where(outbox.c.routing_key == key)
        rows = conn.scalars(ours.order_by(outbox.c.seq)).all()
    return [messages_pb2.AcknowledgementSettled.FromString(bytes(row)) for row in rows]


def stands(parking: Any, name: str) -> Any:
    stub = parking.service.stub(AlertServiceStub, "dispatcher", workload="portal")
    return stub.GetAlert(alerts_pb2.GetAlertRequest(name=name))


def test_a_message_of_an_alert_names_what_can_be_taken(parking, incident) -> None:
    key = "parking.v1.message_requested"
    with parking.db.read() as conn:
        ours = select(outbox.c.data).where(outbox.c.routing_key == key)
        rows = conn.scalars(ours.order_by(outbox.c.seq)).all()
    told = [messages_pb2.MessageRequested.FromString(bytes(row)) for row in rows]
    assert {one.alert for one in told} == {incident}


def test_who_may_take_it_has_it_in_their_own_name(parking, incident, eventually) -> None:
    answer(parking, incident, "operator")
    eventually(lambda: _equal([one.accepted for one in said(parking)], [True]))
    taken = stands(parking, incident)
    assert taken.acknowledged_by == person_id("operator")


@pytest.mark.parametrize(
    ("person", "reason"), [("resident", "ROLE_MISSING"), ("doctor", "ALERT_NOT_FOUND")]
)
def test_who_may_not_has_nothing_and_hears_why(
    parking, incident, eventually, person, reason
) -> None:
    answer(parking, incident, person)
    eventually(lambda: _equal([one.reason for one in said(parking)], [reason]))
    assert not stands(parking, incident).acknowledged_by


def test_who_comes_second_hears_that_it_is_taken(parking, incident, eventually) -> None:
    answer(parking, incident, "operator")
    eventually(lambda: _equal(len(said(parking)), 1))
    answer(parking, incident, "dispatcher", "answer-2")
    eventually(lambda: _equal([one.reason for one in said(parking)], ["", "ALERT_TAKEN"]))
    assert stands(parking, incident).acknowledged_by == person_id("operator")


def test_an_alert_that_there_is_not_is_said_so(parking, eventually) -> None:
    answer(parking, "alerts/01KDVHX800A1ERT00000000001", "operator")
    eventually(lambda: _equal([one.reason for one in said(parking)], ["ALERT_NOT_FOUND"]))


def test_another_domains_alert_is_none_of_ours(parking, incident, eventually) -> None:
    answer(parking, incident, "operator", domain="eldercare")
    answer(parking, incident, "dispatcher", "answer-2")
    eventually(lambda: _equal([one.id for one in said(parking)], ["answer-2"]))


def test_a_stale_copy_of_the_relations_decides_nothing(
    parking, incident, relations, eventually
) -> None:
    parking.clock.advance(timedelta(seconds=30))
    answer(parking, incident, "operator")
    eventually(lambda: _equal([one.accepted for one in said(parking)], [True]))


def _equal(found: Any, expected: Any) -> None:
    assert found == expected
