"""Forms: reading what was posted, and moving on afterwards.

The portal has checked the form token before a view runs. A posted form carries `request_id`
(the `ui.form` component puts one in), so a double click is one reservation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from ulid import ULID

_INT32 = 2**31 - 1


@dataclass(frozen=True)
class Form:
    """Posted text fields."""

    values: Mapping[str, str]
    lists: Mapping[str, list[str]]

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()

    def number(self, name: str, default: int = 0) -> int:
        """An integer; the default where the field holds none (the service says what is wrong).

        One that no int32 field holds is the nearest that it does: it is too much all the same.
        """
        written = self.text(name)
        digits = written.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            return default
        size = min(int(digits), _INT32) if len(digits) < 20 else _INT32
        return -size if written.startswith("-") else size

    def all(self, name: str) -> list[str]:
        return self.lists.get(name, [])

    def flag(self, name: str) -> bool:
        return self.text(name) not in ("", "0", "false")

    @property
    def request_id(self) -> str:
        """The id that makes a repeated submission the same one."""
        return self.text("request_id") or str(ULID())


async def read_form(request: Request) -> Form:
    """The posted fields; files are left out."""
    posted = await request.form(max_files=0, max_fields=200)
    pairs = [(key, value) for key, value in posted.multi_items() if isinstance(value, str)]
    lists: dict[str, list[str]] = {}
    for key, value in pairs:
        lists.setdefault(key, []).append(value)
    return Form(dict(pairs), lists)


def local_path(target: str, default: str = "/") -> str:
    """A path on this site, never another host: what may follow `next=`."""
    parts = urlsplit(target)
    foreign = parts.scheme or parts.netloc or not target.startswith("/")
    hidden = target.startswith("//") or "\\" in target or any(ord(c) < 32 for c in target)
    return default if foreign or hidden else target


def see_other(request: Request, path: str) -> Response:
    """After a successful post: go and look at `path` (HTMX is told in its own way)."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)
