"""The frame around every step of the log-in pages: finding the flow, forms, the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from flask import redirect, request
from werkzeug.wrappers import Response
from xianban_sdk.errors import InvalidArgument, XianbanError
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.sessions import acr_level
from xianban_identity.oidc.issue import grantee_of
from xianban_identity.oidc.provider import Provider
from xianban_identity.oidc.tokens import Grantee
from xianban_identity.repository import credentials
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.flow import Flow, Flows
from xianban_identity.signin.pages import SigninPages, viewer

__all__ = ["Show", "Steps", "Take", "is_strong", "refusal"]

Show: TypeAlias = Callable[[Browser, Flow, XianbanError | None], Response]
Take: TypeAlias = Callable[[Browser, Flow], Response]


def is_strong(uow: UnitOfWork, grantee: Grantee) -> bool:
    """Whether a second factor or a passkey was shown a moment ago."""
    return acr_level(grantee.session.acr(uow.clock.now())) >= 2


def refusal(act: Callable[[], object]) -> XianbanError | None:
    """What `act` refused, if it did: the transaction around it still commits."""
    try:
        act()
    except XianbanError as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class Steps:
    """What the pages of all steps do alike."""

    provider: Provider
    flows: Flows
    pages: SigninPages

    def showing(self, show: Show) -> Callable[[], Response]:
        """GET: the step's form."""

        def view() -> Response:
            browser = Browser.of_request(self.provider)
            with self.provider.work() as uow:
                flow = self.flows.find(uow, browser, request.args.get("flow", ""))
            if flow is None or flow.finished:
                return self.pages.problem("signin-flow-over", 400)
            return show(browser, flow, None)

        return view

    def taking(self, show: Show, take: Take) -> Callable[[], Response]:
        """POST: what was typed; a refusal shows the form again with the reason."""

        def view() -> Response:
            browser = Browser.of_request(self.provider)
            flow_id = request.form.get("flow", "") or request.args.get("flow", "")
            with self.provider.work() as uow:
                flow = self.flows.find(uow, browser, flow_id)
            if flow is None or flow.finished or not browser.sent_form(flow.id):
                return self.pages.problem("signin-flow-over", 400)
            try:
                return take(browser, flow)
            except XianbanError as error:
                return show(browser, flow, error)

        return view

    def form(
        self,
        page: str,
        browser: Browser,
        flow: Flow,
        error: XianbanError | None,
        /,
        **context: object,
    ) -> Response:
        """The page of a step."""
        return self.pages.page(
            page,
            csrf=browser.csrf(flow.id),
            status=400 if error else 200,
            leads_to=flow.redirect_uri,
            flow=flow,
            client=flow.client_title(viewer().locale),
            problem=self.pages.explain(error) if error else None,
            **context,
        )

    def next(self, uow: UnitOfWork, flow: Flow, grantee: Grantee) -> Flow:
        """The step that is still missing, or the way back to the client."""
        if not grantee.person.name:
            step = "name"
        elif flow.needs_factor and not is_strong(uow, grantee):
            step = "factor"
        elif flow.needs_consent and not self._is_approved(uow, flow, grantee.person.id):
            step = "consent"
        else:
            return self.flows.save(uow, replace(flow, finished=True))
        return self.flows.save(uow, replace(flow, step=step))

    def _is_approved(self, uow: UnitOfWork, flow: Flow, person: str) -> bool:
        given = credentials.approval(uow.conn, person, flow.client)
        return set(flow.scope) <= given.scope and set(flow.audiences) <= given.resources

    def go(self, flow: Flow) -> Response:
        """To the page of the flow's step."""
        return self.redirect(self.flows.path(flow))

    def redirect(self, path: str) -> Response:
        """To a page of ours, with GET."""
        return redirect(path, 303)

    def grantee(self, uow: UnitOfWork, browser: Browser) -> Grantee:
        """Who is logged in in this browser."""
        session = browser.session(uow)
        grantee = grantee_of(uow, session.id) if session else None
        if grantee is None:
            raise InvalidArgument("SIGNIN_FLOW_OVER")
        return grantee
