"""One log-in on its way through the pages; kept on the server, bound to one browser."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode

from xianban_sdk.storage import UnitOfWork

from xianban_identity.repository import signins
from xianban_identity.signin.browser import Browser

__all__ = ["Flow", "Flows"]

_LIFE = timedelta(minutes=30)


@dataclass(frozen=True)
class Flow:
    """Where the person is, and where they go afterwards."""

    step: str
    # The authorization request's parameters, to be put again at the end.
    query: str
    client: str = ""
    client_title_zh: str = ""
    client_title_en: str = ""
    redirect_uri: str = ""
    scope: list[str] = field(default_factory=list[str])
    audiences: list[str] = field(default_factory=list[str])
    needs_factor: bool = False
    needs_consent: bool = False
    phone: str = ""
    # Shown once, by the demo's screen sender.
    screen_code: str = ""
    # "logged_in" in this very flow: then prompt=login is answered.
    logged_in: bool = False
    finished: bool = False
    refused: bool = False
    # A page of ours to go back to, for ways that no client began.
    back: str = ""
    # A device's set-up that is not confirmed yet: which factor's, whose, and its secret.
    setting_up: str = ""
    setting_up_for: str = ""
    setting_up_secret: str = ""
    # An outside provider: on the way there (state, nonce, verifier) and back (subject).
    upstream: str = ""
    upstream_state: str = ""
    upstream_nonce: str = ""
    upstream_verifier: str = ""
    upstream_subject: str = ""
    id: str = ""

    def client_title(self, locale: str) -> str:
        """The client as the person sees it."""
        return self.client_title_en if locale == "en" else self.client_title_zh


class Flows:
    """Finds and keeps flows."""

    def begin(self, uow: UnitOfWork, browser: Browser, flow: Flow) -> Flow:
        """A log-in begins."""
        begun = replace(flow, id=secrets.token_urlsafe(24))
        signins.add_flow(uow.conn, begun.id, browser.key, asdict(begun), uow.clock.now())
        return begun

    def find(self, uow: UnitOfWork, browser: Browser, flow_id: str) -> Flow | None:
        """The flow, if it is this browser's and not too old."""
        since = uow.clock.now() - _LIFE
        state = signins.find_flow(uow.conn, flow_id[:64], browser.key, since)
        return Flow(**state) if state else None

    def finished(self, uow: UnitOfWork, browser: Browser, flow_id: str) -> Flow | None:
        """A flow that went through all its steps."""
        flow = self.find(uow, browser, flow_id) if flow_id else None
        return flow if flow and flow.finished else None

    def save(self, uow: UnitOfWork, flow: Flow) -> Flow:
        """One step on."""
        signins.save_flow(uow.conn, flow.id, asdict(flow))
        return flow

    def drop(self, uow: UnitOfWork, flow: Flow) -> None:
        """Good for one code only."""
        signins.drop_flow(uow.conn, flow.id)

    def path(self, flow: Flow) -> str:
        """The page of the flow's step, or back to the authorization endpoint."""
        if flow.finished and flow.back:
            return flow.back
        if flow.finished:
            return f"/oauth2/authorize?{flow.query}&{urlencode({'signin': flow.id})}"
        step = {"login": "phone"}.get(flow.step, flow.step)
        return f"/signin/{step}?{urlencode({'flow': flow.id})}"
