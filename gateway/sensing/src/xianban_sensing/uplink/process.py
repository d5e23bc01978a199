"""The uplink process: `xianban process uplink`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from xianban.sensing.v1.devices_pb2_grpc import UplinkServiceStub
from xianban_sdk import i18n, plugins, telemetry
from xianban_sdk.clock import SystemClock
from xianban_sdk.identity.workload import IdentityHttp, WorkloadIdentity
from xianban_sdk.ids import UlidIds
from xianban_sdk.instruments import (
    SERVICE,
    UPLINK_BACKLOG,
    UPLINK_CONNECTED,
    UPLINK_PARTS,
    UPLINK_SPOOLED,
)
from xianban_sdk.plugins.keeping_up import KeepingUp
from xianban_sdk.probe import open_probe
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.settings import Settings
from xianban_sdk.storage.keys import install_keys
from xianban_sdk.storage.masters import installed_keyring
from xianban_sdk.telemetry import log

from xianban_sensing import hookspecs
from xianban_sensing.broker_files import BrokerFiles
from xianban_sensing.plugins import models_of
from xianban_sensing.uplink.admissions import Admissions
from xianban_sensing.uplink.bindings import Bindings
from xianban_sensing.uplink.demo_devices import DemoDevices
from xianban_sensing.uplink.downlink import Downlink
from xianban_sensing.uplink.flow import Flow
from xianban_sensing.uplink.letters import Letter
from xianban_sensing.uplink.mailbox import Mailbox
from xianban_sensing.uplink.services import Services
from xianban_sensing.uplink.signs import Signs
from xianban_sensing.uplink.spool import Spool

__all__ = ["Uplink", "main"]

_NAME = "uplink"


class Uplink:
    """Everything the process runs, composed."""

    def __init__(self, settings: Settings) -> None:
        clock = SystemClock()
        i18n.register("xianban_sensing")
        self._identity = IdentityHttp(settings)
        workload = WorkloadIdentity(settings, _NAME, self._identity, clock)
        workload.prepare()
        self._clients = Clients(settings, workload)
        registry = self._clients.stub(UplinkServiceStub)
        hooks = plugins.build("sensing", hookspecs)
        models = models_of(hooks)
        files = BrokerFiles(settings.data / "mqtt", settings)
        bindings = Bindings(registry, lambda: files.write(bindings.all()))
        self._spool = Spool(settings.data / "uplink-spool.db")
        self._mailbox = Mailbox(
            settings.mqtt_url, _NAME, files.secret, self._take, settings.mqtt_ca
        )
        downlink = Downlink(registry, self._mailbox, bindings, models)
        signs = Signs(registry)
        self._flow = Flow(
            bindings,
            models,
            Services(self._clients),
            self._spool,
            Admissions(registry, models),
            UlidIds(clock),
            downlink.feedback,
            signs.seen,
        )
        self._loops: tuple[Callable[[threading.Event], None], ...] = (
            bindings.run,
            self._flow.run,
            self._flow.drain,
            downlink.run,
            signs.run,
            KeepingUp(hooks, hookspecs, settings).run,
            *(_demo(settings, clock).loops() if _plays(settings) else ()),
        )
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for loop in self._loops:
            thread = threading.Thread(target=loop, args=(self._stop,), daemon=True)
            thread.start()
            self._threads.append(thread)
        self._observe()
        self._mailbox.open()

    def stop(self) -> None:
        """What is not acknowledged comes again at the next start."""
        self._mailbox.close()
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._spool.close()
        self._clients.close()
        self._identity.close()

    def _observe(self) -> None:
        """One uplink a process, as long as it runs."""
        flow, spool = self._flow, self._spool
        UPLINK_BACKLOG.observe(lambda: [(flow.backlog, {})])
        UPLINK_CONNECTED.observe(lambda: [(int(self._mailbox.connected.is_set()), {})])
        UPLINK_PARTS.observe(lambda: [(n, {"outcome": k}) for k, n in flow.counted.copy().items()])
        UPLINK_SPOOLED.observe(
            lambda: [(n, {SERVICE: d, "kind": k}) for (d, k), n in spool.waiting().items()]
        )

    def _take(self, letter: Letter) -> None:
        self._flow.take(letter)


def _demo(settings: Settings, clock: SystemClock) -> DemoDevices:
    return DemoDevices(settings.mqtt_url, clock, settings.mqtt_ca)


def _plays(settings: Settings) -> bool:
    """A district's own broker is never spoken to by invented devices."""
    return settings.demo and not settings.mqtt


def main(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT."""
    telemetry.configure(settings, _NAME)
    install_keys(installed_keyring(settings))
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    uplink = Uplink(settings)
    uplink.start()
    probe = open_probe(settings, lambda: not over.is_set())
    log.info("started", services=[_NAME])
    over.wait()
    uplink.stop()
    if probe is not None:
        probe.stop(None)
    telemetry.flush()
