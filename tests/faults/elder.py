"""An elder's days with a wristband: calls for help and failing breath, each seen to and ended."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import grpc
import httpx
from journal import Journal
from suite import Suite
from wearer import Wristband
from xianban.common.v1 import alerts_pb2 as pb
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_identity.demo import issue_token
from xianban_sdk.demo import person_id
from xianban_sdk.errors import NotFound, Unavailable
from xianban_sdk.settings import Settings

Found = TypeVar("Found")
TOKEN_SECONDS = 120
PATIENCE = 240.0
# Asking again changes nothing.
FINAL = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
OXYGEN = "oxygen-saturation-low"


@dataclass
class Elder:
    """Whom the wristband speaks for, the daughter who looks, and the dispatcher who acts."""

    suite: Suite
    journal: Journal
    source: random.Random
    stop: threading.Event
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    def __post_init__(self) -> None:
        self.settings = Settings.load(
            {"data": self.suite.data, "issuer": self.suite.url}, environ={}
        )

    def run(self) -> None:
        """One alarm after the other until told to stop; one that never comes is a finding."""
        band = Wristband(self.suite.mqtt_port)
        try:
            for person in ("daughter", "dispatcher"):
                self._until(partial(self._token, person), "no token")
            while not self.stop.is_set():
                self.source.choice((*4 * (self.press,), self.fail))(band)
        except Exception as error:
            self.journal.problem(f"elder: {type(error).__name__}: {error}")
        finally:
            band.close()

    def press(self, band: Wristband) -> None:
        """Presses the button; it is heard, told back to the wearer, seen to and ended."""
        event = self._id()
        with self.journal.lock:
            self.journal.presses.add(event)
        band.heard.clear()
        band.press(event)
        alert = self._until(lambda: self._standing("sos"), "no alarm after a press")
        self._keep(alert, event)
        self._until(lambda: "received" in band.heard, "the wearer was not told")
        self._do(alert, "Acknowledge", "Resolve", "Close")

    def fail(self, band: Wristband) -> None:
        """Oxygen falls until somebody is alarmed, and is well again afterwards."""

        def measured() -> dict[str, Any] | None:
            band.measure(spo2=85)
            return self._standing(OXYGEN)

        alert = self._until(measured, "no alarm while oxygen was low", every=0.5)
        self._keep(alert, OXYGEN)
        self._do(alert, "Acknowledge")
        self._until(lambda: self._well(band), "the alarm did not clear", every=0.5)
        self._do(alert, "Resolve", "Close")

    def _well(self, band: Wristband) -> bool:
        band.measure(spo2=97)
        found = self._standing(OXYGEN)
        return found is not None and "clearTime" in found

    def _keep(self, alert: dict[str, Any], what: str) -> None:
        with self.journal.lock:
            if alert["name"] in self.journal.alarms:
                self.journal.problems.append(f"{alert['name']} stands again after its end")
            self.journal.alarms[alert["name"]] = what

    def _do(self, alert: dict[str, Any], *deeds: str) -> None:
        for deed in deeds:
            said = {"note": "seen to"} if deed == "Resolve" else {}
            kind = getattr(pb, f"{deed}AlertRequest")
            asked = kind(name=alert["name"], request_id=self._id(), **said)
            self._until(partial(self._did, deed, asked), f"{deed} was not taken")

    def _did(self, deed: str, asked: Any) -> bool:
        lane = "-safety" if deed == "Acknowledge" else ""
        with grpc.insecure_channel(f"unix:{self.suite.run}/eldercare{lane}.sock") as channel:
            bearer = f"Bearer {self._token('dispatcher')}"
            call = getattr(AlertServiceStub(channel), f"{deed}Alert")
            call(asked, metadata=[("authorization", bearer)], timeout=10)
        return True

    def _standing(self, rule: str) -> dict[str, Any] | None:
        """As the daughter sees it."""
        url = f"{self.suite.url}/api/eldercare/v1/residents/{person_id('elder')}/alerts"
        headers = {"authorization": f"Bearer {self._token('daughter')}"}
        answer = httpx.get(url, params={"open": "true"}, headers=headers, timeout=6)
        found = answer.raise_for_status().json().get("alerts", [])
        return next((one for one in found if one["rule"] == rule), None)

    def _token(self, person: str) -> str:
        token, at = self._tokens.get(person, ("", 0.0))
        if not token or time.monotonic() - at > TOKEN_SECONDS:
            token = issue_token(self.settings, person, "eldercare")
            self._tokens[person] = token, time.monotonic()
        return token

    def _until(self, look: Callable[[], Found | None], wrong: str, every: float = 0.1) -> Found:
        end, last = time.monotonic() + PATIENCE, ""
        while time.monotonic() < end:
            try:
                if found := look():
                    return found
            except (grpc.RpcError, httpx.HTTPError, Unavailable, NotFound) as error:
                if isinstance(error, grpc.Call) and error.code() in FINAL:
                    raise
                last = repr(error)
                self.journal.count("retries")
            time.sleep(every)
        raise TimeoutError(f"{wrong} in {PATIENCE:.0f} s: {last}")

    def _id(self) -> str:
        return str(UUID(int=self.source.getrandbits(128), version=4))
