"""Renders the log-in pages with the suite's design system; they work without scripts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from xianban_sdk.errors import XianbanError, localised
from xianban_sdk.i18n import negotiate
from xianban_sdk.web import Pages, Viewer
from xianban_sdk.web.site import Site

__all__ = ["Problem", "SigninPages", "viewer"]

_PACKAGE = "xianban_identity"
_VIEW_COOKIE = "xianban_view"
_SITE = Site(name="identity", package=f"{_PACKAGE}.web", texts=_PACKAGE)


@dataclass(frozen=True)
class Problem:
    """Why a form was refused, as the kit's form components want it."""

    message: str
    fields: dict[str, str] = field(default_factory=dict[str, str])


def viewer() -> Viewer:
    """The visitor's choices: `?profile=` and `?ui_locales=` here, else the suite's cookie."""
    locale, _, rest = request.cookies.get(_VIEW_COOKIE, "").partition(".")
    profile, _, size = rest.partition(".")
    asked = request.values.get("ui_locales", "") or request.values.get("locale", "")
    if locale not in ("zh-CN", "en"):
        locale = negotiate(asked.replace(" ", ",") or request.headers.get("Accept-Language", ""))
    elder = request.values.get("profile", profile) == "elder"
    path = request.full_path.rstrip("?")
    return Viewer(
        locale=locale,
        profile="elder" if elder else "standard",
        text_size=int(size) if size in ("24", "30") else 20,
        path=path,
    )


class SigninPages:
    """Renders pages and answers with the headers they need."""

    def __init__(self) -> None:
        self._pages = Pages([_SITE])

    def page(
        self,
        template: str,
        /,
        *,
        csrf: str = "",
        status: int = 200,
        leads_to: str = "",
        **context: Any,
    ) -> Response:
        """A page of `web/templates/signin`. `leads_to`: where its form may end up."""
        seen = replace(viewer(), csrf=csrf)
        context = {"problem": None, "unread": 0, **context}
        answer = Response(self._pages.render(f"identity/signin/{template}.html", seen, **context))
        answer.status_code = status
        answer.content_type = "text/html; charset=utf-8"
        answer.headers["Content-Security-Policy"] = _policy(leads_to)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    def problem(self, key: str, status: int, detail: str = "") -> Response:
        """A page that says what went wrong."""
        return self.page("problem", status=status, key=key, detail=detail)

    def text(self, key: str) -> str:
        """A text in the visitor's language."""
        return self._pages.text(_SITE.name, viewer().locale, key)

    def explain(self, error: XianbanError) -> Problem:
        """A refusal in the visitor's language."""
        text = localised(error, viewer().locale, _PACKAGE)
        return Problem(text, {error.field: text} if error.field else {})


def _policy(leads_to: str) -> str:
    # Browsers hold the redirect after a form to form-action too.
    parts = urlsplit(leads_to)
    target = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self'; form-action 'self'{target}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
