"""What one browser holds: a mark that binds its forms and log-ins, and the log-in itself."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response
from xianban_sdk.storage import UnitOfWork, keyed_hash

from xianban_identity.domain.sessions import Session
from xianban_identity.oidc.provider import Provider
from xianban_identity.repository import sessions
from xianban_identity.repository.credentials import digest

__all__ = ["Browser"]

_MARK = "xianban_browser"
_LOGIN = "xianban_signin"


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser behind a request."""

    mark: str
    login: str
    provider: Provider

    @classmethod
    def of_request(cls, provider: Provider) -> Browser:
        """Reads the cookies; a browser without a mark gets one with the answer."""
        mark = request.cookies.get(_MARK, "")
        known = 32 <= len(mark) <= 64 and mark.isascii()
        return cls(
            mark if known else secrets.token_urlsafe(32),
            request.cookies.get(_LOGIN, "")[:128],
            provider,
        )

    @property
    def key(self) -> str:
        """What flows of this browser are found by."""
        return digest(self.mark)

    def csrf(self, flow_id: str) -> str:
        """The token in this browser's forms of one flow."""
        return keyed_hash(f"csrf:{flow_id}:{self.mark}")

    def sent_form(self, flow_id: str) -> bool:
        """Whether the form came from a page of ours in this browser."""
        given = request.form.get("csrf", "").encode()
        return hmac.compare_digest(self.csrf(flow_id).encode(), given)

    def session(self, uow: UnitOfWork) -> Session | None:
        """The log-in that stands in this browser."""
        if not self.login:
            return None
        found = sessions.by_cookie(uow.conn, digest(self.login))
        return found if found and found.stands(uow.clock.now()) else None

    def remember(self, answer: Response) -> None:
        """Marks the browser."""
        self._set(answer, _MARK, self.mark)

    def log_in(self, answer: Response, secret: str) -> None:
        """Gives the browser its log-in; the secret is new each time."""
        self._set(answer, _LOGIN, secret)

    def forget(self, answer: Response) -> None:
        """Takes the log-in out of the browser."""
        answer.delete_cookie(_LOGIN, path="/", secure=self.provider.secure, httponly=True)

    def _set(self, answer: Response, name: str, value: str) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=int(self.provider.identity.session.total_seconds()),
            path="/",
            secure=self.provider.secure,
            httponly=True,
            samesite="Lax",
        )
