"""What a hook call costs, by where the plugin runs: `python -m bench.plugins`.

One concession asked of one plugin, argument and answer with all their fields. CPU of both processes
is counted, and the time a caller waits; rounds alternate, so that what else the machine does meets
all of them. Tier 2 is `xianban plugin serve` on a Unix socket; the gRPC row is the same message to
a bare sync server with one handler.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pluggy
import structlog
import xianban_plugin_parking_concessions.plugin as concessions
from xianban.plugin.v1.plugin_pb2 import Call, FromPlugin, ToPlugin
from xianban_parking import hookspecs
from xianban_parking.hookspecs import ConcessionRequest
from xianban_sdk.plugins import NOBODY, Hooks, build
from xianban_sdk.plugins.isolation import Source, open_plugin
from xianban_sdk.plugins.isolation.elsewhere import join_plugin
from xianban_sdk.plugins.manifest import read_manifest
from xianban_sdk.sandbox.codec import Domain
from xianban_sdk.settings import Settings
from xianban_sdk.testing.serving import begin_serving, wait_for

ROUNDS, CALLS, STARTS, RESTARTS = 7, 2000, 7, 5
HOOK = "tariff_concessions"
METHOD = "/bench.Plugin/Call"
PACKAGE = "xianban_plugin_parking_concessions"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STAY = ConcessionRequest(
    "a", "310120", NOON, NOON + timedelta(hours=3), "car", frozenset({"disabled-permit"})
)

# A call, and the process that answers it (0: our own).
Contestant = tuple[Callable[[], Any], Callable[[], int]]


def measure() -> dict[str, Any]:
    """CPU µs and waiting µs per call, and what a start costs."""
    hush()
    with ExitStack() as opened:
        asked: dict[str, Contestant] = {
            "pluggy alone": (_pluggy(), _nobody),
            "tier 0, in process": (_hooks(build("parking", hookspecs, [concessions])), _nobody),
            "tier 1, own process": opened.enter_context(_tier_1()),
            "tier 2, elsewhere": opened.enter_context(_tier_2()),
            "gRPC on a Unix socket": opened.enter_context(_grpc()),
        }
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for _ in range(ROUNDS):
            for name, (call, pid) in asked.items():
                rounds[name].append(_round(call, pid))
    return {
        **{name: _median(found) for name, found in rounds.items()},
        "start ms": _starts(),
        "restart ms": _restarts(),
    }


def hush() -> None:
    """What a plugin does wrong is measured here, not told; a service logs to a file."""
    structlog.configure(processors=[_drop], cache_logger_on_first_use=False)


def _drop(*_: object) -> str:
    raise structlog.DropEvent


def _round(call: Callable[[], Any], pid: Callable[[], int]) -> tuple[float, float]:
    assert call()
    own, other, begun = time.process_time(), _cpu(pid()), time.perf_counter()
    for _ in range(CALLS):
        call()
    waited = time.perf_counter() - begun
    cpu = time.process_time() - own + _cpu(pid()) - other
    return cpu / CALLS * 1e6, waited / CALLS * 1e6


def _median(found: list[tuple[float, float]]) -> dict[str, float]:
    cpu, waited = (round(statistics.median(one), 1) for one in zip(*found, strict=True))
    return {"cpu_us": cpu, "waited_us": waited}


def _cpu(pid: int) -> float:
    """Of all threads, to the nanosecond: ticks are too coarse for some thousand calls."""
    if not pid:
        return 0.0
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text("ascii").split()[0]) for task in tasks) / 1e9


def _nobody() -> int:
    return 0


def _pluggy() -> Callable[[], Any]:
    manager = pluggy.PluginManager(hookspecs.hookspec.project_name)
    manager.add_hookspecs(hookspecs)
    manager.register(concessions)
    return lambda: manager.hook.tariff_concessions(request=STAY)


def _hooks(hooks: Hooks) -> Callable[[], Any]:
    return lambda: hooks.values(HOOK, about=NOBODY, request=STAY)


def _outside(directory: str) -> Hooks:
    hooks = build("parking", hookspecs, [])
    settings = Settings(data=Path(directory))
    source = Source(f"{PACKAGE}.plugin")
    hooks.take_up(open_plugin(source, read_manifest(PACKAGE), hookspecs, settings=settings))
    return hooks


@contextmanager
def _tier_1() -> Iterator[Contestant]:
    with tempfile.TemporaryDirectory() as directory:
        hooks = _outside(directory)
        runner: Any = hooks.plugins["parking-concessions"].runner
        try:
            yield _hooks(hooks), lambda: runner.pid
        finally:
            hooks.close()


@contextmanager
def _tier_2() -> Iterator[Contestant]:
    with tempfile.TemporaryDirectory() as directory:
        address = f"unix:{directory}/plugin.sock"
        process = begin_serving("parking-concessions", address, {"XIANBAN_DATA": directory})
        hooks = build("parking", hookspecs, [])
        try:
            wait_for(address, process)
            told = (Source(f"{PACKAGE}.plugin"), read_manifest(PACKAGE), hookspecs)
            hooks.take_up(join_plugin(address, *told, Settings(data=Path(directory))))
            yield _hooks(hooks), lambda: process.pid
        finally:
            hooks.close()
            process.kill()
            process.wait()


@contextmanager
def _grpc() -> Iterator[Contestant]:
    signature = Domain(hookspecs, None).hook(HOOK)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as directory:
        address = f"unix:{directory}/plugin.sock"
        with _served(address) as pid, grpc.insecure_channel(address) as channel:
            ask = channel.unary_unary(
                METHOD,
                request_serializer=ToPlugin.SerializeToString,
                response_deserializer=FromPlugin.FromString,
            )

            def call() -> Any:
                asked = ToPlugin(call=Call(hook=HOOK))
                signature.arguments[0].put(STAY, asked.call.arguments.add())
                told = ask(asked, timeout=5, wait_for_ready=True)
                return signature.returns.get(told.value)

            yield call, lambda: pid


@contextmanager
def _served(address: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", "bench.plugins", address])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _serve(address: str) -> None:
    signature = Domain(hookspecs, None).hook(HOOK)  # type: ignore[arg-type]

    def answer(asked: ToPlugin, _context: grpc.ServicerContext) -> FromPlugin:
        told = FromPlugin()
        request = signature.arguments[0].get(asked.call.arguments[0])
        signature.returns.put(concessions.tariff_concessions(request), told.value)
        return told

    handler = grpc.unary_unary_rpc_method_handler(
        answer, ToPlugin.FromString, FromPlugin.SerializeToString
    )
    server = grpc.server(ThreadPoolExecutor(4))
    service = METHOD.split("/")[1]
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"Call": handler}),)
    )
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


def _starts() -> dict[str, float]:
    """From nothing to a plugin that has answered, and the CPU of its process for it."""
    waited, cpu = [], []
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(STARTS):
            begun = time.perf_counter()
            hooks = _outside(directory)
            hooks.values(HOOK, about=NOBODY, request=STAY)
            waited.append((time.perf_counter() - begun) * 1000)
            runner: Any = hooks.plugins["parking-concessions"].runner
            cpu.append(_cpu(runner.pid) * 1000)
            hooks.close()
    return {
        "waited_ms": round(statistics.median(waited), 1),
        "cpu_ms": round(statistics.median(cpu), 1),
    }


def _restarts() -> dict[str, float]:
    """From the death of a plugin's process to its next answer; nobody else notices."""
    waited: list[float] = []
    for _ in range(RESTARTS):
        # Each of its own: what dies again and again gets pauses, and in the end is left dead.
        with _tier_1() as (call, pid):
            assert call()
            begun = time.perf_counter()
            os.kill(pid(), signal.SIGKILL)
            while not call():
                pass
            waited.append((time.perf_counter() - begun) * 1000)
    return {"waited_ms": round(statistics.median(waited), 1), "longest_ms": round(max(waited), 1)}


def main() -> None:
    if sys.argv[1:]:
        _serve(sys.argv[1])
        return
    load = os.getloadavg()[0]
    print(json.dumps({"load_before": load, **measure()}, indent=2))


if __name__ == "__main__":
    main()
