"""Namespaces: a network without anything in it, and a directory with a size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from xianban_sdk.sandbox.confinement.kernel import mount, unshare

__all__ = ["own_namespaces", "sized_directory"]

_USER, _MOUNTS, _IPC, _NETWORK, _NAMES = 0x10000000, 0x20000, 0x8000000, 0x40000000, 0x4000000
_PRIVATE, _RECURSIVE = 1 << 18, 1 << 14
_NO_SUID, _NO_DEVICES, _NO_PROGRAMS = 2, 4, 8
_MOST_FILES: Final = 4096


def own_namespaces() -> None:
    """Leaves the machine's network, mounts and IPC; without root by an own user namespace."""
    rooms = _MOUNTS | _IPC | _NETWORK | _NAMES
    if os.geteuid() == 0:
        unshare(rooms)
        return
    user, group = os.geteuid(), os.getegid()
    unshare(_USER | rooms)
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")


def sized_directory(path: str, size: int, uid: int) -> None:
    """Lays an empty file system of ``size`` bytes over the directory, for this process alone."""
    mount(None, b"/", _PRIVATE | _RECURSIVE, None)
    options = f"size={size},nr_inodes={_MOST_FILES},mode=0700"
    mount(
        b"tmpfs",
        os.fsencode(path),
        _NO_SUID | _NO_DEVICES | _NO_PROGRAMS,
        (options + (f",uid={uid},gid={uid}" if uid else "")).encode(),
    )
