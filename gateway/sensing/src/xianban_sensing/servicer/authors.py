"""For which organisation a caller writes."""

from __future__ import annotations

from typing import Final

from xianban_sdk.app import Resources
from xianban_sdk.errors import PermissionDenied
from xianban_sdk.rpc import Call

from xianban_sensing.handlers.entities import Author

__all__ = ["author"]

_WRITERS: Final = frozenset({"vendor", "device-keeper"})


def author(call: Call, resources: Resources) -> Author:
    """The organisation in which the caller has a role that writes; the first of several.

    Asked before the transaction opens.
    """
    known = resources.relations.facts(call.actor, "")
    held = [one for one in known.memberships if one.active and one.role in _WRITERS]
    if not held:
        raise PermissionDenied("ROLE_MISSING")
    return Author(min(one.organisation for one in held), call.scope)
