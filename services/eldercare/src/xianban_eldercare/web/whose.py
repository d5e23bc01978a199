"""Whose pages: those of the elder's side and those of staff are the same, under two addresses."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from xianban_sdk.web import must_hold, subject, viewer_of

__all__ = ["Whose", "may_set", "whose"]


@dataclass(frozen=True)
class Whose:
    """Whose pages these are, and under which address they stand."""

    resident: str
    path: str
    staff: bool = False

    @property
    def own(self) -> bool:
        """The elder's, or of whoever acts for them."""
        return not self.staff


def whose(request: Request, part: str, *roles: str) -> Whose:
    """The subject's own; with an id in the path, an elder of staff who hold one of the roles."""
    given = request.path_params.get("resident")
    if given is None:
        return Whose(subject(request), f"/eldercare/{part}")
    must_hold(request, *roles)
    return Whose(f"residents/{given}", f"/eldercare/elders/{given}/{part}", staff=True)


def may_set(request: Request, here: Whose) -> bool:
    """What the family and the staff may do for the elder; the service checks again."""
    return here.staff or viewer_of(request).acting_for is not None
