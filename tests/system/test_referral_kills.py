"""A referral survives kill -9 of any process at any step: it goes on, and no step is done twice."""

from __future__ import annotations

import gc
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from backing import empty_queues, fresh_database
from suite import Suite
from xianban_sdk.demo import person_id

# The refused socket of a killed server is left to the collector (httpcore).
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ELDER = f"residents/{person_id('elder')}"
HOME = "organisations/nanqiao-home"
STATION = "南桥镇养老服务中心"
# A step's own transaction takes some milliseconds: kills fall before, into and after it.
KILLED_WITHIN = 0.06
TOKEN_SECONDS = 120
# As the databases count it.
HOUR = timedelta(hours=1) // timedelta(microseconds=1)
WHOLE_WAY = [
    *("PROPOSED", "CONSENTED", "REQUESTED", "ACCEPTED", "CONSENTED", "REQUESTED", "ACCEPTED"),
    *("CONFIRMED", "ADMITTING", "ADMITTED", "RETURNING", "RETURNED"),
]


class Desk:
    """The manager, the daughter and the organisation, over HTTP; each deed has its request id."""

    def __init__(self, suite: Suite, kill: Callable[[], None]) -> None:
        self.suite, self.kill = suite, kill
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}
        self._numbers = count(1)
        [seeded] = self.get("daughter", f"{ELDER}/referrals")["referrals"]
        self.name = seeded["name"]
        self.offered = f"{HOME}/referralOffers/{self.name.rpartition('/')[2]}"

    def get(self, person: str, path: str, audience: str = "eldercare", **asked: Any) -> Any:
        self._log_in(person, audience)
        found = self._until_served(lambda: self._send(person, audience, "GET", path, params=asked))
        assert found.status_code == 200, found.text
        return found.json()

    def do(self, person: str, path: str, *, killed: bool = True, **said: Any) -> Any:
        """Asked, killed somewhere in it, and asked again with the same id until it is answered."""
        self._log_in(person, "eldercare")
        body = said | {"requestId": f"kill-test-{next(self._numbers):04d}"}
        if killed:
            asking = threading.Thread(target=self._ask_once, args=(person, path, body))
            asking.start()
            self.kill()
            asking.join()
        answer = self._until_served(lambda: self._post(person, path, body))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self) -> str:
        return self.get("daughter", self.name)["state"].removeprefix("REFERRAL_STATE_")

    def reaches(self, state: str, seconds: float = 60) -> None:
        """By itself: what another process must do has been done."""
        end = time.monotonic() + seconds
        while (found := self.state()) != state:
            assert time.monotonic() < end, f"{found}, not {state}"
            time.sleep(0.2)

    def history(self) -> list[str]:
        steps = self.get("daughter", self.name)["steps"]
        return [one["state"].removeprefix("REFERRAL_STATE_") for one in steps]

    def beds(self) -> list[str]:
        """States of the home's beds that are not free."""
        found = self.get("station-manager", f"{HOME}/beds")["beds"]
        states = [one["state"].removeprefix("BED_STATE_") for one in found]
        return [one for one in states if one != "FREE"]

    def keepers(self) -> set[str]:
        """Who answers for the elder's devices."""
        found = self.get("daughter", f"{ELDER}/devices", "sensing")["devices"]
        return {one["organisation"] for one in found}

    def _log_in(self, person: str, audience: str) -> None:
        """Before the kill; a token lives for some minutes."""
        known = self._tokens.get((person, audience))
        if known is None or time.monotonic() - known[0] > TOKEN_SECONDS:
            self.suite.wait_until_ready()
            token = self.suite.token(person, audience)
            self._tokens[person, audience] = (time.monotonic(), token)

    def _send(
        self, person: str, audience: str, method: str, path: str, **more: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._tokens[person, audience][1]}"}
        base = f"{self.suite.url}/api/{audience}/v1"
        # A connection of its own each time, as another person would have.
        with httpx.Client(
            base_url=base, headers=headers, timeout=5, trust_env=False, verify=False
        ) as client:
            return client.request(method, path, **more)

    def _post(self, person: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._send(person, "eldercare", "POST", path, json=body)

    def _ask_once(self, person: str, path: str, body: dict[str, Any]) -> None:
        try:
            self._post(person, path, body)
        except httpx.HTTPError:
            return  # that is what a kill looks like

    def _until_served(self, ask: Callable[[], httpx.Response], seconds: float = 90) -> Any:
        end = time.monotonic() + seconds
        while True:
            try:
                answer = ask()
                if answer.status_code < 500:
                    return answer
                last = answer.text
            except httpx.HTTPError as error:
                last = repr(error)
            assert time.monotonic() < end, f"{last}\n{self.suite.logs()}"
            time.sleep(0.1)


@contextmanager
def started(suite: Suite) -> Iterator[Suite]:
    try:
        yield suite.start()
    finally:
        suite.stop()
        gc.collect()


def accept(desk: Desk, bed: str) -> None:
    path, kept = f"{desk.offered}:accept", f"{HOME}/beds/{bed}"
    desk.do("station-manager", path, bed=kept, hours=1)


def an_hour_passes(suite: Suite) -> None:
    """While every service is dead: no clock of a whole suite can be set."""
    with suite.without("services"), sqlite3.connect(suite.data / "eldercare.db") as books:
        books.execute(
            "UPDATE timer SET due_at = due_at - ?, not_before = not_before - ?", (HOUR,) * 2
        )
        books.execute("UPDATE referral SET due_at = due_at - ?", (HOUR,))
        books.execute("UPDATE bed SET hold_until = hold_until - ?", (HOUR,))
    books.close()


def go_all_the_way(desk: Desk) -> None:
    """Consent, an acceptance whose hold runs out, another one, the stay, the return."""
    manager = "station-manager"
    desk.do("daughter", f"{desk.name}:consent")
    desk.do(manager, f"{desk.name}:offer", organisations=[HOME])
    accept(desk, "101-1")
    assert desk.beds() == ["HELD"]
    an_hour_passes(desk.suite)
    desk.reaches("CONSENTED")
    assert desk.beds() == []
    desk.do(manager, f"{desk.name}:offer", organisations=[HOME])
    accept(desk, "201-1")
    desk.do(manager, f"{desk.name}:confirm")
    assert desk.keepers() == {STATION}
    desk.do(manager, f"{desk.offered}:admit")
    desk.reaches("ADMITTED")
    assert (desk.beds(), desk.keepers()) == (["OCCUPIED"], {"南桥敬老院"})
    desk.do(manager, f"{desk.name}:return")
    desk.reaches("RETURNED")
    assert (desk.beds(), desk.keepers()) == ([], {STATION})
    assert desk.history() == WHOLE_WAY


def killer(suite: Suite, seed: int, *names: str) -> Callable[[], None]:
    """One of the processes, at a random instant of the step."""
    source = random.Random(seed)

    def kill() -> None:
        time.sleep(source.uniform(0, KILLED_WITHIN))
        suite.kill(source.choice(names))

    return kill


def test_over_a_kill_of_all_services_at_every_step(tmp_path):
    with started(Suite(tmp_path / "data")) as suite:
        go_all_the_way(Desk(suite, killer(suite, 1, "services")))


def test_over_kills_of_single_services_and_while_one_of_them_stays_dead(tmp_path, backends):
    database, broker = backends
    arguments = ("--split", "--database", fresh_database(database), "--broker", broker)
    empty_queues(broker)
    with started(Suite(tmp_path / "data", arguments)) as suite:
        desk = Desk(suite, killer(suite, 2, "eldercare", "sensing"))
        manager = "station-manager"
        desk.do("daughter", f"{desk.name}:consent")
        desk.do(manager, f"{desk.name}:offer", organisations=[HOME])
        accept(desk, "201-1")
        desk.do(manager, f"{desk.name}:confirm")
        with suite.without("sensing"):
            # All that is elder care's is done; what is sensing's waits, whoever dies meanwhile.
            desk.do(manager, f"{desk.offered}:admit", killed=False)
            assert (desk.state(), desk.beds()) == ("ADMITTING", ["OCCUPIED"])
            suite.kill("eldercare")
        desk.reaches("ADMITTED")
        assert desk.keepers() == {"南桥敬老院"}
        desk.do(manager, f"{desk.name}:return")
        desk.reaches("RETURNED")
        assert (desk.beds(), desk.keepers()) == ([], {STATION})
        assert desk.history() == [*WHOLE_WAY[:4], *WHOLE_WAY[7:]]
