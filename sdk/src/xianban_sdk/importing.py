"""What an importer of `xianban import KIND PATH` is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from xianban_sdk.app import Resources

__all__ = ["ImportReport", "Importer", "Rejection"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that was refused."""

    item: str
    """"line 17", or the item's id."""
    field: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """How an import fared so far; the importer counts, the command shows."""

    done: int = 0
    """Of `total`, in whatever unit the importer counts (rows, bytes)."""
    total: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list[Rejection])
    """Refused since the last progress call; whoever shows them takes them out."""
    kept_aside: str = ""
    """The file that holds every refused row as it came."""


class Importer(Protocol):
    """Loads a file in transactions of its own; loading it again changes nothing."""

    def __call__(
        self,
        path: Path,
        resources: Resources,
        progress: Callable[[ImportReport], None],
        options: Mapping[str, str],
    ) -> ImportReport:
        """Raises an InvalidArgument when nothing of the file can be read."""
        ...
