"""Every metric of the suite in one table.

Code measures with these objects; docs/operations/metrics.md, alert rules and dashboards are held
against the same table. A label has few values: never a person's id, never a device's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from xianban_sdk.telemetry import log

__all__ = ["INSTRUMENTS", "Counter", "Gauge", "Histogram", "Instrument", "Total", "prometheus_name"]

Labels = Mapping[str, str | bool | int]
Kind = Literal["counter", "histogram", "gauge"]
# What an observer gives: a value, and its labels.
Seen = tuple[float, Labels]
Observer = Callable[[], Iterable[Seen]]

SERVICE: Final = "xianban.service"
# Seconds. A call, a hook or an event takes milliseconds; an alarm's way to a person longer.
_SHORT: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)

_meter: Final = metrics.get_meter("xianban")


@dataclass(frozen=True)
class Instrument:
    """One metric: what it is called, counted in, split by, and what it tells."""

    name: str
    unit: str
    labels: tuple[str, ...]
    meaning: str
    kind: ClassVar[Kind]


@dataclass(frozen=True)
class Counter(Instrument):
    """Grows with what happens."""

    kind: ClassVar[Kind] = "counter"

    def __post_init__(self) -> None:
        made = _meter.create_counter(self.name, self.unit, self.meaning)
        object.__setattr__(self, "add", made.add)

    add: ClassVar[Callable[[float, Labels], None]]


@dataclass(frozen=True)
class Histogram(Instrument):
    """How long things took."""

    buckets: tuple[float, ...] = _SHORT
    kind: ClassVar[Kind] = "histogram"

    def __post_init__(self) -> None:
        made = _meter.create_histogram(
            self.name, self.unit, self.meaning, explicit_bucket_boundaries_advisory=self.buckets
        )
        object.__setattr__(self, "record", made.record)

    record: ClassVar[Callable[[float, Labels], None]]


@dataclass(frozen=True)
class Gauge(Instrument):
    """How something stands when it is looked at, each minute."""

    kind: ClassVar[Kind] = "gauge"

    def __post_init__(self) -> None:
        object.__setattr__(self, "_observers", _Observers(self.name))
        self._make()

    _observers: ClassVar[_Observers]

    def _make(self) -> None:
        _meter.create_observable_gauge(self.name, [self._observers.all], self.unit, self.meaning)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Asked at each look from now on; returns what ends that."""
        return self._observers.add(observer)


@dataclass(frozen=True)
class Total(Gauge):
    """A sum that somebody else keeps."""

    kind: ClassVar[Kind] = "counter"

    def _make(self) -> None:
        _meter.create_observable_counter(self.name, [self._observers.all], self.unit, self.meaning)


class _Observers:
    """Many services of one process look at the same instrument; OpenTelemetry knows it once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._observers: list[Observer] = []

    def add(self, observer: Observer) -> Callable[[], None]:
        with self._lock:
            self._observers.append(observer)
        return lambda: self._remove(observer)

    def all(self, _options: CallbackOptions) -> Iterator[Observation]:
        with self._lock:
            observers = list(self._observers)
        for observer in observers:
            yield from self._seen(observer)

    def _seen(self, observer: Observer) -> list[Observation]:
        try:
            return [Observation(value, dict(labels)) for value, labels in observer()]
        except Exception as error:
            # A database that is away has no figures; the others' are told all the same.
            log.debug("not_observed", metric=self._name, error=repr(error))
            return []

    def _remove(self, observer: Observer) -> None:
        with self._lock:
            if observer in self._observers:
                self._observers.remove(observer)


# -- calls: rate, errors, duration ----------------------------------------------------------------

RPC_SERVER: Final = Histogram(
    "rpc.server.call.duration",
    "s",
    (SERVICE, "rpc.method", "rpc.response.status_code", "xianban.lane"),
    "Calls served: how many, how they ended, how long they took.",
)
RPC_CLIENT: Final = Histogram(
    "rpc.client.call.duration",
    "s",
    ("rpc.method", "rpc.response.status_code"),
    "Calls made to another process of the suite, as the caller saw them.",
)
HTTP_SERVER: Final = Histogram(
    "http.server.request.duration",
    "s",
    ("http.request.method", "http.response.status_code", "xianban.site"),
    "Requests that the portal or a service answered by HTTP, until the answer began; by site.",
)
# -- saturation -----------------------------------------------------------------------------------

THREADS_BUSY: Final = Gauge(
    "xianban.rpc.threads.busy",
    "{thread}",
    (SERVICE, "xianban.lane"),
    "Threads of a server that serve a call now.",
)
THREADS_MOST: Final = Gauge(
    "xianban.rpc.threads.limit",
    "{thread}",
    (SERVICE, "xianban.lane"),
    "Threads that a server has.",
)
CALLS_WAITING: Final = Gauge(
    "xianban.rpc.calls.waiting",
    "{call}",
    (SERVICE, "xianban.lane"),
    "Calls that wait for a thread.",
)
DB_CONNECTIONS: Final = Gauge(
    "db.client.connection.count",
    "{connection}",
    ("db.client.connection.pool.name", "db.client.connection.state"),
    "Connections of a service's pool, `used` or `idle`.",
)
DB_CONNECTIONS_MOST: Final = Gauge(
    "db.client.connection.max",
    "{connection}",
    ("db.client.connection.pool.name",),
    "Connections that the pool may open.",
)
PROCESS_CPU: Final = Total("process.cpu.time", "s", (), "CPU time of the process.")
PROCESS_MEMORY: Final = Gauge("process.memory.usage", "By", (), "Resident memory of the process.")
# -- events ---------------------------------------------------------------------------------------

OUTBOX_AGE: Final = Gauge(
    "xianban.outbox.age",
    "s",
    (SERVICE,),
    "Age of the oldest event that is committed and has not left; 0 when all have.",
)
OUTBOX_UNSENT: Final = Gauge(
    "xianban.outbox.unsent", "{event}", (SERVICE,), "Events that are committed and have not left."
)
SENT: Final = Counter(
    "messaging.client.sent.messages",
    "{message}",
    (SERVICE, "messaging.destination.name"),
    "Events that the bus has taken, by routing key.",
)
PROCESSED: Final = Histogram(
    "messaging.process.duration",
    "s",
    (SERVICE, "messaging.destination.name", "error.type"),
    "Events applied by a consumer, by routing key; `error.type` is empty when it went well.",
)
EVENT_AGE: Final = Histogram(
    "xianban.event.age",
    "s",
    (SERVICE, "messaging.destination.name"),
    "From the commit of an event to its effect at a consumer.",
    _LONG,
)
DEAD_LETTERS: Final = Gauge(
    "xianban.dead_letters",
    "{event}",
    (SERVICE, "xianban.state"),
    "Events that could not be applied (`dead`), and those behind them (`parked`).",
)
QUEUE: Final = Gauge(
    "xianban.queue.messages",
    "{message}",
    ("messaging.destination.name",),
    "Messages that wait in a queue of the broker, its dead-letter queues too.",
)
TIMERS_OVERDUE: Final = Gauge(
    "xianban.timers.overdue",
    "s",
    (SERVICE,),
    "How late the oldest due timer is. Alarms climb their ladder by timers.",
)
# -- alarms ---------------------------------------------------------------------------------------

ALARM_TOLD: Final = Histogram(
    "xianban.alarm.told.duration",
    "s",
    (SERVICE, "xianban.rule"),
    "From the arrival of a reading or a call for help to the commit of the first message about it.",
    _LONG,
)
ALARM_REACHED: Final = Histogram(
    "xianban.alarm.reached.duration",
    "s",
    ("xianban.channel",),
    "From the arrival of a reading or a call for help to the channel's taking of its message.",
    _LONG,
)
DELIVERED: Final = Histogram(
    "xianban.notify.delivery.duration",
    "s",
    ("xianban.channel", "xianban.urgent"),
    "From a message's arrival at notify to the channel's taking it.",
    _LONG,
)
DELIVERIES: Final = Counter(
    "xianban.notify.deliveries",
    "{delivery}",
    ("xianban.channel", "xianban.state", "xianban.urgent"),
    "Deliveries that came into a state.",
)
ATTEMPTS_AGE: Final = Gauge(
    "xianban.notify.attempts.age",
    "s",
    (),
    "Age of the oldest delivery attempt that no worker has been given.",
)
# -- who may --------------------------------------------------------------------------------------

RELATIONS_AGE: Final = Gauge(
    "xianban.relations.age",
    "s",
    (SERVICE,),
    "Since when a service's copy of kin, consent and roles is not known to be complete; "
    "the bound is 2 s.",
)
RELATIONS_ASKED: Final = Counter(
    "xianban.relations.asked",
    "{decision}",
    (SERVICE, "xianban.outcome"),
    "Decisions for which the copy was too old: `answered` by identity, or `refused`.",
)
AUDIT_AGE: Final = Gauge(
    "xianban.audit.unsealed.age",
    "s",
    (SERVICE,),
    "Age of the oldest audit row behind the chain's head; 0 when all are chained.",
)
# -- plugins --------------------------------------------------------------------------------------

PLUGIN_CALLS: Final = Counter(
    "xianban.plugin.calls",
    "{call}",
    ("plugin", "hook", "outcome"),
    "Calls of plugins; `outcome` is ok, the kind of error, or why it was not made.",
)
PLUGIN_DURATION: Final = Histogram(
    "xianban.plugin.call.duration", "s", ("plugin", "hook"), "How long plugins took."
)
PLUGIN_RESTARTS: Final = Counter(
    "xianban.plugin.restarts", "{restart}", ("plugin",), "Ends of a plugin's own process."
)
PLUGIN_MEMORY: Final = Gauge(
    "xianban.plugin.memory.usage", "By", ("plugin",), "Memory of a plugin's own process."
)
PLUGIN_STATE: Final = Gauge(
    "xianban.plugin.state",
    "1",
    (SERVICE, "plugin", "state"),
    "1 for the state that a plugin is in: `well`, `left_alone` (its breaker is open) or "
    "`set_aside` (not asked until somebody looks).",
)
PLUGIN_TOLD: Final = Counter(
    "xianban.plugin.disclosures",
    "{person}",
    ("plugin", "purpose"),
    "People whose data a call took to a plugin.",
)
# -- devices --------------------------------------------------------------------------------------

UPLINK_BACKLOG: Final = Gauge(
    "xianban.uplink.backlog", "{message}", (), "Device messages in the uplink's memory."
)
UPLINK_SPOOLED: Final = Gauge(
    "xianban.uplink.spooled",
    "{request}",
    ("xianban.service", "kind"),
    "Requests on the uplink's disk because their service, or the registry, was away.",
)
UPLINK_PARTS: Final = Total(
    "xianban.uplink.parts",
    "{part}",
    ("outcome",),
    "What became of device messages and their parts.",
)
UPLINK_CONNECTED: Final = Gauge(
    "xianban.uplink.connected", "1", (), "1 while the uplink is connected to the MQTT broker."
)
# -- what a process needs -------------------------------------------------------------------------

DEPENDENCY: Final = Gauge(
    "xianban.dependency.up",
    "1",
    (SERVICE, "dependency"),
    "1 while something that a service needs is well, else 0: database, bus, relations, plugins, "
    "capabilities, and what the service adds.",
)
CERTIFICATE: Final = Gauge(
    "xianban.certificate.remaining",
    "s",
    (),
    "How long the process's own certificate is still valid.",
)

INSTRUMENTS: Final[Mapping[str, Instrument]] = {
    one.name: one for one in list(globals().values()) if isinstance(one, Instrument)
}

_UNITS: Final = {"s": "_seconds", "By": "_bytes", "1": "_ratio"}


def prometheus_name(instrument: Instrument) -> str:
    """As Prometheus and the OpenTelemetry collector name it."""
    name = instrument.name.replace(".", "_")
    if instrument.kind == "counter":
        unit = _UNITS.get(instrument.unit, "")
        return f"{name.removesuffix('_total')}{unit}_total"
    unit = _UNITS.get(instrument.unit, "")
    return name if name.endswith(unit) else f"{name}{unit}"
