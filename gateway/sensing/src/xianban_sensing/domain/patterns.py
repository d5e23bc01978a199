"""Patterns of ids, by RE2: time linear in the text, memory bounded. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import re2

from xianban_sensing.domain.refusals import RefusedError

__all__ = ["pattern_of"]

_LONGEST: Final = 200
_MEMORY: Final = 1 << 20


def pattern_of(text: str) -> Callable[[str], bool]:
    """Whether an id holds the pattern anywhere (ETSI GS CIM 009 has IEEE 1003.2 expressions)."""
    if len(text) > _LONGEST:
        raise RefusedError("PATTERN_MALFORMED", "idPattern")
    options: Any = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        compiled: Any = re2.compile(text, options)
    except re2.error:
        raise RefusedError("PATTERN_MALFORMED", "idPattern") from None
    return lambda id_: compiled.search(id_) is not None
