"""Calls for help while more is read than can be answered: are all accepted, and how soon told?

``python -m bench.overload`` starts a suite, lets readers ask for the list of car parks and for the
portal's pages without a pause, and meanwhile an elder calls for help again and again, by the phone
(the gateway's JSON) and by the wristband (MQTT) in turn.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
from xianban_identity.demo import issue_token
from xianban_sdk.demo import person_id

from bench.contestants import Field

# The system tests' wristband repeats a press until it hears of it, as firmware does.
from wearer import Wristband  # isort: skip

CALLS, READERS, THREADS, BOUND_S = 20, 2, 24, 2.0
PATIENCE_S = 30.0
PATHS: Final = ("/api/parking/v1/lots", "/parking", "/api/parking/v1/lots", "/")
ELDER, DAUGHTER = person_id("elder"), person_id("daughter")


class Elder:
    """Who calls, and what the daughter was told of it."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._url = field.suite.url
        self._band = Wristband(field.suite.mqtt_port)
        self._http = httpx.Client(timeout=PATIENCE_S)

    def call(self, number: int) -> dict[str, Any]:
        """One call for help, from the press until it was told; then it is taken back."""
        self._told = {one["name"] for one in self._messages()}
        pressed = time.time()
        accepted = self._by_phone(number) if number % 2 else self._by_band(number)
        told = self._delivered()
        self._take_back(number)
        return {
            "by": "phone" if number % 2 else "wristband",
            "accepted_s": None if accepted is None else accepted - pressed,
            "delivered_s": None if told is None else told - pressed,
        }

    def close(self) -> None:
        self._band.close()

    def _by_phone(self, number: int) -> float | None:
        answer = self._ask("POST", f"eldercare/v1/residents/{ELDER}/sos", f"press-{number:04d}")
        return time.time() if answer.status_code == 200 else None

    def _by_band(self, number: int) -> float | None:
        self._band.heard.clear()
        self._band.press(f"press-{number:04d}")
        return time.time() if _until(lambda: "received" in self._band.heard) else None

    def _delivered(self) -> float | None:
        """When the message centre had it, by its own clock: asking is part of the overload."""
        found = _until(self._new)
        return None if found is None else _instant(found["createTime"])

    def _new(self) -> dict[str, Any] | None:
        new = (one for one in self._messages() if one["name"] not in self._told)
        return next((one for one in new if one["subject"] == ELDER and one["urgent"]), None)

    def _messages(self) -> list[dict[str, Any]]:
        path = f"notify/v1/residents/{DAUGHTER}/messages"
        answer = self._ask("GET", path, who="daughter")
        return answer.json()["messages"] if answer.status_code == 200 else []

    def _take_back(self, number: int) -> None:
        path = f"eldercare/v1/residents/{ELDER}/sos:cancel"
        done = _until(lambda: self._ask("POST", path, f"cancel-{number:04d}").is_success)
        assert done, "the call could not be taken back"

    def _ask(self, verb: str, path: str, request: str = "", who: str = "elder") -> httpx.Response:
        audience = path.partition("/")[0]
        headers = {"Authorization": f"Bearer {self._token(who, audience)}"}
        body = {"requestId": request} if request else None
        return self._http.request(verb, f"{self._url}/api/{path}", json=body, headers=headers)

    def _token(self, who: str, audience: str) -> str:
        return issue_token(self._field.settings, who, audience)


def measure(field: Field) -> dict[str, Any]:
    """Against a running suite."""
    elder = Elder(field)
    command = [sys.executable, "-m", "bench.overload", "read", field.suite.address]
    readers = [
        subprocess.Popen([*command, str(each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for each in range(READERS)
    ]
    time.sleep(3)
    try:
        calls = [elder.call(number) for number in range(CALLS)]
    finally:
        counted = [json.loads(reader.communicate(b"\n", 60)[0]) for reader in readers]
        elder.close()
    return {"readers": _sum(counted), **{by: _figures(calls, by) for by in ("phone", "wristband")}}


def _figures(calls: list[dict[str, Any]], by: str) -> dict[str, Any]:
    mine = [one for one in calls if one["by"] == by]
    told = sorted(one["delivered_s"] for one in mine if one["delivered_s"] is not None)
    accepted = sorted(one["accepted_s"] for one in mine if one["accepted_s"] is not None)
    return {
        "calls": len(mine),
        "accepted": len(accepted),
        "accepted s, longest": round(accepted[-1], 3) if accepted else None,
        "told within 2 s": sum(one <= BOUND_S for one in told),
        "told s, median": round(told[len(told) // 2], 3) if told else None,
        "told s, longest": round(told[-1], 3) if told else None,
    }


def _sum(counted: list[dict[str, Any]]) -> dict[str, Any]:
    statuses: Counter[str] = Counter()
    for one in counted:
        statuses.update(one["statuses"])
    seconds = counted[0]["seconds"]
    return {"asked per s": round(statuses.total() / seconds), "answers": dict(statuses)}


def _until(look: Any) -> Any:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if found := look():
                return found
        time.sleep(0.02)
    return None


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# -- the readers -----------------------------------------------------------------------------------


def read(address: str, number: int) -> dict[str, Any]:
    """Threads that ask without a pause until a line comes; each is somebody else's address."""
    over, statuses, lock = threading.Event(), Counter[str](), threading.Lock()

    def ask(thread: int) -> None:
        bound = f"127.0.{2 + number}.{1 + thread}"
        with httpx.Client(transport=httpx.HTTPTransport(local_address=bound), timeout=10) as http:
            turn = thread
            while not over.is_set():
                turn += 1
                try:
                    status = str(http.get(f"http://{address}{PATHS[turn % 4]}").status_code)
                except httpx.HTTPError as error:
                    status = type(error).__name__
                with lock:
                    statuses[status] += 1

    threads = [threading.Thread(target=ask, args=(each,)) for each in range(THREADS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    over.set()
    for thread in threads:
        thread.join()
    return {"seconds": time.monotonic() - begin, "statuses": statuses}


def main() -> None:
    if sys.argv[1:2] == ["read"]:
        sys.stdout.write(json.dumps(read(sys.argv[2], int(sys.argv[3]))))
        return
    from bench.backends import backend

    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        under = backend(sys.argv[1] if sys.argv[1:] else "sqlite", Path(directory))
        field = Field(Path(directory), under)
        try:
            field.suite.start()
            sys.stdout.write(json.dumps(measure(field), indent=2) + "\n")
        finally:
            field.stop()
            under.close()


if __name__ == "__main__":
    main()
