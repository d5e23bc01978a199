"""A message about another person opens in that person's account; its pages are clean."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from browser import FORMS, faults, view
from people import People
from suite import Suite
from xianban_sdk.demo import person_id

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.docker]
DAUGHTER, ELDER = person_id("daughter"), person_id("elder")


@pytest.fixture(scope="module")
def told(people: People) -> Iterator[str]:
    """The elder calls for help and takes it back; gives the id of the daughter's message."""
    path = f"/residents/{ELDER}/sos"
    with people.suite.api("elder", "eldercare") as elder:
        assert elder.post(path, json={"requestId": "messages-test-1"}).status_code == 200
        yield _message(people.suite)
        assert elder.post(path + ":cancel", json={"requestId": "messages-test-2"}).is_success


def _message(suite: Suite) -> str:
    end = time.monotonic() + 30
    with suite.api("daughter", "notify") as daughter:
        while time.monotonic() < end:
            answer = daughter.get(f"/residents/{DAUGHTER}/messages").json()
            for message in answer["messages"]:
                if message["subject"] == ELDER and message["urgent"]:
                    return message["name"].rpartition("/")[2]
            time.sleep(0.2)
    raise AssertionError("the daughter was not told")


def test_the_link_opens_the_elders_account(people: People, told: str):
    page = people.page("daughter")
    page.goto(f"{people.suite.url}/messages/{told}")
    page.locator('form[action="/acting-for"] button').first.click()
    page.wait_for_url(re.compile("/eldercare/alerts/"))
    assert page.locator("main").count() == 1
    page.goto(f"{people.suite.url}/acting-for")
    page.locator('form[action="/acting-for/end"] button').first.click()
    page.close()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_pages_are_clean(people: People, told: str, form):
    state = people.state("daughter")
    found = {}
    context = view(people.browser, form, people.suite.url, "zh-CN", storage_state=state)
    for path in ("/messages", f"/messages/{told}", "/messages/settings"):
        page = context.new_page()
        answer = page.goto(people.suite.url + path)
        assert answer is not None
        assert answer.status == 200
        found[path] = faults(page, form)
        page.close()
    context.close()
    assert found == {path: [] for path in found}
