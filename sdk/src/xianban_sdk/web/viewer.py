"""Who looks at a page, and how they like it shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from starlette.requests import HTTPConnection, Request

from xianban_sdk.web.texts import DEFAULT_LOCALE, LOCALES

Profile = Literal["standard", "elder"]
PREFERENCES_COOKIE = "xianban_view"
TEXT_SIZES = (20, 24, 30)


class LogInRequiredError(Exception):
    """Raised by a view that needs a person; the portal sends the visitor to log in and back."""


@dataclass(frozen=True)
class Person:
    """A person as the portal knows them: id, name to show, staff roles."""

    id: str
    name: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Viewer:
    """The visitor of this request. `acting_for` is set while they act for another person."""

    locale: str = DEFAULT_LOCALE
    profile: Profile = "standard"
    text_size: int = TEXT_SIZES[0]
    person: Person | None = None
    acting_for: Person | None = None
    csrf: str = ""
    path: str = "/"

    @property
    def subject(self) -> Person | None:
        """Whose matters are shown."""
        return self.acting_for or self.person


def preferences(connection: HTTPConnection) -> Viewer:
    """The remembered choices, else the browser's language, else zh-CN."""
    locale, _, rest = connection.cookies.get(PREFERENCES_COOKIE, "").partition(".")
    profile, _, size = rest.partition(".")
    return Viewer(
        locale=locale if locale in LOCALES else negotiate(connection),
        profile="elder" if profile == "elder" else "standard",
        text_size=int(size) if size in {str(one) for one in TEXT_SIZES} else TEXT_SIZES[0],
        path=connection.url.path,
    )


def remember(viewer: Viewer) -> str:
    """The preferences cookie's value."""
    return f"{viewer.locale}.{viewer.profile}.{viewer.text_size}"


def choose(viewer: Viewer, *, locale: str = "", profile: str = "", size: str = "") -> Viewer:
    """The viewer after a choice; unknown values change nothing."""
    if locale in LOCALES:
        viewer = replace(viewer, locale=locale)
    if profile in ("standard", "elder"):
        viewer = replace(viewer, profile="elder" if profile == "elder" else "standard")
    if size in {str(one) for one in TEXT_SIZES}:
        viewer = replace(viewer, text_size=int(size))
    return viewer


def negotiate(connection: HTTPConnection) -> str:
    """zh-CN unless the browser asks for another language and never for Chinese."""
    header = connection.headers.get("accept-language", "")[:200].lower()
    asked = [part.split(";")[0].strip() for part in header.split(",")]
    first = next((tag for tag in asked if tag[:2] in ("zh", "en")), "zh")
    return "en" if first.startswith("en") else DEFAULT_LOCALE


def viewer_of(request: HTTPConnection) -> Viewer:
    """The viewer the portal put on the request."""
    viewer = getattr(request.state, "viewer", None)
    return viewer if isinstance(viewer, Viewer) else preferences(request)


def person(request: Request) -> Person:
    """The person who logged in; raises `LogInRequiredError`."""
    found = viewer_of(request).person
    if found is None:
        raise LogInRequiredError
    return found


def subject(request: Request) -> str:
    """Whose matters are shown, as `residents/{id}`; raises `LogInRequiredError`."""
    person(request)
    shown = viewer_of(request).subject
    return f"residents/{shown.id if shown else ''}"
