"""How the suite's own processes prove to each other who they are: mutual TLS over TCP.

A Unix socket is guarded by its directory and stays plain, as does the machine's own loopback while
no certificates are given. Any other address is spoken to, and listened on, with certificates only:
``XIANBAN_TLS`` is a directory with ``ca.crt``, ``tls.crt`` and ``tls.key`` (as cert-manager and
`kubectl create secret tls` name them). A certificate is made out to ``<process>.xianban.internal``;
plugins' certificates (two labels before the domain) and their hosts' are none of these.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import httpx

from xianban_sdk import telemetry
from xianban_sdk.in_turn import InTurn
from xianban_sdk.settings import Settings

__all__ = [
    "Certificates",
    "TlsRequired",
    "carry_trace",
    "certificates",
    "http_options",
    "is_workload",
    "pick_channel",
    "refuse_in_the_clear",
    "workload_name",
]

# .internal is nobody's on the Internet; nothing resolves these names.
_DOMAIN: Final = "xianban.internal"
_NOT_A_WORKLOAD: Final = "plugin-host"
_FILES: Final = ("ca.crt", "tls.key", "tls.crt")
_UNIX: Final = "unix:"
_LOCALHOST: Final = "localhost"
_NAMES: Final = "x509_subject_alternative_name"
# Mounted secrets change seldom; a handshake does not pay for a look at each of the files.
_LOOK_EACH: Final = 5.0


class TlsRequired(ValueError):
    """Others could listen at this address, and no certificates were given."""


@dataclass(frozen=True, slots=True)
class Pem:
    """The files' content, all of one moment."""

    ca: bytes
    key: bytes
    certificate: bytes


class Certificates:
    """A directory of certificates, read again when its files were replaced."""

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._looked = monotonic()
        self._lock = threading.Lock()
        self._stamp = self._stat()
        self._pem = self._read()
        # Counts what was read; channels and contexts made from an older one are made anew.
        self.generation = 0

    def pem(self) -> Pem:
        """What holds now. Files that can't be read are an OSError at the start alone."""
        with self._lock:
            if self._monotonic() - self._looked >= _LOOK_EACH:
                self._looked = self._monotonic()
                self._renew()
            return self._pem

    def current(self) -> int:
        """The generation that holds now."""
        self.pem()
        return self.generation

    def server(self) -> grpc.ServerCredentials:
        """For a gRPC server that admits those alone whom the CA knows."""
        held = [self.generation]

        def fetch() -> Any:
            pem = self.pem()
            if held[0] == self.generation:
                return None  # grpc goes on with what it has
            held[0] = self.generation
            return _configuration(pem)

        return grpc.dynamic_ssl_server_credentials(
            _configuration(self.pem()), fetch, require_client_authentication=True
        )

    def channel(self) -> grpc.ChannelCredentials:
        """For a channel; it keeps them as long as it lives."""
        pem = self.pem()
        return grpc.ssl_channel_credentials(pem.ca, pem.key, pem.certificate)

    def http_server(self) -> ssl.SSLContext:
        """For an HTTP server; what was replaced holds from the next handshake on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        renew = self._loader(context)
        context.sni_callback = lambda _socket, _name, _context: renew()
        return context

    def http_client(self) -> tuple[ssl.SSLContext, Callable[[], None]]:
        """For an HTTP client, and what takes over replaced files before a request."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return context, self._loader(context)

    def _loader(self, context: ssl.SSLContext) -> Callable[[], None]:
        loaded = [-1]

        def load() -> None:
            pem = self.pem()
            if loaded[0] == self.generation:
                return
            context.load_verify_locations(cadata=pem.ca.decode())
            context.load_cert_chain(self._directory / "tls.crt", self._directory / "tls.key")
            loaded[0] = self.generation

        load()
        return load

    def _renew(self) -> None:
        try:
            stamp = self._stat()
            if stamp == self._stamp:
                return
            self._pem, self._stamp = self._read(), stamp
        except OSError:
            return  # being replaced: the next look finds them
        self.generation += 1

    def _stat(self) -> tuple[tuple[int, int], ...]:
        found = [(self._directory / name).stat() for name in _FILES]
        return tuple((each.st_mtime_ns, each.st_ino) for each in found)

    def _read(self) -> Pem:
        return Pem(*((self._directory / name).read_bytes() for name in _FILES))


class _Known:
    """One per directory: all of a process's servers and channels see the same change."""

    by_directory: Final[dict[str, Certificates]] = {}
    lock: Final = threading.Lock()


def certificates(address: str, settings: Settings) -> Certificates | None:
    """The certificates to use at ``unix:PATH`` or ``host:port``; None where none are needed.

    TlsRequired where others could listen and there are none.
    """
    if address.startswith(_UNIX):
        return None
    if settings.tls:
        with _Known.lock:
            if settings.tls not in _Known.by_directory:
                _Known.by_directory[settings.tls] = Certificates(Path(settings.tls))
            return _Known.by_directory[settings.tls]
    refuse_in_the_clear(address)
    return None


def refuse_in_the_clear(address: str) -> None:
    """TlsRequired unless the address is a Unix socket or the machine's own loopback."""
    if address.startswith(_UNIX) or all(_is_loopback(one) for one in address.split(",")):
        return
    raise TlsRequired(
        f"{address} is reached over a network: XIANBAN_TLS names a directory with "
        f"{', '.join(sorted(_FILES))}"
    )


def _is_loopback(address: str) -> bool:
    host = address.strip().rpartition(":")[0].strip("[]")
    try:
        return host == _LOCALHOST or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def workload_name(process: str) -> str:
    """The DNS name that a process's certificate carries."""
    return f"{process}.{_DOMAIN}"


# What grpc gives; its stubs say bytes where it gives lists of them.
AuthContext = Mapping[str, Any]


def is_workload(auth_context: AuthContext) -> bool:
    """Whether a caller is a process of the suite; one that comes without TLS was let in before."""
    if not auth_context.get("transport_security_type", (b"",))[0].startswith(b"ssl"):
        return True
    names: Sequence[bytes] = auth_context.get(_NAMES, ())
    return any(_names_a_workload(name.decode("ascii", "replace")) for name in names)


def _names_a_workload(name: str) -> bool:
    label, _, rest = name.partition(".")
    return rest == _DOMAIN and bool(label) and label != _NOT_A_WORKLOAD


def pick_channel(
    address: str,
    process: str,
    settings: Settings,
    options: Sequence[tuple[str, Any]],
    plain: Callable[..., Any] = grpc.insecure_channel,
    secure: Callable[..., Any] = grpc.secure_channel,
) -> Any:
    """A channel to a process's server: plain where that is safe, else proven at both ends.

    ``plain`` and ``secure`` are grpc's own constructors, or grpc.aio's.
    """
    known, target = certificates(address, settings), _target(address)
    if known is None:
        return plain(target, options=options)
    named = ("grpc.ssl_target_name_override", workload_name(process))
    return secure(target, known.channel(), options=[*options, named])


def _target(address: str) -> str:
    """Several processes, separated by commas, as grpc spells them: each an IPv4 address."""
    if "," not in address:
        return address
    return "ipv4:" + ",".join(one.strip() for one in address.split(","))


def http_options(
    address: str, process: str, settings: Settings
) -> tuple[dict[str, Any], Callable[[httpx.Request], None]]:
    """What an httpx client is made with for a process at ``host:port``, and its request hook.

    Several addresses, separated by commas, are asked in turn.
    """
    hosts = address.removeprefix("http://").split(",")
    known = certificates(address.removeprefix("http://"), settings)
    if known is None:
        return _way("http", hosts, verify=True), carry_trace
    context, renew = known.http_client()

    def prepare(request: httpx.Request) -> None:
        renew()
        carry_trace(request)
        # The name that the certificate must carry, wherever the process runs.
        request.extensions["sni_hostname"] = workload_name(process)

    return _way("https", hosts, verify=context), prepare


def _way(scheme: str, hosts: Sequence[str], verify: ssl.SSLContext | bool) -> dict[str, Any]:
    base_url = f"{scheme}://{hosts[0].strip()}"
    if len(hosts) == 1:
        return {"base_url": base_url, "verify": verify}
    return {"base_url": base_url, "transport": InTurn(hosts, verify)}


def carry_trace(request: httpx.Request) -> None:
    """The trace goes on at the other process; a request hook of httpx."""
    here = telemetry.current()
    if here is not None:
        request.headers["traceparent"] = here.traceparent


def _configuration(pem: Pem) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pem.key, pem.certificate)], pem.ca)
