"""An answer given elsewhere takes an elder's alarm in the family's own name, if they may."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select
from xianban.common.v1 import messages_pb2
from xianban.eldercare.v1 import monitoring_pb2 as pb
from xianban.eldercare.v1.monitoring_pb2_grpc import MonitoringServiceStub
from xianban_eldercare.alarms import BOOK
from xianban_sdk.alerts.repository import AlertRows
from xianban_sdk.demo import person_id
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import open_unit_of_work
from xianban_sdk.storage.tables import outbox

ELDER = f"residents/{person_id('elder')}"


def called(eldercare):
    """The elder's call for help."""
    asked = pb.RaiseSosRequest(parent=ELDER, request_id="answers-0001")
    eldercare.as_("elder", MonitoringServiceStub).RaiseSos(asked)
    return standing(eldercare)


def standing(eldercare):
    with eldercare.db.read() as conn:
        (one,) = AlertRows(conn, MachineScope("eldercare")).standing()
    return one


def answered(eldercare, alert, person):
    """What the service says to it."""
    told = messages_pb2.AcknowledgementReceived(
        id="a", domain=BOOK.domain, alert=alert.name, person=person_id(person), channel="wecom"
    )
    one = eldercare.service.resources
    with open_unit_of_work(one.db, clock=one.clock, ids=one.ids) as uow:
        uow.emit(told, aggregate=alert.name, domain="notify")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if found := said(eldercare):
            return found
        time.sleep(0.05)
    raise AssertionError("nothing was said")


def said(eldercare):
    query = select(outbox.c.data).where(
        outbox.c.routing_key == "eldercare.v1.acknowledgement_settled"
    )
    with eldercare.db.read() as conn:
        data = conn.scalar(query)
    return messages_pb2.AcknowledgementSettled.FromString(bytes(data)) if data else None


@pytest.mark.parametrize("person", ["daughter", "dispatcher"])
def test_family_and_staff_take_it_in_their_own_name(eldercare, person):
    alert = called(eldercare)
    assert answered(eldercare, alert, person).accepted
    assert standing(eldercare).acknowledged_by == person_id(person)


@pytest.mark.parametrize(
    ("person", "reason"),
    # A stranger; a station manager of another town hears the same as of an alarm there is not.
    [("resident", "RESIDENT_NOT_FOUND"), ("operator", "ALERT_NOT_FOUND")],
)
def test_nobody_else_does(eldercare, person, reason):
    alert = called(eldercare)
    found = answered(eldercare, alert, person)
    assert (found.accepted, found.reason) == (False, reason)
    assert not standing(eldercare).acknowledged_by
