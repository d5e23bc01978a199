"""One service inside a process: its resources, servers, threads and end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

import grpc
from grpc_reflection.v1alpha import reflection
from sqlalchemy import text

from xianban_sdk import i18n, plugins
from xianban_sdk.admin import AdminServicer, open_admin
from xianban_sdk.alerts.answering import ANSWERED, FromTheCopy, answer_consumer
from xianban_sdk.alerts.servicer import ALERT_SERVICE
from xianban_sdk.alerts.tables import KEPT as ALERTS_KEPT
from xianban_sdk.app import Handlers, Resources, Service, database_url
from xianban_sdk.audit import Sealer
from xianban_sdk.clock import Clock
from xianban_sdk.disclosures import Disclosures
from xianban_sdk.health import Health
from xianban_sdk.http_side import HttpSide
from xianban_sdk.http_traced import Traced
from xianban_sdk.identity.access import Authoriser
from xianban_sdk.identity.feed import RelationsFeed, lister, relation_consumer, resolver
from xianban_sdk.identity.jwks import JwksCache, JwksSource
from xianban_sdk.identity.policy import policy_of
from xianban_sdk.identity.relations import BOUND_SECONDS, FactsSource, Relations
from xianban_sdk.identity.tokens import TokenVerifier
from xianban_sdk.identity.workload import IdentityHttp, WorkloadIdentity
from xianban_sdk.ids import Ids
from xianban_sdk.inside import certificates
from xianban_sdk.loops import again_after_failing
from xianban_sdk.messaging.bus import Bus, Subscription
from xianban_sdk.messaging.consumers import describe
from xianban_sdk.messaging.inbox import Inbox
from xianban_sdk.messaging.relay import Relay
from xianban_sdk.observed import observe_service
from xianban_sdk.personal.erasing import (
    PERSON_ERASED,
    SWEEP_TIMER,
    erasure_consumer,
    erasure_timer,
)
from xianban_sdk.plugins.capabilities import absent
from xianban_sdk.plugins.keeping_up import KeepingUp
from xianban_sdk.plugins.noted import PluginsNoted
from xianban_sdk.plugins.serving import PLUGIN_POLICY, PLUGIN_SERVICE, PluginServicer
from xianban_sdk.rpc.accesses import AccessLog
from xianban_sdk.rpc.chain import Chain
from xianban_sdk.rpc.clients import Clients
from xianban_sdk.rpc.grpc_transport import handlers, server
from xianban_sdk.rpc.methods import Method, bind
from xianban_sdk.rpc.pool import Pool
from xianban_sdk.rpc.streams import OpenStreams
from xianban_sdk.settings import Settings
from xianban_sdk.storage.encryption import installed_cipher
from xianban_sdk.storage.engine import Database
from xianban_sdk.storage.migrate import migrate
from xianban_sdk.storage.retention import KEPT, prune_each_hour
from xianban_sdk.telemetry import log
from xianban_sdk.terms import Terms
from xianban_sdk.threads import background
from xianban_sdk.timers import Timers

__all__ = ["RunningService", "patterns"]

RELATION_CHANGED: Final = "identity.v1.relation_changed"
_RETRY_SECONDS: Final = 0.5
# What a thread gets to end at shut-down.
_ENDING_SECONDS: Final = 5.0
_SAFETY_THREADS: Final = 2


def patterns(service: Service) -> list[str]:
    """The routing keys a service's group takes, its relations included."""
    own = {describe(function).pattern for function in service.consumers} | {PERSON_ERASED}
    if not service.relations:
        own |= {RELATION_CHANGED} | ({ANSWERED} if ALERT_SERVICE in service.servicers else set())
    return sorted(own)


class RunningService:
    """Starts at once and becomes ready when its database is there."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        clock: Clock,
        ids: Ids,
        bus: Bus,
        identity: IdentityHttp,
    ) -> None:
        self.service = service
        self.settings = settings
        self._clock = clock
        self._ids = ids
        self._bus = bus
        i18n.register(service.package)
        self.workload = WorkloadIdentity(settings, service.name, identity, clock)
        self.workload.prepare()
        self.db = Database.open(database_url(service.name, settings), owner=service.name)
        self.resources = self._make_resources()
        self.resources.relations = self._relations()
        self.disclosures = self._desk()
        self.terms = Terms(self.resources)
        self.keeping_up = KeepingUp.of(service, self.resources)
        self.chain = self._make_chain(self._keys(identity))
        self.health = Health(service.name, self.proto_services, self._checks())
        self._servers: list[grpc.Server] = []
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._inbox: Inbox | None = None
        self._subscription: Subscription | None = None
        self._relay = Relay(self.db, bus, clock)
        self._http: HttpSide | None = None
        self._ends: list[Callable[[], None]] = []

    # -- composing --------------------------------------------------------------------------

    def _make_resources(self) -> Resources:
        blobs = self.settings.data / "blobs" / self.service.name
        clients = Clients(self.settings, self.workload)
        return Resources(
            settings=self.settings,
            db=self.db,
            clock=self._clock,
            ids=self._ids,
            hooks=plugins.build(self.service.name, self.service.hookspecs, None, self.settings),
            clients=clients,
            relations=Relations(self.db, self._clock, resolver(clients), lister(clients)),
            cipher=installed_cipher(),
            log=log.bind(service=self.service.name),
            bus=self._bus,
            blobs=blobs,
        )

    def _relations(self) -> Any:
        make = self.service.relations
        return make(self.resources) if make else self.resources.relations

    def _desk(self) -> Disclosures:
        desk = Disclosures(self.db, self._clock, self._ids, self.resources.relations)
        self.resources.hooks.issue_at(desk)
        return desk

    def _keys(self, identity: IdentityHttp) -> JwksSource:
        if self.service.keys is not None:
            return self.service.keys(self.resources)
        return JwksCache(identity.jwks, self.settings.data / "jwks" / f"{self.service.name}.json")

    def _make_chain(self, keys: JwksSource) -> Chain:
        methods = self._bind()
        facts = self.resources.relations
        return Chain(
            methods,
            service=self.service.name,
            package=self.service.package,
            db=self.db,
            clock=self._clock,
            ids=self._ids,
            verifier=TokenVerifier(keys, self.settings.issuer, self.service.name, self._clock),
            authoriser=self._authoriser(facts, methods),
            accesses=AccessLog(self.db, self._clock, self._ids),
            streams=OpenStreams(facts, self._clock),
            hooks=self.resources.hooks,
            cipher=self.resources.cipher,
            default_deadline=self.settings.deadline,
        )

    @property
    def proto_services(self) -> tuple[str, ...]:
        """What it serves: its own, and what every service has."""
        return (*self.service.servicers, PLUGIN_SERVICE)

    def _bind(self) -> list[Method]:
        servicers = {n: make(self.resources) for n, make in self.service.servicers.items()}
        self._book = getattr(servicers.get(ALERT_SERVICE), "book", None)
        servicers[PLUGIN_SERVICE] = PluginServicer(self.service, self.resources)
        return [method for name, servicer in servicers.items() for method in bind(name, servicer)]

    def _authoriser(self, facts: FactsSource, methods: Iterable[Method]) -> Authoriser:
        actions = [method.rule.action for method in methods]
        policy = policy_of(self.service.package, self.service.policy, actions, PLUGIN_POLICY)
        return Authoriser(facts, policy, self.settings.district, self._clock)

    # -- starting ---------------------------------------------------------------------------

    def start(self) -> None:
        """Opens the sockets and starts the threads; ready follows when the database is there."""
        self.chain.ready = self._ready.is_set
        self._open_servers()
        self.health.start()
        self._open_admin()
        self._spawn("start", self._become_ready)

    def open_for_upkeep(self, *, relay: bool = False) -> None:
        """Opens database and admin socket alone, for a command while nothing runs."""
        migrate(self.db, self.service.migrations)
        self._ready.set()
        self._inbox = self._make_inbox()
        if not self.settings.broker:
            # Alone on a bus of its own: what is opened with it hears at once, as in the suite.
            self._subscribe(self._inbox)
        self._open_admin()
        if relay:
            self._spawn("relay", lambda: self._relay.run(self._stop))

    def _open_admin(self) -> None:
        servicer = AdminServicer(self.service, self.resources, lambda: self._inbox, self.health)
        self._servers.append(open_admin(self.settings, servicer, self.service.name))

    def _open_servers(self) -> None:
        settings = self.settings
        lanes = {method.lane for method in self.chain.methods.values()}
        unary = [*handlers(self.chain, ""), self.health.handler(watch=False)]
        self._serve("", settings.threads, unary, None)
        streams = [*handlers(self.chain, "streams"), self.health.handler(watch=True)]
        made = self._serve("streams", settings.streams, streams, settings.streams)
        if settings.demo:
            names = (*self.proto_services, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, made)
        if "safety" in lanes:
            self._serve("safety", _SAFETY_THREADS, handlers(self.chain, "safety"), None)
        for opened in self._servers:
            opened.start()

    def _serve(
        self, lane: str, threads: int, generic: list[grpc.GenericRpcHandler], limit: int | None
    ) -> grpc.Server:
        address = self.settings.listen(self.service.name, lane)
        known = certificates(address, self.settings)
        pool = Pool(threads, self.service.name, lane)
        self._ends.append(pool.close)
        made = server(address, pool, generic, limit=limit, known=known)
        self._servers.append(made)
        return made

    def _become_ready(self) -> None:
        while not self._stop.is_set():
            try:
                self._prepare_storage()
            except Exception as error:
                log.warning("not_ready", service=self.service.name, error=repr(error))
                self._stop.wait(_RETRY_SECONDS)
                continue
            self._start_work()
            return

    def _prepare_storage(self) -> None:
        migrate(self.db, self.service.migrations)
        self.keeping_up.look()
        if self.settings.demo and self.service.seed is not None:
            self.service.seed(self.resources)

    def _start_work(self) -> None:
        self._ready.set()
        self.health.check()
        self._ends += observe_service(self.service.name, self.resources, self.health)
        self.chain.accesses.start()
        self.disclosures.start()
        self.chain.streams.start()
        if self.settings.relay:
            self._spawn("relay", lambda: self._relay.run(self._stop))
        self._spawn("sealer", lambda: Sealer(self.db).run(self._stop))
        self._spawn("timers", self._run_timers)
        kept = (*KEPT, *ALERTS_KEPT, *self.service.kept)
        self._spawn("retention", lambda: prune_each_hour(self.db, self._clock, kept, self._stop))
        if self.service.hookspecs is not None:
            self.terms.start()
            noted = PluginsNoted(self.resources.hooks, self.chain.accesses)
            self._spawn("plugins", lambda: noted.run(self._stop))
            self._spawn("keep-up", lambda: self.keeping_up.run(self._stop))
        self._spawn("consumers", self._consume)
        if isinstance(self.resources.relations, Relations):
            feed = RelationsFeed(self.resources.relations, self._bus, self._clock)
            self._spawn("relations", lambda: feed.run(self._stop))
        for loop in self.service.loops:
            self._spawn(loop.__name__, again_after_failing(loop, self.resources, self._stop))
        if self.service.http is not None:
            address = self.settings.listen(self.service.name, "http")
            app = Traced(self.service.http(self.resources), self.service.name)
            self._http = HttpSide(app, address, certificates(address, self.settings))
            self._spawn("http", self._http.run)
        log.info("ready", service=self.service.name)

    def _run_timers(self) -> None:
        made = self.service.timers
        found: Handlers = made(self.resources) if callable(made) else made
        sweep = {SWEEP_TIMER: erasure_timer(self.service.personal_data)}
        Timers(self.db, {**sweep, **found}, clock=self._clock, ids=self._ids).run(self._stop)

    def _make_inbox(self) -> Inbox:
        consumers = [*self.service.consumers, erasure_consumer(self.service.personal_data)]
        if isinstance(self.resources.relations, Relations):
            consumers.append(relation_consumer(self.resources.relations))
            if self._book is not None:
                copy = FromTheCopy(self.resources.relations)
                judge = self._authoriser(copy, self.chain.methods.values())
                consumers.append(answer_consumer(self._book, self.chain.methods, judge))
        return Inbox(self.db, self.service.name, consumers, clock=self._clock, ids=self._ids)

    def _consume(self) -> None:
        self._inbox = self._make_inbox()
        while not self._stop.is_set():
            try:
                self._subscribe(self._inbox)
                return
            except Exception as error:
                log.warning("bus_waits", service=self.service.name, error=repr(error))
                self._stop.wait(_RETRY_SECONDS)

    def _subscribe(self, inbox: Inbox) -> None:
        self._subscription = self._bus.subscribe(self.service.name, inbox.patterns, inbox.deliver)

    def _spawn(self, what: str, run: Callable[[], None]) -> None:
        self._threads.append(background(f"{self.service.name}-{what}", run))

    # -- health -----------------------------------------------------------------------------

    def _checks(self) -> dict[str, Callable[[], str]]:
        own = self.service.checks
        return {
            **(own(self.resources) if own else {}),
            "database": self._database_problem,
            "bus": lambda: "" if self._bus.ready() else "the bus can't be reached",
            "relations": self._relations_problem,
            "plugins": lambda: "; ".join(
                f"{n}: {why}" for n, why in self.resources.hooks.quarantined.items()
            ),
            "capabilities": self._missing,
        }

    def _missing(self) -> str:
        resources, package = self.resources, self.service.package
        gone = absent(self.service.capabilities, resources.hooks, resources.settings)
        return "; ".join(i18n.text(one.missing, "en", package) for one in gone)

    def _database_problem(self) -> str:
        with self.db.read() as conn:
            conn.execute(text("SELECT 1"))
        return "" if self._ready.is_set() else "not migrated yet"

    def _relations_problem(self) -> str:
        relations = self.resources.relations
        if not self._ready.is_set() or not isinstance(relations, Relations):
            return ""
        age = relations.age()
        return "" if age <= BOUND_SECONDS else f"last complete {age:.1f} s ago"

    # -- ending -----------------------------------------------------------------------------

    def stop_taking_calls(self) -> None:
        """Running calls end within the grace; streams are told to come back elsewhere."""
        self.health.drain()
        self.chain.streams.stop()
        ends = [opened.stop(self.settings.grace) for opened in self._servers]
        for end in ends:
            end.wait(self.settings.grace + 1)

    def stop_working(self) -> None:
        """Consumers, timers and loops end."""
        self._stop.set()
        self.db.wake_all()
        for thread in self._threads[:1]:
            # A start under way ends first: it opens what is closed below.
            thread.join(_ENDING_SECONDS)
        if self._inbox is not None:
            self._inbox.stop()
        if self._http is not None:
            self._http.stop()
        if self._subscription is not None:
            self._subscription.close()
        for thread in self._threads:
            thread.join(_ENDING_SECONDS)
        self.chain.accesses.stop()
        self.terms.stop()
        self.disclosures.stop()

    def flush(self) -> None:
        """What was committed leaves, if the bus is there; else it leaves at the next start."""
        try:
            if self._ready.is_set() and self.settings.relay:
                self._relay.flush()
        except Exception as error:
            log.warning("not_flushed", service=self.service.name, error=repr(error))

    def close(self) -> None:
        """Lets go of the database."""
        for end in self._ends:
            end()
        self.health.stop()
        self.resources.clients.close()
        self.resources.hooks.close()
        self.db.close()
        for lane in ("", "streams", "safety", "http", "admin"):
            self.settings.socket(self.service.name, lane).unlink(missing_ok=True)
