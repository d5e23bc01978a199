"""Applies one feature after the other and tells which are in force."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from xianban.plugin.v1.plugin_pb2 import Start

from xianban_sdk.sandbox.confinement.kernel import drop_capabilities, no_new_privileges
from xianban_sdk.sandbox.confinement.landlock import restrict_files
from xianban_sdk.sandbox.confinement.rooms import own_namespaces, sized_directory
from xianban_sdk.sandbox.confinement.seccomp import filter_calls

__all__ = ["CPU_SECONDS", "FEATURES", "confine"]

_FILES: Final = 64
_THREADS: Final = 64
CPU_SECONDS: Final = 60
_STACK: Final = 8 * 1024 * 1024
# Shared libraries, zone and certificate files; programs among them can be read, never run.
_MACHINE: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl",
    "/etc/mime.types",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
)


class _NotGiven(OSError):
    """The machine does not give it; says why."""


def confine(start: Start) -> dict[str, str]:
    """Applies all that the machine gives; feature → "" or why it is not in force.

    The order matters: what a namespace needs is given up after it, files come before the filter.
    """
    return {name: _told(apply, start) for name, apply in FEATURES.items()}


def _told(apply: Callable[[Start], None], start: Start) -> str:
    try:
        apply(start)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""


def _namespaces(start: Start) -> None:
    own_namespaces()


def _scratch(start: Start) -> None:
    sized_directory(start.scratch, start.bounds.scratch_bytes, start.uid)


def _rlimits(start: Start) -> None:
    bounds = start.bounds
    with Path("/proc/self/statm").open("rb") as file:
        own = int(file.read().split()[0]) * resource.getpagesize()
    # The interpreter and the stacks of its threads are not the plugin's.
    memory = own + bounds.calls_at_once * _STACK + bounds.memory_bytes
    for name, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_NPROC, _THREADS),
        (resource.RLIMIT_FSIZE, bounds.scratch_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (most, most))
    # The host moves it on while it watches; without a host it ends a plugin that spins.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, resource.RLIM_INFINITY))


def _user(start: Start) -> None:
    if not start.uid:
        drop_capabilities()
        raise _NotGiven(start.why_no_user)
    os.setgroups([])
    os.setresgid(start.uid, start.uid, start.uid)
    os.setresuid(start.uid, start.uid, start.uid)


def _privileges(start: Start) -> None:
    no_new_privileges()


def _landlock(start: Start) -> None:
    code = (sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, start.hookspecs_path)
    readable = (*code, *start.paths, *start.readable, *_MACHINE)
    restrict_files([path for path in readable if path], [start.scratch])


def _seccomp(start: Start) -> None:
    filter_calls()


FEATURES: Final[dict[str, Callable[[Start], None]]] = {
    "namespaces": _namespaces,
    "scratch": _scratch,
    "rlimits": _rlimits,
    "user": _user,
    "no-new-privileges": _privileges,
    "landlock": _landlock,
    "seccomp": _seccomp,
}
