"""From wristbands over MQTT to stored and judged: what rate is kept up, and what is busiest.

``python -m bench.wristbands [sqlite|backends]`` starts a suite, with Mosquitto where it is
installed, registers wristbands, and lets each publish (QoS 1, the demo band's own form) at rising
rates. A rate is kept up when every reading is stored a second after the last was published.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import create_engine, text
from xianban_identity.demo import issue_token
from xianban_sdk.demo import person_id
from xianban_sdk.settings import Settings
from xianban_sensing.broker_files import ACL, PASSWORDS, BrokerFiles

from bench.backends import Backend, backend
from bench.contestants import Field
from bench.measure import used

BANDS, SECONDS, PER_MESSAGE = 40, 8.0, 5
RATES: Final = (700, 2_000, 6_700, 10_000)  # readings per second; ten districts are 6,700
PATIENCE_S: Final = 60.0
# Debian keeps servers out of a user's path.
MOSQUITTO: Final = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_COUNT: Final = "SELECT count(*) FROM {}reading"


def measure(directory: Path, under: Backend) -> dict[str, Any]:
    """A suite of its own; what each rate came to."""
    directory.mkdir(exist_ok=True)
    with _broker(directory / "suite") as (port, arguments, processes):
        field = Field(directory, under)
        field.suite.arguments += arguments
        field.suite.mqtt_port = port
        try:
            field.suite.start()
            bands = Bands(field, _register(field))
            processes |= {name: field.suite.pid(name) for name in ("uplink", "services")}
            if not arguments:
                processes["mqtt"] = field.suite.pid("mqtt")
            rows = _rows(field, under)
            _settle(rows)
            return {f"{rate} per s": _run(bands, rate, rows, processes) for rate in RATES}
        finally:
            field.stop()


def _run(
    bands: Bands, rate: int, rows: Callable[[], int], processes: dict[str, int]
) -> dict[str, Any]:
    before, spent = rows(), {name: used([pid]) for name, pid in processes.items()}
    begin = time.monotonic()
    sent = bands.publish(rate)
    published = time.monotonic()
    stored = _await(rows, before + sent)
    done = time.monotonic()
    shares = {name: (used([pid]) - spent[name]) for name, pid in processes.items()}
    return {
        "sent": sent,
        "stored": stored - before,
        "published per s": round(sent / (published - begin)),
        "stored per s": round((stored - before) / (done - begin)),
        "behind s": round(done - published, 2),
        "cores": {
            name: round((one.calls + one.behind) / 1e6 / (done - begin), 2)
            for name, one in shares.items()
        },
    }


class Bands:
    """Registered wristbands, each with its own connection."""

    def __init__(self, field: Field, secrets: dict[str, str]) -> None:
        self._clients = [_band(field.suite.mqtt_port, *each) for each in secrets.items()]
        deadline = time.monotonic() + PATIENCE_S
        while not all(client.is_connected() for client in self._clients):
            assert time.monotonic() < deadline, "not every band came in"
            time.sleep(0.1)

    def publish(self, rate: int) -> int:
        """Every band in turn, evenly; gives the readings sent, all acknowledged by the broker."""
        pause, begin, told = PER_MESSAGE / rate, time.monotonic(), []
        turns = int(SECONDS / pause)
        for turn in range(turns):
            time.sleep(max(begin + turn * pause - time.monotonic(), 0.0))
            client = self._clients[turn % len(self._clients)]
            told.append(client.publish(client.topic, _payload(turn), 1))
        for one in told:
            one.wait_for_publish(PATIENCE_S)
        return turns * PER_MESSAGE


def _band(port: int, device: str, secret: str) -> Any:
    client: Any = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
    client.topic = f"xianban/v1/devices/{device}/up"
    client.username_pw_set(device, secret)
    # The broker learns of new devices within a second.
    client.reconnect_delay_set(1, 2)
    client.connect_async("127.0.0.1", port)
    client.loop_start()
    return client


def _payload(turn: int) -> bytes:
    now = time.time_ns() // 1_000_000
    vary = turn % 7
    told = {"t": now, "hr": 70 + vary, "spo2": 97, "rr": 15, "temp": 36.5, "steps": 100 + turn}
    return orjson.dumps(told)


def _register(field: Field) -> dict[str, str]:
    token = issue_token(field.settings, "admin", "sensing")
    subject = f"residents/{person_id('elder')}"
    place = {"organisation": "南桥镇养老服务中心", "area": "310120/nanqiao"}
    secrets: dict[str, str] = {}
    with httpx.Client(
        base_url=f"{field.suite.url}/api/sensing/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    ) as http:
        for number in range(BANDS):
            device = f"bench-band-{number:03d}"
            made = {"model": "json-wristband", "displayName": device, **place}
            asked = {"deviceId": device, "device": made, "requestId": f"make-{device}"}
            secrets[device] = _done(http.post("/devices", json=asked))["secret"]
            bound = {"subject": subject, "domain": "eldercare", "requestId": f"bind-{device}"}
            _done(http.post(f"/devices/{device}:bind", json=bound))
    return secrets


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def _rows(field: Field, under: Backend) -> Callable[[], int]:
    """Counts elder care's readings, beside the process that owns them."""
    if under.name == "sqlite":
        file = f"file:{field.suite.data}/eldercare.db?mode=ro"
        conn = sqlite3.connect(file, uri=True)
        return lambda: conn.execute(_COUNT.format("")).fetchone()[0]
    url = under.suite_arguments()[1]
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def count() -> int:
        with engine.connect() as conn:
            return int(conn.execute(text(_COUNT.format("eldercare."))).scalar_one())

    return count


def _settle(rows: Callable[[], int]) -> None:
    before = -1
    while before != (before := rows()):
        time.sleep(1)


def _await(rows: Callable[[], int], wanted: int) -> int:
    end = time.monotonic() + PATIENCE_S
    while (found := rows()) < wanted and time.monotonic() < end:
        time.sleep(0.05)
    return found


@contextmanager
def _broker(data: Path) -> Iterator[tuple[int, tuple[str, ...], dict[str, int]]]:
    """Mosquitto with the files the uplink keeps; without it the embedded broker of `up`."""
    from xianban_sdk.testing.ports import free_port

    port = free_port()
    if MOSQUITTO is None:
        yield port, (), {}
        return
    settings = Settings.load({"data": data}, environ={})
    BrokerFiles(data / "mqtt", settings)
    config = data / "mqtt" / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\npassword_file {data}/mqtt/{PASSWORDS}\n"
        f"acl_file {data}/mqtt/{ACL}\nallow_anonymous false\n"
        f"pid_file {data}/mqtt/mosquitto.pid\nuser root\nmax_queued_messages 100000\n"
    )
    process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        yield port, ("--mqtt", f"mqtt://127.0.0.1:{port}"), {"mosquitto": process.pid}
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="xianban-bench-") as directory:
        under = backend(sys.argv[1] if sys.argv[1:] else "sqlite", Path(directory))
        try:
            sys.stdout.write(json.dumps(measure(Path(directory), under), indent=2) + "\n")
        finally:
            under.close()


if __name__ == "__main__":
    main()
