"""What each layer of a call costs alone: CPU µs of its thread, in one process, no socket."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from xianban_parking.app import app
from xianban_sdk import telemetry
from xianban_sdk.clock import SystemClock
from xianban_sdk.demo import person_id
from xianban_sdk.ids import UlidIds
from xianban_sdk.rpc.chain import Chain, Incoming
from xianban_sdk.rpc.methods import Method
from xianban_sdk.rpc.validation import validate
from xianban_sdk.storage import CallInfo, open_unit_of_work
from xianban_sdk.storage.idempotency import RequestKey, claim, complete
from xianban_sdk.testing.harness import ServiceUnderTest, settings_for
from xianban_sdk.testing.issuer import TestIssuer
from xianban_sdk.testing.world import RelationsWorld

from bench.chain import Bare
from bench.work import KINDS, METHODS, Reservations, message

SERVICE = "/xianban.parking.v1.ParkingService/"
ROUNDS, CALLS = 7, 60
# Reservations fill the car parks: fewer of them.
FEW = 15


def cpu(work: Callable[[], object], calls: int = CALLS) -> float:
    """Median over rounds of the thread's own CPU time per call."""
    work()
    found: list[float] = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        for _ in range(calls):
            work()
        found.append((time.thread_time() - begin) / calls * 1_000_000)
    return round(statistics.median(found), 1)


def measure(directory: Path, database: str) -> dict[str, float]:
    """Starts parking alone with the demo's rows and takes it apart."""
    clock = SystemClock()
    settings = settings_for(
        directory / "layers",
        demo=True,
        log_file=str(directory / "layers.log"),
        database=database,
        broker="",
    )
    issuer, world = TestIssuer(clock), RelationsWorld(clock)
    service = ServiceUnderTest(
        app, settings, clock=clock, ids=UlidIds(clock), issuer=issuer, world=world
    )
    service.start()
    try:
        world.grant("daughter", "elder")
        return {**_admission(service), **_storage(service), **_whole(service)}
    finally:
        service.stop()


def _admission(service: ServiceUnderTest) -> dict[str, float]:
    chain, token = service.service.chain, service.token("resident")
    method = _method(chain, "reserve")
    raw = message("reserve", _wishes()).SerializeToString()
    verifier, authoriser = chain._verifier, chain._authoriser
    person, daughter = verifier.verify(token), verifier.verify(service.token("daughter"))
    me, elder = person_id("resident"), person_id("elder")

    def verify_anew() -> None:
        verifier.forget()
        verifier.verify(token)

    def decide_anew() -> None:
        authoriser._policy.forget()
        authoriser.authorise(method.rule, person, me)

    decoded = method.decode(raw)
    return {
        "decode (reserve)": cpu(lambda: method.decode(raw)),
        "token, verified anew (ES256)": cpu(verify_anew),
        "token, remembered": cpu(lambda: verifier.verify(token)),
        "access rule + Cedar, own data, decided anew": cpu(decide_anew),
        "access rule + Cedar, own data, remembered": cpu(
            lambda: authoriser.authorise(method.rule, person, me)
        ),
        "access rule + relations + Cedar, for a relative": cpu(
            lambda: authoriser.authorise(method.rule, daughter, elder)
        ),
        "field rules (protovalidate, reserve)": cpu(lambda: validate(decoded)),
        "span + log line + duration": cpu(_observed),
    }


def _observed() -> None:
    active, token = telemetry.start("bench", kind=telemetry.SERVER)
    telemetry.access_line("call", {"service": "parking", "rpc": "GetLot", "code": "OK", "ms": 1.0})
    telemetry.end(active, token)


def _storage(service: ServiceUnderTest) -> dict[str, float]:
    db, clock = service.db, service.resources.clock
    ids, cipher = service.resources.ids, service.resources.cipher
    me = person_id("resident")
    info = CallInfo(me, me, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")

    def empty() -> None:
        with open_unit_of_work(db, clock=clock, ids=ids, call=info):
            pass

    def audited() -> None:
        with open_unit_of_work(db, clock=clock, ids=ids, call=info) as uow:
            uow.audit("GetReservation", me, "allowed", "self")

    def idempotent() -> None:
        with open_unit_of_work(db, clock=clock, ids=ids, call=info) as uow:
            key = RequestKey(me, "bench", ids.new())
            claim(uow.conn, key, b"body", clock.now())
            complete(uow.conn, key, cipher.encrypt(b"x" * 600, b"idempotency"))

    accesses = service.service.chain.accesses
    begun = cpu(empty)
    return {
        "transaction, empty": begun,
        "commit with an audit row": round(cpu(audited) - begun, 1),
        "idempotency (claim + sealed answer)": round(cpu(idempotent) - begun, 1),
        "audit of a look at others' data (own commit)": cpu(
            lambda: accesses.record(info, "GetReservation", "allowed", "family", wait=True)
        ),
    }


def _whole(service: ServiceUnderTest) -> dict[str, float]:
    chain, bare = service.service.chain, Bare(service.db)
    found: dict[str, float] = {}
    wishes = _wishes()
    for kind in KINDS:
        # A token lasts some minutes only.
        headers: dict[str, Any] = {"authorization": f"Bearer {service.token('resident')}"}
        raw = message(kind, wishes).SerializeToString()
        path = SERVICE + METHODS[kind]
        answer = chain.unary(path, raw, Incoming(headers))
        found[f"encode ({kind})"] = cpu(answer.SerializeToString)
        fresh = partial(_raw, kind, raw, wishes)
        pairs = [_pair(chain, bare, kind, fresh, headers) for _ in range(5)]
        found[f"handler, SQL and encoding ({kind})"] = statistics.median(p[0] for p in pairs)
        found[f"whole chain, handler included ({kind})"] = statistics.median(p[1] for p in pairs)
        found[f"chain ÷ bare, no socket ({kind})"] = round(
            statistics.median(p[1] / p[0] for p in pairs), 2
        )
    return found


def _pair(
    chain: Chain, bare: Bare, kind: str, raw: Callable[[], bytes], headers: dict[str, Any]
) -> tuple[float, float]:
    handler: Callable[[bytes, object], bytes] = getattr(bare, kind)
    path = SERVICE + METHODS[kind]
    calls = FEW if kind == "reserve" else CALLS
    asked = cpu(raw)
    alone = cpu(lambda: handler(raw(), None), calls)
    whole = cpu(lambda: chain.unary(path, raw(), Incoming(headers)).SerializeToString(), calls)
    return alone - asked, whole - asked


def _raw(kind: str, fixed: bytes, wishes: Reservations) -> bytes:
    """Every reservation is another one."""
    return message(kind, wishes).SerializeToString() if kind == "reserve" else fixed


def _wishes() -> Reservations:
    return Reservations(person_id("resident"), "layers")


def _method(chain: Chain, kind: str) -> Method:
    return chain.methods[SERVICE + METHODS[kind]]
