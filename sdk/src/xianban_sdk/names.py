"""People's names among a text's values, each with whose it is, so that an erasure finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["emptied", "named", "people", "said", "unnamed"]

# Beside a name stands whose it is: for the erasure alone, nobody is told.
_PERSON: Final = "_person"
_GONE: Final = "—"


def named(param: str, person: str, display: str) -> dict[str, str]:
    """A person's name as a value, with whose it is where that is known."""
    return {param: display} | ({f"{param}{_PERSON}": person} if person else {})


def said(params: Mapping[str, str]) -> dict[str, str]:
    """What others hear of the values."""
    return {key: value for key, value in params.items() if not key.endswith(_PERSON)}


def people(params: Mapping[str, str]) -> set[str]:
    """Who is named."""
    return {value for key, value in params.items() if key.endswith(_PERSON) and value}


def unnamed(params: Mapping[str, str], person: str) -> dict[str, str]:
    """The values without the person's name."""
    theirs = {key for key, value in params.items() if key.endswith(_PERSON) and value == person}
    gone = {key.removesuffix(_PERSON): _GONE for key in theirs}
    return {key: value for key, value in {**params, **gone}.items() if key not in theirs}


def emptied(params: Mapping[str, str]) -> dict[str, str]:
    """Nothing is said any more; the text still stands."""
    return dict.fromkeys(said(params), _GONE)
