"""Two replicas of every service, as a district runs them: a process each, on ports of loopback."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from suite import XIANBAN, not_served
from xianban_sdk.app import installed_services
from xianban_sdk.settings import address_variable
from xianban_sdk.testing.ports import free_port

LANES = ("", "streams", "safety")
PATIENCE = 300.0


@dataclass
class Replica:
    """One process of the fleet, of whichever release it is started with."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    logs: Path
    process: subprocess.Popen[bytes] | None = None
    # What says that it is ready; without a probe its log does.
    probe: str = ""
    word: str = ""
    seconds: list[float] = field(default_factory=list)

    def start(self, release: Path | None = None) -> None:
        """Returns when it is ready."""
        begin = time.monotonic()
        told = {"PYTHONPATH": str(release)} if release else {}
        path = self.logs / f"{self.name}.log"
        seen = path.stat().st_size if path.exists() else 0
        with path.open("ab") as log:
            self.process = subprocess.Popen(
                [XIANBAN, *self.arguments],
                env={**self.environment, **told},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._until(lambda: self._ready(path, seen))
        self.seconds.append(time.monotonic() - begin)

    def _ready(self, path: Path, seen: int) -> bool:
        return self.serving() if self.probe else not self.word or self._said(path, seen)

    def serving(self) -> bool:
        with grpc.insecure_channel(self.probe) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            try:
                answer = check(health_pb2.HealthCheckRequest(), timeout=2)
            except grpc.RpcError:
                return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING

    def _said(self, path: Path, seen: int) -> bool:
        with path.open("rb") as log:
            log.seek(seen)
            return self.word.encode() in log.read()

    def _until(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not ready():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > end:
                text = (self.logs / f"{self.name}.log").read_text("utf-8", "replace")
                raise AssertionError(f"{self.name} is not ready: {text[-3000:]}")
            time.sleep(0.1)

    def stop(self) -> int:
        """As a kubelet ends it; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


class Fleet:
    """The suite as `Suite` is, but of replicas; clients find the same things in it."""

    def __init__(self, data: Path, database: str, broker: str, *, proven: bool = False) -> None:
        self.data, self.database, self.broker = data, database, broker
        # With certificates at both ends of every call, as over a network.
        self.proven = data.parent / "certificates" if proven else None
        self.port, self.mqtt_port = free_port(), free_port()
        self.services = [service.name for service in installed_services(None)]
        self._listens = {name: [self._lanes(name) for _ in "ab"] for name in self.services}
        self.replicas = {replica.name: replica for replica in self._all()}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _lanes(self, name: str) -> dict[str, str]:
        lanes = (*LANES, "http") if name == "identity" else LANES
        return {lane: f"127.0.0.1:{free_port()}" for lane in lanes}

    def address(self, name: str, lane: str = "") -> str:
        """Both replicas, as every process of the fleet is told them."""
        return ",".join(lanes[lane] for lanes in self._listens[name])

    def addresses(self) -> dict[str, str]:
        return {
            address_variable(name, lane, "ADDR"): self.address(name, lane)
            for name in self.services
            for lane in self._listens[name][0]
        }

    def _all(self) -> Iterator[Replica]:
        for name in self.services:
            for letter, lanes in zip("ab", self._listens[name], strict=True):
                said = {address_variable(name, lane, "LISTEN"): at for lane, at in lanes.items()}
                yield self._replica(f"{name}-{letter}", ("serve", name), said)
        for letter in "ab":
            yield self._replica(f"relay-{letter}", ("relay", *self.services), {})
            # Its demo outbox lies where only this process may write.
            worker, own = ("worker", "notify"), {"XIANBAN_PLUGIN_TIERS": ""}
            yield self._replica(f"worker-notify-{letter}", worker, own, "worker_started")
        yield self._replica("mqtt", ("process", "mqtt"), {}, "started")
        yield self._replica("uplink", ("process", "uplink"), {})
        yield self._replica("portal", ("process", "portal"), {})
        yield self._replica("edge", ("process", "edge"), {})

    def _replica(
        self, name: str, arguments: tuple[str, ...], said: Mapping[str, str], word: str = ""
    ) -> Replica:
        (self.data / "logs").mkdir(parents=True, exist_ok=True)
        # The gateway's probe is no gRPC server; it is ready when the whole suite is.
        probe = "" if word or name == "edge" else f"127.0.0.1:{free_port()}"
        # Sockets and pid files are each replica's own; the portal's socket is the edge's way to it.
        run = "r/edge" if name in ("edge", "portal") else f"r/{name}"
        environment = os.environ | self.environment() | dict(said)
        environment |= {"XIANBAN_RUN": str(self.data / run)}
        environment |= {"XIANBAN_PROBE": probe} if probe else {}
        if self.proven and arguments[0] in ("serve", "process") and name != "mqtt":
            environment["XIANBAN_TLS"] = self.certificates(arguments[1])
        return Replica(name, arguments, environment, self.data / "logs", None, probe, word)

    def certificates(self, process: str) -> str:
        """That process's; "" where none are used."""
        return str(self.proven / f"xianban-{process}-tls") if self.proven else ""

    def environment(self) -> dict[str, str]:
        return self.addresses() | {
            "XIANBAN_DATA": str(self.data),
            "XIANBAN_DATABASE": self.database,
            "XIANBAN_BROKER": self.broker,
            "XIANBAN_MQTT_LISTEN": f"127.0.0.1:{self.mqtt_port}",
            "XIANBAN_ISSUER": self.url,
            "XIANBAN_EDGE_LISTEN": f"127.0.0.1:{self.port}",
            "XIANBAN_RELAY": "0",
            "XIANBAN_PLUGIN_TIERS": "*=1",
            # What preStop is in a pod: long enough for whoever calls to look away.
            "XIANBAN_DRAIN": "3",
            "XIANBAN_GRACE": "15",
        }

    def start(self) -> None:
        """One of each first: two would make the demo district's people side by side."""
        if self.proven:
            self.command("keys", str(self.proven))
        seconds = [one for one in self.replicas if one.endswith("-b")]
        self.together([one for one in self.replicas if one not in seconds], Replica.start)
        self.together(seconds, Replica.start)
        self.wait_until_ready()

    def together(self, names: Iterable[str], do: Callable[[Replica], object]) -> None:
        """Side by side, as a cluster does it."""
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(do, [self.replicas[name] for name in names]))

    def wait_until_ready(self, seconds: float = PATIENCE) -> None:
        if why := not_served(self.url, seconds):
            raise AssertionError(f"not ready: {why}")

    def stop(self) -> None:
        order = itertools.chain(("edge", "portal"), self.replicas)
        for name in dict.fromkeys(order):
            replica = self.replicas[name]
            if replica.process is not None and replica.process.poll() is None:
                replica.process.send_signal(signal.SIGTERM)
        for replica in self.replicas.values():
            if replica.process is not None:
                replica.stop()

    def command(self, *arguments: str, release: Path | None = None) -> str:
        """An operator's command, of a release."""
        told = {"PYTHONPATH": str(release)} if release else {}
        done = subprocess.run(
            [XIANBAN, *arguments],
            env=os.environ | self.environment() | told,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()
