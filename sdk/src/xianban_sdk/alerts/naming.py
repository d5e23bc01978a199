"""People whom an alert names besides the one it is about: who has it, whom a reason tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement

from xianban_sdk.alerts.tables import alert
from xianban_sdk.names import unnamed
from xianban_sdk.storage.encryption import keyed_hash

__all__ = ["may_name", "without"]


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
    detail["reasons"] = [
        [text, unnamed(params, person), at] for text, params, at in detail["reasons"]
    ]
    return orjson.dumps(detail).decode()
