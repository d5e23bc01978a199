"""Settings of a process. Precedence: flag > environment (``XIANBAN_…``) > file > default."""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

__all__ = ["Settings", "address_variable"]

_PREFIX: Final = "XIANBAN_"
# sun_path holds 108 bytes; the longest name we append is "/identity-streams.sock".
_LONGEST_RUN: Final = 75
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 - recognised, not bound
_HOME: Final = "127.0.0.1"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a process is told from outside; nothing else reads the environment."""

    # Databases, keys, blobs. Kept between runs.
    data: Path = field(default_factory=lambda: Path("data"))
    # Sockets and pid files; a short path, because socket names are bounded.
    run: Path = field(default_factory=lambda: Path())
    # Workload keys and the installation's secrets; may be mounted read-only. "" = data/keys.
    keys: Path = field(default_factory=lambda: Path())
    # ca.crt, tls.crt and tls.key of this process; needed where processes meet over a network.
    tls: str = ""
    # host:port of a plain gRPC health server and nothing more, for a kubelet; "" = none.
    probe: str = ""
    # "" = one SQLite file per service under data.
    database: str = ""
    # "" = the in-process bus.
    broker: str = ""
    # MQTT broker, mqtt(s)://[user:secret@]host:port; "#v3" for one that speaks 3.1.1 only.
    # "" = the embedded one.
    mqtt: str = ""
    # Where the embedded broker listens.
    mqtt_listen: str = "127.0.0.1:1883"
    # PEM files. With certificate and key the embedded broker speaks TLS alone; the CA is whom we
    # believe about the broker's certificate, "" = whom the system believes.
    mqtt_cert: str = ""
    mqtt_key: str = ""
    mqtt_ca: str = ""
    # The public base URL; also the token issuer.
    issuer: str = "http://127.0.0.1:8080"
    # The same gateway as processes of ours reach it, e.g. "http://edge:8080"; "" = by the issuer.
    gateway: str = ""
    # OTLP endpoint; "" = no export.
    otlp: str = ""
    # The same collector over HTTP, for the delivery worker; "" = otlp's host at 4318, if otlp is
    # at 4317 or 4318.
    otlp_http: str = ""
    # Whether log lines go there, too; not where the collector reads them from the containers.
    otlp_logs: bool = True
    demo: bool = True
    # Whether services relay their own outboxes; else `xianban relay` does, on PostgreSQL.
    relay: bool = True
    district: str = "310120"
    seed: int = 310120
    # Share of normal calls that are traced; errors and the safety lane always are.
    trace_sample: float = 1.0
    log_level: str = "info"
    # "" = stderr.
    log_file: str = ""
    # One CPU per service process: threads then do not hand the GIL between cores.
    pin: bool = True
    threads: int = 4
    streams: int = 64
    # Seconds a call may take when its client named no deadline.
    deadline: float = 5.0
    # Seconds that running calls get to finish at shut-down.
    grace: float = 5.0
    # Seconds between "not serving" and the first refused call, so that callers can look away.
    drain: float = 0.3
    # Where plugins run, e.g. "parking-lpr=1" or "*=1": 1 is a process of its own,
    # "acme=2@unix:/run/acme.sock" one that somebody else runs (`xianban plugin serve`).
    plugin_tiers: str = ""
    # What must confine such a process, e.g. "landlock,seccomp"; "" = all that this machine gives.
    plugin_require: str = ""
    # ca.crt, tls.crt and tls.key for plugins over TCP; "" = Unix sockets alone.
    plugin_tls: str = ""
    # host:port of the own network that plugins may reach, if their manifests name them.
    plugin_private_hosts: str = ""
    # The id of a plugin whose calls are logged with what they carry; heeded in a demo alone.
    plugin_watch: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", self.data.absolute())
        object.__setattr__(self, "run", _run_directory(self.run, self.data))
        keys = self.data / "keys" if self.keys == Path() else self.keys.absolute()
        object.__setattr__(self, "keys", keys)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        file: Path | None = None,
    ) -> Self:
        """Reads file, environment and flags; a flag of None counts as not given."""
        environ = os.environ if environ is None else environ
        named = environ.get(f"{_PREFIX}CONFIG", "")
        path = file or (Path(named) if named else None)
        values: dict[str, Any] = tomllib.loads(path.read_text("utf-8")) if path else {}
        names = {item.name for item in fields(cls)}
        values = {name: value for name, value in values.items() if name in names}
        values |= {n: said for n in names if (said := _said(n, environ)) is not None}
        values |= {n: v for n, v in (flags or {}).items() if n in names and v is not None}
        return cls(
            **{
                item.name: _typed(item.name, item.type, values[item.name])
                for item in fields(cls)
                if item.name in values
            }
        )

    def address(self, service: str, lane: str = "") -> str:
        """Where a service's server of a lane ("", "streams", "safety", "http") is reached."""
        return _variable(service, lane, "ADDR") or f"unix:{self.socket(service, lane)}"

    def listen(self, service: str, lane: str = "") -> str:
        """Where that server listens: XIANBAN_<SERVICE>_LISTEN in containers, else its socket."""
        return _variable(service, lane, "LISTEN") or f"unix:{self.socket(service, lane)}"

    def socket(self, service: str, lane: str = "") -> Path:
        """The Unix socket of a service's server."""
        return self.run / (f"{service}-{lane}.sock" if lane else f"{service}.sock")

    def inside(self, url: str) -> str:
        """A public address of ours as a process of ours reaches it: a container's 127.0.0.1 is
        not its host's."""
        public = self.issuer.rstrip("/")
        if self.gateway and url.startswith(f"{public}/"):
            return self.gateway.rstrip("/") + url.removeprefix(public)
        return url

    @property
    def mqtt_url(self) -> str:
        """The broker that the uplink speaks to."""
        if self.mqtt:
            return self.mqtt
        scheme = "mqtts" if self.mqtt_cert else "mqtt"
        host, _, port = self.mqtt_listen.rpartition(":")
        # A broker that listens everywhere is met at home; its certificate names 127.0.0.1, too.
        return f"{scheme}://{_HOME if host in _EVERYWHERE else host}:{port}#v3"


def _said(name: str, environ: Mapping[str, str]) -> str | None:
    """XIANBAN_<NAME>, or the file that XIANBAN_<NAME>_FILE names: secrets are mounted as files."""
    variable = _PREFIX + name.upper()
    named = environ.get(f"{variable}_FILE", "")
    if environ.get(variable) or not named:
        return environ.get(variable)
    return Path(named).read_text("utf-8").strip()


def address_variable(service: str, lane: str, what: str) -> str:
    """Names a lane's address: ADDR is where it is reached, LISTEN where it listens."""
    name = "-".join(part for part in (service, lane, what) if part)
    return _PREFIX + name.upper().replace("-", "_")


def _variable(service: str, lane: str, what: str) -> str:
    return os.environ.get(address_variable(service, lane, what), "")


def _run_directory(run: Path, data: Path) -> Path:
    chosen = run if run != Path() else data / "run"
    chosen = chosen.absolute()
    if len(str(chosen)) <= _LONGEST_RUN:
        return chosen
    digest = hashlib.sha256(str(chosen).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"xianban-{os.getuid()}-{digest}"


def _typed(name: str, kind: Any, value: Any) -> Any:
    if kind == "bool":
        return value if isinstance(value, bool) else _boolean(name, str(value))
    try:
        return {"Path": Path, "int": int, "float": float, "str": str}[kind](value)
    except ValueError as error:
        raise ValueError(f"{_PREFIX}{name.upper()} must be {kind}, not {value!r}") from error


def _boolean(name: str, value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ValueError(f"{_PREFIX}{name.upper()} must be 1 or 0, not {value!r}")
