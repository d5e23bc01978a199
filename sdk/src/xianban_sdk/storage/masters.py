"""The installation's master secret, and its change while the suite runs.

Three steps, each followed by a restart of every process, one after the other: a `next` one is known
everywhere, then it becomes the current one and the old one `retired`, then nothing needs that any
more. What people are found by (keyed hashes) follows the first secret for good, kept as `lookup`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from xianban_sdk.settings import Settings
from xianban_sdk.signatures import installed_secret, known_secret
from xianban_sdk.storage.keys import Keyring

__all__ = ["RotationRefused", "begin", "end", "installed_keyring", "promote", "step"]

_CURRENT: Final = "master"
_NEXT: Final = "master-next"
_RETIRED: Final = "master-retired"
_LOOKUP: Final = "master-lookup"


class RotationRefused(RuntimeError):
    """Why the step is not the next one."""


def installed_keyring(settings: Settings) -> Keyring:
    """What a process installs at its start."""
    current = installed_secret(_CURRENT, settings)
    others = (known_secret(name, settings) for name in (_NEXT, _RETIRED))
    known = tuple(each for each in others if each is not None)
    return Keyring.derive(current, *known, lookup=known_secret(_LOOKUP, settings) or current)


def step(settings: Settings) -> str:
    """Where a change stands: "", "begun" or "promoted"."""
    if _path(_NEXT, settings).exists():
        return "begun"
    return "promoted" if _path(_RETIRED, settings).exists() else ""


def begin(settings: Settings) -> None:
    """A next secret, which nothing encrypts with yet."""
    if found := step(settings):
        raise RotationRefused(f"a change is under way already: {found}")
    old = installed_secret(_CURRENT, settings)
    if not _path(_LOOKUP, settings).exists():
        _write(_path(_LOOKUP, settings), old)
    _write(_path(_NEXT, settings), secrets.token_hex(32).encode())


def promote(settings: Settings) -> None:
    """The next one encrypts from each process's next start on; the old one still decrypts."""
    if step(settings) != "begun":
        raise RotationRefused("no change was begun")
    # Whoever starts between two of these knows both all the same.
    _write(_path(_RETIRED, settings), installed_secret(_CURRENT, settings))
    _path(_NEXT, settings).replace(_path(_CURRENT, settings))


def end(settings: Settings) -> None:
    """The old one goes; the caller has made sure that nothing is encrypted with it."""
    if step(settings) != "promoted":
        raise RotationRefused("nothing was promoted")
    _path(_RETIRED, settings).unlink()


def _path(name: str, settings: Settings) -> Path:
    return settings.keys / f"{name}.secret"


def _write(path: Path, secret: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(secret)
    draft.replace(path)
