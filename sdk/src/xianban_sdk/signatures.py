"""Signed messages between machines: HMAC-SHA256 over time and body, in one header.

Header: `x-xianban-signature: t=1763870000,v1=<hex>`, where the hex is HMAC-SHA256 of
`<t>.<body>`. A message outside the time window is refused, so a copy is of no use later; inside the
window the receiver's own ids (event, callback, order) make a repeat harmless.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from xianban_sdk.settings import Settings

__all__ = ["HEADER", "OF_THE_SUITE", "WINDOW", "installed_secret", "known_secret", "sign", "verify"]

HEADER: Final = "x-xianban-signature"
WINDOW: Final = timedelta(minutes=5)
# Secrets of the suite itself: no plugin may be called so and be handed one for its own.
OF_THE_SUITE: Final = frozenset(
    {"master", "master-lookup", "master-next", "master-retired", "mqtt-uplink", "notify-receipts"}
)
_SHORTEST: Final = 16
_LONGEST_HEADER: Final = 512


def sign(secret: bytes, body: bytes, now: datetime) -> str:
    """The header's value for a body sent now."""
    stamp = str(int(now.timestamp()))
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def verify(
    secret: bytes,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    window: timedelta = WINDOW,
) -> None:
    """Raises PermissionError unless the body was signed with the secret within the window."""
    stamp, digest = _parts(_header(headers))
    if not hmac.compare_digest(digest.encode(), _digest(secret, stamp, body).encode()):
        raise PermissionError("the signature does not hold")
    sent = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - sent) > window:
        raise PermissionError("the signature is too old or from the future")


def installed_secret(name: str, settings: Settings | None = None) -> bytes:
    """This installation's secret of that name: XIANBAN_SECRET_<NAME>, else a file made once.

    The file ``<name>.secret`` lies with the installation's keys (XIANBAN_KEYS, also mounted
    read-only), readable by its owner alone; sender and receiver on one machine share it, and no
    secret is ever known from the source code.
    """
    variable = _variable(name)
    given = os.environ.get(variable, "").encode()
    if given:
        return _long_enough(given, variable)
    path = (settings or Settings.load()).keys / f"{name}.secret"
    if not path.exists():
        _create_or_say(path, name)
    return _long_enough(path.read_bytes().strip(), str(path))


def known_secret(name: str, settings: Settings) -> bytes | None:
    """The same, but never made: None where there is none."""
    there = os.environ.get(_variable(name)) or (settings.keys / f"{name}.secret").is_file()
    return installed_secret(name, settings) if there else None


def _create_or_say(path: Path, name: str) -> None:
    """Where the keys are mounted read-only nobody makes one in passing: replicas would differ."""
    try:
        _create(path)
    except OSError as error:
        raise ValueError(
            f"no secret {name}: {path} is not there and can't be made ({error.strerror}); "
            f"make it by `xianban keys --secret {name}`, or give {_variable(name)}"
        ) from error


def _variable(name: str) -> str:
    return "XIANBAN_SECRET_" + name.upper().replace("-", "_")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    try:
        # A link fails when another process was first; its secret then holds for both.
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _long_enough(secret: bytes, where: str) -> bytes:
    if len(secret) < _SHORTEST:
        raise ValueError(f"{where}: a secret has at least {_SHORTEST} bytes")
    return secret


def _digest(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _header(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if name.lower() == HEADER:
            return value[:_LONGEST_HEADER]
    raise PermissionError(f"no {HEADER} header")


def _parts(value: str) -> tuple[str, str]:
    pairs = (part.strip().partition("=") for part in value.split(","))
    parts = {name: rest for name, _, rest in pairs}
    stamp, digest = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdigit() and 0 < len(stamp) <= 11 and digest.isascii()):
        raise PermissionError("the signature header is malformed")
    return stamp, digest
