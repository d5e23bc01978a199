"""System calls that Python has no function for."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Final

__all__ = [
    "check",
    "drop_capabilities",
    "mount",
    "no_new_privileges",
    "prctl",
    "syscall",
    "unshare",
]

_libc: Final = ctypes.CDLL(None, use_errno=True)
_NO_NEW_PRIVILEGES: Final = 38
_CAPABILITY_VERSION: Final = 0x20080522


def check(answer: int) -> int:
    """The answer; OSError with the kernel's reason when it is a failure."""
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def syscall(number: int, *arguments: Any) -> int:
    """A system call by its number."""
    return check(_libc.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, *arguments: Any) -> int:
    """prctl(2); what is not given is zero."""
    filled = [*arguments, *[0] * (4 - len(arguments))]
    wide = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in filled]
    return check(_libc.prctl(option, *wide))


def mount(kind: bytes | None, target: bytes, flags: int, data: bytes | None) -> None:
    """mount(2) of a file system that needs no device."""
    check(_libc.mount(kind, target, kind, ctypes.c_ulong(flags), data))


def unshare(flags: int) -> None:
    """unshare(2)."""
    check(_libc.unshare(flags))


def no_new_privileges() -> None:
    """No program or file gives this process more than it has; for good."""
    prctl(_NO_NEW_PRIVILEGES, 1)


def drop_capabilities() -> None:
    """Gives up what a superuser, also one of an own user namespace, may do."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    check(_libc.capset(header, none))
