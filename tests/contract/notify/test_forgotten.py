"""Who is erased is named in nobody's messages; old messages go by themselves."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text
from xianban.notify.v1 import messages_pb2 as pb
from xianban_notify.app import app
from xianban_notify.repository import message, message_name
from xianban_sdk.demo import person_id
from xianban_sdk.names import named
from xianban_sdk.personal import holdings, sweep
from xianban_sdk.storage.retention import prune

RECEIPT = "01KDVHX800RECE1PT000000000"


def erase(notify, person):
    with notify.service.db.begin() as conn:
        sweep(conn, holdings(app.personal_data), person_id(person), RECEIPT)


def read(notify, told, person="daughter"):
    return notify.messages(person).GetMessage(pb.GetMessageRequest(name=told.name))


def count(notify, table):
    with notify.service.db.read() as conn:
        return conn.scalar(select(func.count()).select_from(table))


def test_whose_a_name_is_nobody_is_told(notify):
    told = notify.tell(params={**named("by", person_id("dispatcher"), "赵勇"), "rung": "120"})
    assert dict(told.params) == {"by": "赵勇", "rung": "120"}


def test_a_name_goes_with_its_person_and_the_rest_stays(notify):
    told = notify.tell(params={**named("by", person_id("dispatcher"), "赵勇"), "rung": "120"})
    erase(notify, "carer")
    assert read(notify, told).params["by"] == "赵勇"
    erase(notify, "dispatcher")
    assert dict(read(notify, told).params) == {"by": "—", "rung": "120"}


def test_what_was_about_the_person_says_nothing_any_more(notify):
    told = notify.tell(
        params={"subject": "陈阿婆", "value": "85"},
        link=f"/eldercare/elders/{person_id('elder')}",
        subject=person_id("elder"),
    )
    erase(notify, "elder")
    left = read(notify, told)
    assert set(left.params.values()) == {"—"}
    assert (left.link, left.subject) == ("", RECEIPT)


def test_the_recipient_s_erasure_takes_the_names_of_others_too(notify):
    notify.tell(params=named("by", person_id("dispatcher"), "赵勇"))
    erase(notify, "daughter")
    assert (count(notify, message), count(notify, message_name)) == (0, 0)


def test_after_a_year_a_message_is_gone(notify):
    told = notify.tell(params=named("by", person_id("dispatcher"), "赵勇"))
    now = told.create_time.ToDatetime(notify.service.resources.clock.now().tzinfo)
    assert prune(notify.service.db, now + timedelta(days=364), app.kept) == 0
    prune(notify.service.db, now + timedelta(days=366), app.kept)
    assert (count(notify, message), count(notify, message_name)) == (0, 0)


def test_what_a_message_says_is_sealed_at_rest(notify):
    notify.tell(params={"subject": "陈阿婆"}, link="/eldercare/elders/somebody")
    with notify.service.db.read() as conn:
        row = conn.execute(text("SELECT params, link FROM message")).one()
    assert all("陈阿婆".encode() not in bytes(one) for one in row)
    assert all(b"somebody" not in bytes(one) for one in row)
