"""Landlock (Linux 5.13): of all the machine's files only the named ones can be opened."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from xianban_sdk.sandbox.confinement.kernel import syscall

__all__ = ["restrict_files"]

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION: Final = 1
_BENEATH: Final = 1

_WRITE_FILE, _READ_FILE, _READ_DIRECTORY, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_OF_FILES: Final = _WRITE_FILE | _READ_FILE | _TRUNCATE
_LOOK: Final = _READ_FILE | _READ_DIRECTORY
# Everything on files: 13 rights at first, refer, truncate and device ioctls came later.
_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_RIGHTS: Final = 16
# Without execution, devices and links out of the directory.
_KEEP: Final = _LOOK | _WRITE_FILE | _TRUNCATE | sum(1 << bit for bit in (4, 5, 7, 8, 12))
_TCP: Final = 0b11
_SCOPES: Final = 0b11
_WITH_NET, _WITH_SCOPES = 4, 6


def restrict_files(readable: Iterable[str], writable: Iterable[str]) -> int:
    """From now on nothing else can be opened, whatever its mode says; the kernel's version.

    Where the kernel can, TCP, abstract sockets and signals to others end here, too.
    """
    version = syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    rights = (1 << _RIGHTS.get(version, _NEWEST_RIGHTS)) - 1
    ruleset = _ruleset(version, rights)
    try:
        for path in readable:
            _allow(ruleset, path, _LOOK)
        for path in writable:
            _allow(ruleset, path, _KEEP & rights)
        syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _ruleset(version: int, rights: int) -> int:
    handled = struct.pack("=Q", rights)
    if version >= _WITH_NET:
        handled += struct.pack("=Q", _TCP)
    if version >= _WITH_SCOPES:
        handled += struct.pack("=Q", _SCOPES)
    return syscall(_CREATE, handled, ctypes.c_size_t(len(handled)), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # What is not there need not be opened.
        return
    try:
        granted = rights if Path(path).is_dir() else rights & _OF_FILES
        syscall(_ADD, ruleset, _BENEATH, struct.pack("=Qi", granted, opened), 0)
    finally:
        os.close(opened)
