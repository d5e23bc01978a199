"""Documents that lie here: the district's, and the samples of this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, cast

import orjson
from xianban_eldercare.hookspecs import Playbook, PlaybookUnread
from xianban_sdk.public.playbooks import PlaybookRefused, read_playbook

__all__ = ["Documents", "id_of", "read_all", "samples"]


class Documents:
    """A source whose documents are known from the start."""

    def __init__(self, source: str, names: Mapping[str, str], documents: Sequence[object]) -> None:
        self.id = source
        self.names = names
        self._told = list(read_all(documents))

    def read(self, now: datetime) -> list[Playbook | PlaybookUnread]:
        """The same each time."""
        return self._told


def read_all(documents: Iterable[object]) -> Iterator[Playbook | PlaybookUnread]:
    """Each document on its own: one that is no playbook is told with its field."""
    for place, document in enumerate(documents, 1):
        try:
            yield read_playbook(document)
        except PlaybookRefused as refused:
            yield PlaybookUnread(_named(document, place), refused.field, refused.reason)


def _named(document: object, place: int) -> str:
    told = id_of(document)
    return told[:40] if told else f"playbook {place}"


def id_of(document: object) -> str:
    """What a document says that it is called; "" where it says nothing of the kind."""
    if not isinstance(document, Mapping):
        return ""
    told = cast("Mapping[str, object]", document).get("id")
    return told if isinstance(told, str) else ""


def samples() -> list[dict[str, Any]]:
    """In short what is usual in China; to be replaced by the district's own."""
    here = files(__package__ or "").joinpath("samples")
    names = sorted(one.name for one in here.iterdir() if one.name.endswith(".json"))
    return [orjson.loads(here.joinpath(name).read_bytes()) for name in names]
