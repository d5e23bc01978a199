"""Pages for some roles alone. The service checks again; here a wrong door is closed at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from xianban_sdk.web.viewer import person

__all__ = ["must_hold", "roles_only"]

_View = Callable[[Request], Awaitable[Response]]


def roles_only(*roles: str) -> Callable[[_View], _View]:
    """Decorates a view: whoever holds none of the roles is refused, whoever is nobody logs in."""

    def guard(view: _View) -> _View:
        @wraps(view)
        async def guarded(request: Request) -> Response:
            must_hold(request, *roles)
            return await view(request)

        return guarded

    return guard


def must_hold(request: Request, *roles: str) -> None:
    """For a page that is for everybody in one place and for a role in another: HTTP 403."""
    if person(request).roles.isdisjoint(roles):
        raise HTTPException(403)
