"""A system call filter (Linux 3.5): no programs, no processes, no sockets, nobody else's signals.

Assembled by hand: libseccomp comes in no wheel, and the list is short. Each call has a number per
architecture; on another one the process does without, which its host is told.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from typing import Final

from xianban_sdk.sandbox.confinement.kernel import prctl

__all__ = ["filter_calls"]

_SET_FILTER, _MODE_FILTER = 22, 2
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_CALL_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_X32: Final = 0x40000000
_THREAD: Final = 0x00010000
_FAST_OPEN: Final = 0x20000000

# Name → number on x86_64 and on aarch64; None: not there.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # programs and processes
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "personality": (135, 92),
    # sockets: connections come from the host, ready
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendmmsg": (307, 269),
    # others' signals, limits and priorities
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "setrlimit": (160, 164), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    # memory that no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    # files by other ways than opening them
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "quotactl": (179, 60), "acct": (163, 89),
    # namespaces and mounts
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # the kernel itself
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162),
    "move_pages": (279, 239), "migrate_pages": (256, 238), "modify_ldt": (154, None),
    "iopl": (172, None), "ioperm": (173, None),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILL_CALL, _TGKILL, _PRLIMIT = (62, 129), (234, 131), (302, 261)
_SENDTO, _SENDMSG = (44, 206), (46, 211)
# Machine → its audit number, its column above.
_MACHINES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_Instruction = bytes


def filter_calls() -> None:
    """Installs the filter for this process and all its threads to come; for good."""
    known = _MACHINES.get(platform.machine())
    if known is None:
        raise OSError(errno.ENOSYS, f"no list of system calls for {platform.machine()}")
    program = b"".join(_program(*known))
    kept = ctypes.create_string_buffer(program)
    header = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(kept))
    prctl(_SET_FILTER, _MODE_FILTER, ctypes.create_string_buffer(header))


def _program(architecture: int, column: int) -> Iterator[_Instruction]:
    yield _op(_LOAD, _ARCHITECTURE_AT)
    yield _op(_EQUAL, architecture, yes=1)
    yield _op(_ANSWER, _KILL)
    yield _op(_LOAD, _CALL_AT)
    yield from _when(_AT_LEAST, _X32, [_fails(errno.EPERM)])
    for name, numbers in _REFUSED.items():
        number = numbers[column]
        if number is not None:
            yield from _when(_EQUAL, number, [_fails(_reason(name))])
    # glibc then makes threads by clone, whose flags can be read here.
    yield from _when(_EQUAL, _CLONE3[column], [_fails(errno.ENOSYS)])
    yield from _when(_EQUAL, _CLONE[column], _if_bit(0, _THREAD, allow=True))
    for numbers in (_KILL_CALL, _TGKILL):
        yield from _when(_EQUAL, numbers[column], _if_own(0))
    # Limits can be read, not set.
    yield from _when(_EQUAL, _PRLIMIT[column], _if_null(2))
    # A connected socket that could be connected elsewhere would be a way out.
    yield from _when(_EQUAL, _SENDTO[column], _if_bit(3, _FAST_OPEN, allow=False))
    yield from _when(_EQUAL, _SENDMSG[column], _if_bit(2, _FAST_OPEN, allow=False))
    yield _op(_ANSWER, _ALLOW)


def _reason(name: str) -> int:
    return errno.EACCES if name in ("socket", "connect") else errno.EPERM


def _when(test: int, value: int, then: list[_Instruction]) -> list[_Instruction]:
    return [_op(test, value, no=len(then)), *then]


def _if_bit(argument: int, bit: int, *, allow: bool) -> list[_Instruction]:
    with_bit, without = (_ALLOW, _FAIL | errno.EPERM)[:: 1 if allow else -1]
    return [
        _argument(argument),
        _op(_ANY_BIT, bit, no=1),
        _op(_ANSWER, with_bit),
        _op(_ANSWER, without),
    ]


def _if_own(argument: int) -> list[_Instruction]:
    own = _op(_EQUAL, os.getpid(), yes=1)
    return [_argument(argument), own, _fails(errno.EPERM), _op(_ANSWER, _ALLOW)]


def _if_null(argument: int) -> list[_Instruction]:
    return [
        _argument(argument),
        _op(_EQUAL, 0, no=2),
        _argument(argument, half=1),
        _op(_EQUAL, 0, yes=1),
        _fails(errno.EPERM),
        _op(_ANSWER, _ALLOW),
    ]


def _argument(place: int, half: int = 0) -> _Instruction:
    # The lower half comes first: both architectures are little-endian.
    return _op(_LOAD, _ARGUMENTS_AT + 8 * place + 4 * half)


def _fails(reason: int) -> _Instruction:
    return _op(_ANSWER, _FAIL | reason)


def _op(code: int, value: int, *, yes: int = 0, no: int = 0) -> _Instruction:
    return struct.pack("=HBBI", code, yes, no, value)
