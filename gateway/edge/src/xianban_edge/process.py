"""The edge as a process of the suite: `xianban process edge`, run by the supervisor.

SIGTERM and SIGINT drain and stop. SIGHUP takes over newly installed services and descriptors.
Environment, besides the suite's own: `XIANBAN_EDGE_LISTEN` (host:port), `…_ORIGINS`,
`…_TLS_CERTIFICATE`, `…_TLS_KEY`, `…_SERVICES` (names; else those installed), `…_TRUSTED_HOPS`,
`…_CONCURRENCY`, and one variable per field of `Limits`, such as `XIANBAN_EDGE_BODY_BYTES`.
"""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Mapping
from dataclasses import fields
from importlib import invalidate_caches
from importlib.metadata import entry_points

from xianban_sdk.settings import Settings

from xianban_edge.descriptors import Catalogue, descriptor_file, read
from xianban_edge.run import Edge, EdgeFailed
from xianban_edge.settings import Address, EdgeService, EdgeSettings, Limits, edge_services

_PREFIX = "XIANBAN_EDGE_"
_SECONDS_BETWEEN_LOOKS = 0.5


def main(settings: Settings) -> None:
    """Runs Envoy until told to stop; raises `EdgeFailed` when Envoy ends by itself."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda given, _frame: signals.put(given))
    edge = Edge(edge_settings(settings, os.environ), installed(settings), _descriptors())
    edge.start()
    try:
        _serve(edge, settings, signals)
    finally:
        edge.stop(settings.grace)


def _serve(edge: Edge, settings: Settings, signals: queue.SimpleQueue[int]) -> None:
    while True:
        try:
            number = signals.get(timeout=_SECONDS_BETWEEN_LOOKS)
        except queue.Empty:
            if not edge.alive():
                raise EdgeFailed(f"Envoy ended: {edge.log_tail()}") from None
            continue
        if number != signal.SIGHUP:
            return
        edge.reload(installed(settings), _descriptors())


def installed(settings: Settings) -> tuple[EdgeService, ...]:
    """The services found by entry point `xianban.services`, or those of `XIANBAN_EDGE_SERVICES`.

    An image of the edge alone has no service installed; the protos' descriptors it has.
    """
    invalidate_caches()
    names = set(os.environ.get(f"{_PREFIX}SERVICES", "").replace(",", " ").split())
    names = names or {point.name for point in entry_points(group="xianban.services")}
    return edge_services(names, settings.run, os.environ)


def _descriptors() -> Catalogue:
    return read(descriptor_file().read_bytes())


def edge_settings(settings: Settings, environ: Mapping[str, str]) -> EdgeSettings:
    def said(name: str, default: str = "") -> str:
        return environ.get(_PREFIX + name, default)

    return EdgeSettings(
        run=settings.run,
        public_url=settings.issuer.rstrip("/"),
        bind=Address.parse(said("LISTEN", "127.0.0.1:8080")),
        identity_http=Address.parse_all(settings.address("identity", "http")),
        portal=Address.parse(settings.address("portal")),
        tls_certificate=said("TLS_CERTIFICATE"),
        tls_key=said("TLS_KEY"),
        origins=tuple(part.strip() for part in said("ORIGINS").split(",") if part.strip()),
        inside_tls=settings.tls,
        probe=Address.parse(settings.probe) if settings.probe else None,
        otlp=settings.otlp,
        otlp_logs=settings.otlp_logs,
        trace_percent=100 * settings.trace_sample,
        reflection=_reflecting() if settings.demo else "",
        trusted_hops=int(said("TRUSTED_HOPS", "0")),
        concurrency=int(said("CONCURRENCY", "1")),
        limits=_limits(environ),
    )


def _limits(environ: Mapping[str, str]) -> Limits:
    names = [one.name for one in fields(Limits)]
    given = {name: environ.get(_PREFIX + name.upper()) for name in names}
    return Limits(**{name: int(value) for name, value in given.items() if value})


def _reflecting() -> str:
    """Reflection has one path for all services, so one of them must answer it."""
    names = sorted(point.name for point in entry_points(group="xianban.services"))
    return "parking" if "parking" in names else next(iter(names), "")
