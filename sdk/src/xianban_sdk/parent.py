"""A process and the one that started it."""

from __future__ import annotations

import ctypes
import signal
from typing import Final

__all__ = ["end_with_parent"]

_SET_DEATH_SIGNAL: Final = 1
_libc: Final = ctypes.CDLL(None)


def end_with_parent() -> None:
    """For `preexec_fn`: a parent that is killed leaves nobody behind that holds its ports, files
    and queues (prctl(2), PR_SET_PDEATHSIG; an exec keeps it).

    Linux takes the thread that started a child for its parent: start it from the main thread.
    """
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
