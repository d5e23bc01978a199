"""Where notifications may go: only where the district's settings say. Pure.

A rule is a host name ("hooks.example.org"), perhaps with a port, or an address or network
("10.20.0.0/16", "127.0.0.1:9000"). A name reaches public addresses only; to let it reach one of
an inner network, that network is listed, too: what a name resolves to is not the district's to
say, and must not open a way inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from xianban_sensing.domain.refusals import RefusedError

__all__ = ["Allowed", "read_endpoint", "rules_of"]

_ACCEPTED: Final = ("application/json", "application/ld+json")
_LONGEST: Final = 1000
_FIELD: Final = "notification.endpoint"


@dataclass(frozen=True, slots=True)
class _Rule:
    port: int | None
    name: str = ""
    network: IPv4Network | IPv6Network | None = None

    def takes(self, port: int) -> bool:
        return self.port in (None, port)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rules together."""

    rules: tuple[_Rule, ...] = ()

    def names(self, uri: str) -> bool:
        """Whether the endpoint's host, as it is written, may be asked for at all."""
        parts = urlsplit(uri)
        host, port = (parts.hostname or "").rstrip("."), port_of(parts)
        address = _address(host)
        if address is not None:
            return self._inside(address, port)
        return any(rule.name == host and rule.takes(port) for rule in self.rules)

    def reaches(self, address: str, port: int) -> bool:
        """Whether a connection may be made to what the host resolved to."""
        found = _address(address)
        return found is not None and (found.is_global or self._inside(found, port))

    def _inside(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        return any(
            rule.network is not None and address in rule.network and rule.takes(port)
            for rule in self.rules
        )


def rules_of(texts: Iterable[str]) -> Allowed:
    """Raises ValueError where one can't be read."""
    return Allowed(tuple(_rule(text.strip().lower()) for text in texts if text.strip()))


def _rule(text: str) -> _Rule:
    host, port = text, None
    head, colon, tail = text.rpartition(":")
    if colon and tail.isdecimal() and ("]" in head or ":" not in head):
        host, port = head, int(tail)
    bare = host.strip("[]")
    try:
        return _Rule(port, network=ip_network(bare))
    except ValueError:
        if "/" in bare or not bare or not bare.replace("-", "").replace(".", "").isalnum():
            raise ValueError(f"neither a host nor a network: {text!r}") from None
        return _Rule(port, name=bare)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    # ::ffff:127.0.0.1 is 127.0.0.1.
    return getattr(found, "ipv4_mapped", None) or found


def port_of(parts: SplitResult) -> int:
    """The port that the URI means."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def read_endpoint(given: Mapping[str, Any]) -> tuple[str, str]:
    """URI and media type of an endpoint that HTTP can reach."""
    for name in ("receiverInfo", "notifierInfo", "cooldown", "timeout"):
        if name in given:
            raise RefusedError("NOT_SUPPORTED", f"{_FIELD}.{name}")
    uri, accept = given.get("uri"), given.get("accept", _ACCEPTED[0])
    if accept not in _ACCEPTED:
        raise RefusedError("NOT_SUPPORTED", f"{_FIELD}.accept")
    if not isinstance(uri, str) or len(uri) > _LONGEST or not _is_web(uri):
        raise RefusedError("SUBSCRIPTION_MALFORMED", f"{_FIELD}.uri")
    return uri, accept


def _is_web(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        port_of(parts)
    except ValueError:
        return False
    plain = uri.isascii() and uri.isprintable() and " " not in uri and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
