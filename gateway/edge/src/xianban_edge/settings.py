"""What the edge is told: where to listen, whom to reach, how much to let through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Lane = Literal["unary", "streams", "safety"]
LANES: tuple[Lane, ...] = ("unary", "streams", "safety")


@dataclass(frozen=True)
class Address:
    """A Unix socket (`unix:/run/x.sock`) or `host:port`."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Address:
        if text.startswith("unix:"):
            return cls(path=text.removeprefix("unix:"))
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"not an address: {text!r}; expected unix:<path> or host:port")
        return cls(host=host.strip("[]"), port=int(port))

    @classmethod
    def parse_all(cls, text: str) -> tuple[Address, ...]:
        """Several, separated by commas."""
        return tuple(cls.parse(part.strip()) for part in text.split(","))


@dataclass(frozen=True)
class EdgeService:
    """A domain behind the edge: its name is the audience its tokens must carry.

    `addresses` may list several processes per lane; Envoy spreads calls over them.
    """

    name: str
    addresses: Mapping[Lane, tuple[Address, ...]]


@dataclass(frozen=True)
class Facade:
    """A path prefix whose local replies keep a standard's own error form.

    `body` is an Envoy JSON format: `{status}` and `{message}` stand for the code and the text.
    """

    prefix: str
    body: Mapping[str, str]
    content_type: str = "application/json"


OAUTH = Facade("/oauth2", {"error": "temporarily_unavailable", "error_description": "{message}"})
APDS = Facade("/apds/v4", {"status": "{status}", "message": "{message}"})
NGSI_LD = Facade(
    "/ngsi-ld/v1",
    # Problem details have a number here, which Envoy writes by itself.
    {"type": "about:blank", "title": "{message}", "status": "%RESPONSE_CODE%"},
    "application/problem+json",
)


@dataclass(frozen=True)
class Limits:
    """Bounds of what strangers may ask; generous for a district's gateway."""

    requests_per_second: int = 5_000
    client_requests_per_second: int = 500
    body_bytes: int = 1 << 20
    import_body_bytes: int = 32 << 20
    header_kilobytes: int = 32
    headers: int = 100
    connections: int = 10_000
    streams_per_connection: int = 100
    requests_per_connection: int = 10_000
    # One call in four hundred reset early is a client giving up; five hundred are an attack.
    early_resets: int = 500
    unary_seconds: int = 15
    import_seconds: int = 120
    stream_idle_seconds: int = 3_600


@dataclass(frozen=True)
class EdgeSettings:
    """Everything Envoy's configuration is made from, besides the descriptors and the services."""

    run: Path
    public_url: str = "http://127.0.0.1:8080"
    bind: Address = field(default_factory=lambda: Address(host="127.0.0.1", port=8080))
    identity_http: tuple[Address, ...] = ()
    portal: Address | None = None
    tls_certificate: str = ""
    tls_key: str = ""
    origins: tuple[str, ...] = ()
    otlp: str = ""
    otlp_logs: bool = True
    # ca.crt, tls.crt and tls.key for the processes behind; empty: they are on sockets or loopback.
    inside_tls: str = ""
    # host:port that answers GET /ready and /stats/prometheus to a cluster's own; empty: nobody.
    probe: Address | None = None
    # The service that answers server reflection (demo districts only); empty: no reflection.
    reflection: str = ""
    # Proxies in front whose X-Forwarded-For entries are believed.
    trusted_hops: int = 0
    # Share of calls without a caller's own decision that are traced.
    trace_percent: float = 100.0
    jwks_path: str = "/oauth2/jwks"
    # A new key is known this long after identity publishes it, so it must be published before use.
    jwks_seconds: int = 10
    # Envoy's worker threads; the hot-reload and drain promises hold for any number.
    concurrency: int = 1
    # gRPC paths that take long bodies and longer time, besides those with google.api.HttpBody.
    imports: tuple[str, ...] = ()
    facades: tuple[Facade, ...] = (OAUTH, APDS, NGSI_LD)
    limits: Limits = field(default_factory=Limits)

    @property
    def folder(self) -> Path:
        """Where Envoy's files lie."""
        return self.run / "edge"

    @property
    def admin(self) -> Path:
        return self.run / "edge-admin.sock"

    def with_limits(self, **changes: int) -> EdgeSettings:
        return replace(self, limits=replace(self.limits, **changes))


_SUFFIX: dict[Lane, str] = {"unary": "", "streams": "-streams", "safety": "-safety"}


def edge_services(
    names: Iterable[str], run: Path, environ: Mapping[str, str]
) -> tuple[EdgeService, ...]:
    """The services by name: sockets under `run`, or where `XIANBAN_<SERVICE>_ADDR` says.

    `XIANBAN_<SERVICE>_STREAMS_ADDR` and `…_SAFETY_ADDR` name the other lanes; without them a
    service given by address takes all lanes on the one. Several addresses: comma-separated.
    """
    return tuple(
        EdgeService(name, {lane: _addresses(name, lane, run, environ) for lane in LANES})
        for name in sorted(set(names))
    )


def _addresses(name: str, lane: Lane, run: Path, environ: Mapping[str, str]) -> tuple[Address, ...]:
    prefix = f"XIANBAN_{name.upper().replace('-', '_')}"
    whole = environ.get(f"{prefix}_ADDR", "")
    one = whole if lane == "unary" else environ.get(f"{prefix}_{lane.upper()}_ADDR", whole)
    given = one or f"unix:{run / f'{name}{_SUFFIX[lane]}.sock'}"
    return Address.parse_all(given)
