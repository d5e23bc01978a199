"""The @contexts that are carried along: those of Smart Data Models whose subjects are told here."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Final

from xianban_sensing.domain.contexts import Contexts, Terms, read_terms

__all__ = ["contexts"]

# The first that has a term gives its meaning in the district's own context.
SUBJECTS: Final = ("Parking", "Alert", "Device")


@lru_cache(maxsize=1)
def contexts() -> Contexts:
    """Read once per process."""
    return Contexts({subject: _terms(subject) for subject in SUBJECTS})


def _terms(subject: str) -> Terms:
    file = files("xianban_sensing").joinpath("contexts", f"{subject}.jsonld")
    return read_terms(json.loads(file.read_text("utf-8"))["@context"])
