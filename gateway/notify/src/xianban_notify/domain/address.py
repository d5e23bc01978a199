"""Addresses as people write them, and how little of them is shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

EMAIL: Final = "email"
PHONE: Final = "phone"
WECOM: Final = "wecom"
WEBPUSH: Final = "webpush"
KINDS: Final = (EMAIL, PHONE, WECOM, WEBPUSH)

_LONGEST_LOCAL: Final = 64
_LABEL: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_MEMBER: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@")
_LOCAL: Final = _MEMBER - {"@"} | frozenset("+!#$%&'*/=?^`{|}~")
_PHONE_DIGITS: Final = 11


class AddressRefusedError(ValueError):
    """What was written is no address of its kind."""


def cleaned(kind: str, written: str) -> str:
    """The address in its one spelling; raises AddressRefusedError."""
    text = written.strip()
    readers: dict[str, Callable[[str], str]] = {EMAIL: _email, PHONE: _phone, WECOM: _member}
    fits = readers[kind](text)
    if not fits:
        raise AddressRefusedError(kind)
    return fits


def push_subscription(endpoint: str, p256dh: str, auth: str, *, allow_local: bool = False) -> str:
    """A browser's subscription as one text; the endpoint must be a host of the open network.

    The server posts to it: an address inside the district's network would be somebody's tool.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    local = allow_local and host in ("127.0.0.1", "localhost")
    open_host = parts.scheme == "https" and _domain(host) and not host.rpartition(".")[2].isdigit()
    if not (local or open_host) or parts.username or not endpoint.isascii():
        raise AddressRefusedError(WEBPUSH)
    kept = {"endpoint": endpoint, "p256dh": p256dh.rstrip("="), "auth": auth.rstrip("=")}
    return json.dumps(kept, sort_keys=True)


def hint(kind: str, value: str) -> str:
    """Enough for its owner to know it by."""
    if kind == EMAIL:
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain}"
    if kind == PHONE:
        return f"{value[:3]}****{value[-4:]}"
    if kind == WEBPUSH:
        endpoint: str = json.loads(value)["endpoint"]
        return urlsplit(endpoint).hostname or ""
    return f"{value[:2]}***"


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    fits = (
        bool(at)
        and 0 < len(local) <= _LONGEST_LOCAL
        and _LOCAL.issuperset(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and _domain(domain.lower())
    )
    return f"{local}@{domain.lower()}" if fits else ""


def _domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(
        0 < len(label) <= 63
        and _LABEL.issuperset(label)
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )


def _phone(text: str) -> str:
    digits = text.removeprefix("+86").replace(" ", "")
    fits = len(digits) == _PHONE_DIGITS and digits.isascii() and digits.isdigit()
    return digits if fits and digits.startswith("1") else ""


def _member(text: str) -> str:
    return text if 0 < len(text) <= 64 and _MEMBER.issuperset(text) else ""
