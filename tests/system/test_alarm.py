"""From a wristband to the daughter: alarms arrive, and the wearer always knows the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from suite import Suite
from wearer import Wristband
from xianban.common.v1 import alerts_pb2
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_sdk.demo import person_id

pytestmark = pytest.mark.system

SAFETY = {"AcknowledgeAlert", "DispatchAlert"}
ELDER, DAUGHTER = person_id("elder"), person_id("daughter")


class Chain:
    """A suite of its own: its processes are killed here."""

    def __init__(self, folder: Path) -> None:
        self.suite = Suite(folder)
        self.suite.start()
        self.band = Wristband(self.suite.mqtt_port)
        self._tokens: dict[tuple[str, str], str] = {}

    def token(self, person: str, audience: str) -> str:
        """Asked for once: a token lives longer than this test."""
        if (person, audience) not in self._tokens:
            self._tokens[person, audience] = self.suite.token(person, audience)
        return self._tokens[person, audience]

    def get(self, audience: str, path: str, **asked: Any) -> Any:
        """The daughter asks."""
        headers = {
            "Authorization": f"Bearer {self.token('daughter', audience)}",
            "Accept-Language": "en",
        }
        url = f"{self.suite.url}/api/{audience}/v1/residents/{path}"
        found = httpx.get(url, params=asked, headers=headers, timeout=5)
        assert found.status_code == 200, found.text
        return found.json()

    def alerts(self, rule: str) -> list[dict[str, Any]]:
        found = self.get("eldercare", f"{ELDER}/alerts", open="true")
        return [one for one in found["alerts"] if one["rule"] == rule]

    def pages(self, rule: str) -> list[dict[str, Any]]:
        """What the daughter was told of alarms of this rule."""
        found = self.get("notify", f"{DAUGHTER}/messages", pageSize="200")
        told = [one for one in found["messages"] if one["template"] == "eldercare-alert-told"]
        return [one for one in told if one["params"]["rule"] == rule]

    def dispatcher(self, deed: str, **asked: Any) -> None:
        """A deed of the dispatcher; what must never wait has a lane of its own."""
        token = self.token("dispatcher", "eldercare")
        request = getattr(alerts_pb2, f"{deed}Request")(request_id=str(uuid4()), **asked)
        lane = "-safety" if deed in SAFETY else ""
        with grpc.insecure_channel(f"unix:{self.suite.run}/eldercare{lane}.sock") as channel:
            call = getattr(AlertServiceStub(channel), deed)
            call(request, metadata=[("authorization", f"Bearer {token}")])

    def stop(self) -> None:
        self.band.close()
        self.suite.stop()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    made = Chain(tmp_path_factory.mktemp("chain"))
    yield made
    made.stop()


def eventually(check: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while True:
        try:
            found = check()
        except (AssertionError, grpc.RpcError, httpx.HTTPError):
            found = None
        if found:
            return found
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_falling_oxygen_reaches_the_daughter_with_its_reasons(chain: Chain) -> None:
    for value in (97, 94, 90, 86):
        chain.band.measure(spo2=value)
    [alert] = eventually(lambda: chain.alerts("oxygen-saturation-low"))
    assert alert["severity"] == "ALERT_SEVERITY_SEVERE"
    assert "92" in alert["reasons"][0]["display"]
    assert alert["rung"] == "family"
    [page] = eventually(lambda: chain.pages("oxygen-saturation-low"))
    assert page["urgent"]
    assert page["subject"] == ELDER


def test_a_call_for_help_is_answered_by_name_and_the_wearer_reads_it(chain: Chain) -> None:
    chain.band.press("press-1")
    [alert] = eventually(lambda: chain.alerts("sos"))
    eventually(lambda: "received" in chain.band.heard)
    chain.dispatcher("AcknowledgeAlert", name=alert["name"])
    eventually(lambda: "acknowledged" in chain.band.heard)
    [taken] = chain.alerts("sos")
    assert taken["acknowledgedByDisplay"] == "赵勇"
    chain.dispatcher("DispatchAlert", name=alert["name"], to=person_id("carer"))
    eventually(lambda: "coming" in chain.band.heard)
    assert len(chain.pages("sos")) == 1
    _over(chain, alert)


@pytest.mark.parametrize("hop", ["mqtt", "uplink", "services", "edge"])
@pytest.mark.parametrize("how", ["killed", "silent"])
def test_with_a_hop_away_the_wearer_is_still_heard_and_nobody_is_paged_twice(
    chain: Chain, hop: str, how: str
) -> None:
    before = len(chain.pages("sos"))
    chain.band.heard.clear()
    with chain.suite.without(hop, silent=how == "silent"):
        chain.band.press(f"press-{hop}-{how}")
        time.sleep(2)
    chain.suite.wait_until_ready()
    [alert] = eventually(lambda: chain.alerts("sos"), 90)
    eventually(lambda: "received" in chain.band.heard)
    if hop == "services" and how == "killed":
        # What was said of the call before may still be on its way.
        told = [word for word in chain.band.heard if word != "over"]
        assert told[0] == "held"
    eventually(lambda: len(chain.pages("sos")) > before)
    time.sleep(1)
    assert len(chain.pages("sos")) == before + 1
    _over(chain, alert)


def _over(chain: Chain, alert: dict[str, Any]) -> None:
    """Resolved and closed, so that the next press is a new call."""
    chain.dispatcher("ResolveAlert", name=alert["name"], note="seen to")
    chain.dispatcher("CloseAlert", name=alert["name"])
    eventually(lambda: not chain.alerts("sos"))
