"""People whom an alert names besides the one it is about: who has it, whom a reason tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement

from xianban_sdk.alerts.tables import alert
from xianban_sdk.storage.encryption import keyed_hash

__all__ = ["may_name", "named", "said", "without"]

# Beside a name in a reason's params stands whose it is: for the erasure alone, nobody is told.
_PERSON: Final = "_person"
_GONE: Final = "—"


def named(param: str, person: str, display: str) -> dict[str, str]:
    """A person's name among a reason's params; the rule is one of `PersonalData.naming_rules`."""
    return {param: display, f"{param}{_PERSON}": person}


def said(params: Mapping[str, str]) -> dict[str, str]:
    """What others hear of a reason's params."""
    return {key: value for key, value in params.items() if not key.endswith(_PERSON)}


def may_name(rules: Iterable[str]) -> Callable[[str], ColumnElement[bool]]:
    """Alerts that hold a person's name in their sealed detail, or may: to be opened one by one."""

    def about(person: str) -> ColumnElement[bool]:
        keys = [keyed_hash(rule) for rule in rules]
        return (alert.c.acknowledged_by == person) | alert.c.rule_key.in_(keys)

    return about


def without(row: Mapping[str, Any], person: str) -> str:
    """The detail of an alert's row without the person's name."""
    detail = orjson.loads(row["detail"])
    if row["acknowledged_by"] == person:
        detail["acknowledged_by_display"] = ""
    for _, params, _ in detail["reasons"]:
        theirs = [key for key in params if key.endswith(_PERSON) and params[key] == person]
        for key in theirs:
            params[key.removesuffix(_PERSON)] = _GONE
            del params[key]
    return orjson.dumps(detail).decode()
