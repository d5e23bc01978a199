"""Calls for help while the portal and the API are asked for more than they can give.

``python -m bench.overload [SECONDS]``: on SQLite, everything on this machine. Readers ask for pages
and lists as fast as answers come; beside them a wristband presses for help again and again. Told
are the seconds from the press until the wearer was answered and until the daughter's message was
written, and what the readers got.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc
import orjson
from sqlalchemy import select
from xianban.common.v1 import alerts_pb2 as pb
from xianban.common.v1.alerts_pb2_grpc import AlertServiceStub
from xianban_identity.demo import issue_token
from xianban_notify.repository import message
from xianban_sdk.alerts.tables import alert
from xianban_sdk.app import database_url
from xianban_sdk.demo import person_id
from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret
from xianban_sdk.storage import Database, Keyring, install_keys

from bench.contestants import Suite

READERS: Final = 48
PATHS: Final = ("/", "/parking", "/api/parking/v1/lots", "/parking/lots/fengpu-metro-pr")
PAUSE: Final = 0.5


def measure(directory: Path, seconds: float) -> dict[str, Any]:
    """Starts the suite, presses under load, and holds the books against the presses."""
    suite = Suite(directory / "suite")
    suite.start()
    got: Counter[str] = Counter()
    stop = threading.Event()
    readers = [
        threading.Thread(target=_read, args=(suite.address, number, got, stop), daemon=True)
        for number in range(READERS)
    ]
    try:
        for reader in readers:
            reader.start()
        time.sleep(2)
        presses = _press(suite, seconds)
        stop.set()
        time.sleep(2)
    finally:
        stop.set()
        suite.stop()
    return _told(suite, presses, seconds) | {"readers got": dict(sorted(got.items()))}


def _read(address: str, number: int, got: Counter[str], stop: threading.Event) -> None:
    # The gateway bounds what one address may ask per second: each reader is somebody else.
    host = f"127.0.2.{number + 1}"
    while not stop.is_set():
        connection = http.client.HTTPConnection(address, timeout=10, source_address=(host, 0))
        try:
            for path in PATHS:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                got[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as error:
            got[type(error).__name__] += 1
        finally:
            connection.close()


def _press(suite: Suite, seconds: float) -> list[tuple[datetime, float]]:
    """(when pressed, seconds until the wearer was answered) of each call for help."""
    from wearer import Wristband

    band, found = Wristband(suite.mqtt_port), list[tuple[datetime, float]]()
    desk = _Desk(suite)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        band.heard.clear()
        at, begin = datetime.now(UTC), time.monotonic()
        band.press(str(uuid.uuid4()))
        while "received" not in band.heard and time.monotonic() < begin + 30:
            time.sleep(0.002)
        found.append((at, time.monotonic() - begin))
        desk.close_all()
        time.sleep(PAUSE)
    band.close()
    return found


class _Desk:
    """Ends each call, so that the next press is a new one."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        settings = Settings.load({"data": suite.data, "issuer": suite.url}, environ={})
        self._token = issue_token(settings, "dispatcher", "eldercare")

    def close_all(self) -> None:
        for one in self._call("ListAlerts", pb.ListAlertsRequest(open=True, page_size=50)).alerts:
            if one.rule == "sos":
                for deed in ("Resolve", "Close"):
                    self._do(deed, one.name)

    def _do(self, deed: str, name: str) -> None:
        said = {"note": "seen to"} if deed == "Resolve" else {}
        asked = getattr(pb, f"{deed}AlertRequest")(name=name, request_id=str(uuid.uuid4()), **said)
        self._call(f"{deed}Alert", asked)

    def _call(self, method: str, asked: Any) -> Any:
        """What is no emergency may be shed: it is asked again."""
        while True:
            with grpc.insecure_channel(f"unix:{self._suite.run}/eldercare.sock") as channel:
                try:
                    call = getattr(AlertServiceStub(channel), method)
                    bearer = (("authorization", f"Bearer {self._token}"),)
                    return call(asked, metadata=bearer, timeout=5)
                except grpc.RpcError as error:
                    if error.code() not in (  # type: ignore[attr-defined]
                        grpc.StatusCode.UNAVAILABLE,
                        grpc.StatusCode.RESOURCE_EXHAUSTED,
                        grpc.StatusCode.DEADLINE_EXCEEDED,
                    ):
                        raise
            time.sleep(0.1)


def _told(suite: Suite, presses: list[tuple[datetime, float]], seconds: float) -> dict[str, Any]:
    settings = Settings.load({"data": suite.data}, environ={})
    install_keys(Keyring.derive(installed_secret("master", settings)))
    raised = [
        row.raised_at
        for row in _rows(settings, "eldercare", alert)
        if orjson.loads(row.detail)["rule"] == "sos"
    ]
    told = sorted(
        row.created_at
        for row in _rows(settings, "notify", message)
        if row.recipient == person_id("daughter") and row.template == "eldercare-alert-told"
    )
    waits = [
        min((each - at).total_seconds() for each in told if each >= at) for at, _ in presses if told
    ]
    return {
        "seconds": seconds,
        "presses": len(presses),
        "calls raised": len(raised),
        "messages": len(told),
        "wearer answered s": _spread([each for _, each in presses]),
        "daughter's message s": _spread(waits),
    }


def _rows(settings: Settings, service: str, table: Any) -> list[Any]:
    db = Database.open(database_url(service, settings), owner=service)
    try:
        with db.read() as conn:
            return list(conn.execute(select(table)))
    finally:
        db.close()


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {
        name: round(ordered[int((len(ordered) - 1) * share)], 3)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        found = measure(Path(directory), seconds)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
