"""One resident's day at the real gateway: reserves, cancels, parks, pays; retries like a phone."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from journal import Journal
from suite import Suite
from xianban_identity.demo import issue_token
from xianban_plugin_parking_lpr.plugin import SECRET
from xianban_plugin_parking_lpr.sender import send
from xianban_sdk.demo import person_id
from xianban_sdk.errors import NotFound, Unavailable
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret

# Both take reservations; the second charges from the first minute.
LOTS = ("nanqiao-bailian", "fengpu-beauty-valley")
PAID_LOT = "fengpu-beauty-valley"
TOKEN_SECONDS = 120
PATIENCE = 180.0
PASSING = frozenset({401, 404, 408, 425, 429})


class GaveUp(Exception):
    """No answer came within all patience."""


@dataclass
class Resident:
    """One thread's person; every choice comes from its own seeded random source."""

    suite: Suite
    person: str
    journal: Journal
    source: random.Random
    stop: threading.Event
    http: httpx.Client = field(init=False)
    _token: str = ""
    _token_at: float = 0.0

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.suite.url, timeout=6, trust_env=False)
        self.me = f"residents/{person_id(self.person)}"
        self.settings = Settings.load(
            {"data": self.suite.data, "issuer": self.suite.url}, environ={}
        )
        self.secret = installed_secret(SECRET, self.settings)

    def run(self) -> None:
        """Acts until told to stop; a client that cannot go on is a finding."""
        with self.http:
            self._act()

    def _act(self) -> None:
        actions = (self.reserve, self.reserve, self.reserve_badly, self.stay, self.register)
        while not self.stop.is_set():
            try:
                self.source.choice(actions)()
            except GaveUp as error:
                self.journal.problem(str(error))
            except Exception as error:
                self.journal.problem(f"{self.person}: {type(error).__name__}: {error}")
            self.stop.wait(self.source.uniform(0.02, 0.15))

    # -- actions ----------------------------------------------------------------------------

    def reserve(self) -> None:
        """Reserves, sometimes asks again with the same request id, sometimes cancels."""
        body = self._wish()
        made = self._post(f"{self.me}/reservations", body)
        if made.status_code != 200:
            self._refused(body, made)
            return
        name = made.json()["name"]
        self._keep(self.journal.reservations, name, body["plate"])
        if self.source.random() < 0.3:
            again = self._post(f"{self.me}/reservations", body)
            self._same(name, again)
        if self.source.random() < 0.3:
            self._cancel(name)

    def reserve_badly(self) -> None:
        """A wish that must be refused and leave nothing."""
        body = self._wish()
        body["endTime"] = body["startTime"]
        answer = self._post(f"{self.me}/reservations", body)
        if answer.status_code == 200:
            self.journal.problem(f"accepted a window without length: {body}")
        self._refused(body, answer)

    def register(self) -> None:
        plate = self._register()
        with self.journal.lock:
            self.journal.vehicles.add(plate)

    def stay(self) -> None:
        """In and out by signed camera messages, then pays what it cost."""
        plate = self._register()
        now = datetime.now(UTC)
        self._pass(plate, "in", now - timedelta(minutes=self.source.randint(130, 300)))
        self._pass(plate, "out", now - timedelta(minutes=self.source.randint(5, 100)))
        session = self._session_of(plate)
        if session is None:
            self.journal.problem(f"no session of {plate} after its passages were accepted")
            return
        self._pay(session)

    def _pay(self, session: dict[str, Any]) -> None:
        due = session.get("dueFen", "0")
        body = {
            "payable": session["name"],
            "expectedFen": due,
            "provider": "sandbox",
            "requestId": self._id(),
        }
        made = self._post(f"{self.me}/payments", body)
        if made.status_code != 200:
            self.journal.problem(f"payment of {session['name']} refused: {made.text[:300]}")
            return
        payment = made.json()
        self._keep(self.journal.payments, payment["name"], int(due))
        if self.source.random() < 0.3:
            self._same(payment["name"], self._post(f"{self.me}/payments", body))
        self._check_out(payment)

    def _check_out(self, payment: dict[str, Any]) -> None:
        """The provider's page; "pay twice" sends the signed callback in two copies."""
        url = urlsplit(payment["payUrl"])
        order = parse_qs(url.query)["order"][0]
        form = {"order": order, "choice": self.source.choice(["pay", "pay-twice"])}
        answer = self._until(lambda: self.http.post(url.path, data=form))
        if answer.status_code != 303:
            self.journal.problem(f"the checkout answered {answer.status_code}")
            return
        with self.journal.lock:
            self.journal.paid.add(payment["name"])

    def _cancel(self, name: str) -> None:
        answer = self._post(f"{name}:cancel", {"requestId": self._id()})
        if answer.status_code != 200:
            self.journal.problem(f"cancel of {name} refused: {answer.text[:300]}")
            return
        with self.journal.lock:
            self.journal.cancelled.add(name)

    # -- pieces -----------------------------------------------------------------------------

    def _wish(self) -> dict[str, Any]:
        start = datetime.now(UTC) + timedelta(minutes=self.source.randint(60, 13 * 24 * 60))
        end = start + timedelta(minutes=self.source.randint(30, 180))
        return {
            "lot": f"lots/{self.source.choice(LOTS)}",
            "plate": self._plate(),
            "startTime": start.isoformat(),
            "endTime": end.isoformat(),
            "requestId": self._id(),
        }

    def _register(self) -> str:
        plate = self._plate()
        body = {"plate": plate, "requestId": self._id()}
        made = self._post(f"{self.me}/vehicles", body)
        if made.status_code != 200:
            raise GaveUp(f"vehicle {plate} refused: {made.text[:300]}")
        return plate

    def _pass(self, plate: str, direction: Any, at: datetime) -> None:
        event = self._id()

        def passed() -> httpx.Response:
            told = send(
                self.suite.url,
                self.secret,
                lot=PAID_LOT,
                plate=plate,
                direction=direction,
                event_id=event,
                occurred_at=at,
            )
            return httpx.Response(told.status, json=dict(told.body))

        answer = self._until(passed)
        if answer.status_code != 200:
            raise GaveUp(f"passage of {plate} refused: {answer.text[:300]}")
        self._keep(self.journal.passages, event, plate)

    def _session_of(self, plate: str) -> dict[str, Any] | None:
        answer = self._get(f"{self.me}/sessions", {"pageSize": 50})
        found = [one for one in answer.get("sessions", []) if one.get("plate") == plate]
        return found[0] if found else None

    def _refused(self, body: dict[str, Any], answer: httpx.Response) -> None:
        self.journal.count(f"refused {answer.status_code}")
        with self.journal.lock:
            self.journal.refused.add(body["plate"])

    def _same(self, name: str, again: httpx.Response) -> None:
        if again.status_code == 200 and again.json()["name"] == name:
            self.journal.count("repeats answered alike")
        else:
            self.journal.problem(f"a repeat of {name} answered {again.text[:300]}")

    def _keep(self, where: dict[str, Any], key: str, value: Any) -> None:
        with self.journal.lock:
            if key in where:
                self.journal.problems.append(f"{key} was given twice")
            where[key] = value

    def _plate(self) -> str:
        """A plate that nobody in this run was given before: it is what doubles are counted by."""
        while True:
            plate = f"沪{self.source.choice('ABCDEFGHJK')}{self.source.randint(0, 99999):05d}"
            if self.journal.draws(plate):
                return plate

    def _id(self) -> str:
        return str(UUID(int=self.source.getrandbits(128), version=4))

    # -- calls ------------------------------------------------------------------------------

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        url = f"/api/parking/v1/{path}"
        return self._until(lambda: self.http.post(url, json=body, headers=self._headers()))

    def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        url = f"/api/parking/v1/{path}"
        answer = self._until(lambda: self.http.get(url, params=query, headers=self._headers()))
        return answer.raise_for_status().json()

    def _headers(self) -> dict[str, str]:
        if time.monotonic() - self._token_at > TOKEN_SECONDS:
            self._token = issue_token(self.settings, self.person, "parking")
            self._token_at = time.monotonic()
        return {"authorization": f"Bearer {self._token}"}

    def _until(self, ask: Any) -> httpx.Response:
        """Asks again until the answer is one: what a phone does with a lost connection."""
        end = time.monotonic() + PATIENCE
        last = ""
        while time.monotonic() < end:
            try:
                answer = ask()
                if answer.status_code < 500 and answer.status_code not in PASSING:
                    self.journal.count("answers")
                    return answer
                last = f"{answer.status_code} {answer.text[:200]}"
                self._token_at = 0.0 if answer.status_code == 401 else self._token_at
            except (httpx.HTTPError, Unavailable, NotFound) as error:
                last = repr(error)
            self.journal.count("retries")
            time.sleep(self.source.uniform(0.1, 0.4))
        raise GaveUp(f"{self.person}: no answer in {PATIENCE:.0f} s: {last}")
