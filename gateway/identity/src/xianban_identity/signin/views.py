"""The log-in pages' steps. Each finds its flow, does its part and leads to the next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response
from xianban_sdk.errors import InvalidArgument, XianbanError
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.errors import Refusal
from xianban_identity.domain.people import mask_phone
from xianban_identity.domain.sessions import acr_level
from xianban_identity.errors import as_error
from xianban_identity.handlers.people import name_person
from xianban_identity.oidc.issue import grantee_of
from xianban_identity.oidc.provider import Provider
from xianban_identity.oidc.tokens import Grantee
from xianban_identity.repository import credentials
from xianban_identity.repository.credentials import Approval
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.codes import check_code, send_code
from xianban_identity.signin.factors import check_factor, enrol_factor, enrolled
from xianban_identity.signin.flow import Flow, Flows
from xianban_identity.signin.logins import address, log_in, strengthen
from xianban_identity.signin.pages import SigninPages, viewer

__all__ = ["signin_views"]

_PHONE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def signin_views(provider: Provider, flows: Flows, pages: SigninPages) -> Blueprint:
    """The pages as a Flask blueprint."""
    views = _Views(provider, flows, pages)
    blueprint = Blueprint("signin", __name__)
    for step in ("phone", "code", "name", "factor", "consent"):
        show, take = getattr(views, f"show_{step}"), getattr(views, f"take_{step}")
        blueprint.add_url_rule(f"/signin/{step}", f"show_{step}", views.showing(show))
        taking = views.taking(step, take)
        blueprint.add_url_rule(f"/signin/{step}", f"take_{step}", taking, methods=["POST"])
    return blueprint


class _Views:
    def __init__(self, provider: Provider, flows: Flows, pages: SigninPages) -> None:
        self._provider = provider
        self._flows = flows
        self._pages = pages

    # -- the frame around every step --------------------------------------------------------

    def showing(
        self, show: Callable[[Browser, Flow, XianbanError | None], Response]
    ) -> Callable[[], Response]:
        """GET: the step's form."""

        def view() -> Response:
            browser = Browser.of_request(self._provider)
            with self._provider.work() as uow:
                flow = self._flows.find(uow, browser, request.args.get("flow", ""))
            if flow is None or flow.finished:
                return self._pages.problem("signin-flow-over", 400)
            return show(browser, flow, None)

        return view

    def taking(
        self, step: str, take: Callable[[Browser, Flow], Response]
    ) -> Callable[[], Response]:
        """POST: what was typed; a refusal shows the form again with the reason."""
        show = getattr(self, f"show_{step}")

        def view() -> Response:
            browser = Browser.of_request(self._provider)
            flow_id = request.form.get("flow", "") or request.args.get("flow", "")
            with self._provider.work() as uow:
                flow = self._flows.find(uow, browser, flow_id)
            if flow is None or flow.finished or not browser.sent_form(flow.id):
                return self._pages.problem("signin-flow-over", 400)
            try:
                return take(browser, flow)
            except XianbanError as error:
                return show(browser, flow, error)

        return view

    def _form(
        self,
        page: str,
        browser: Browser,
        flow: Flow,
        error: XianbanError | None,
        /,
        **context: object,
    ) -> Response:
        return self._pages.page(
            page,
            csrf=browser.csrf(flow.id),
            status=400 if error else 200,
            leads_to=flow.redirect_uri,
            flow=flow,
            client=flow.client_title(viewer().locale),
            problem=self._pages.explain(error) if error else None,
            **context,
        )

    def _next(self, uow: UnitOfWork, flow: Flow, grantee: Grantee) -> Flow:
        """The step that is still missing, or the way back to the client."""
        weak = acr_level(grantee.session.acr(uow.clock.now())) < 2
        if not grantee.person.name:
            step = "name"
        elif flow.needs_factor and weak:
            step = "factor"
        elif flow.needs_consent and not self._is_approved(uow, flow, grantee.person.id):
            step = "consent"
        else:
            return self._flows.save(uow, replace(flow, finished=True))
        return self._flows.save(uow, replace(flow, step=step))

    def _is_approved(self, uow: UnitOfWork, flow: Flow, person: str) -> bool:
        given = credentials.approval(uow.conn, person, flow.client)
        return set(flow.scope) <= given.scope and set(flow.audiences) <= given.resources

    def _go(self, flow: Flow) -> Response:
        return redirect(self._flows.path(flow), 303)

    def _grantee(self, uow: UnitOfWork, browser: Browser) -> Grantee:
        session = browser.session(uow)
        grantee = grantee_of(uow, session.id) if session else None
        if grantee is None:
            raise InvalidArgument("SIGNIN_FLOW_OVER")
        return grantee

    # -- phone ------------------------------------------------------------------------------

    def show_phone(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        upstreams = () if flow.upstream_subject else self._provider.identity.upstreams
        phone = request.form.get("phone", "")[:20]
        return self._form("phone", browser, flow, error, phone=phone, upstreams=upstreams)

    def take_phone(self, browser: Browser, flow: Flow) -> Response:
        phone = re.sub(r"[\s-]", "", request.form.get("phone", "")[:20]).removeprefix("+86")
        if not _PHONE.fullmatch(phone):
            raise InvalidArgument("PHONE_INVALID", field="phone")
        delivery = send_code(self._provider, phone, address(), viewer().locale)
        shown = delivery.screen_code if self._provider.settings.demo else ""
        sent = replace(flow, step="code", phone=phone, screen_code=shown)
        with self._provider.work() as uow:
            return self._go(self._flows.save(uow, sent))

    # -- code -------------------------------------------------------------------------------

    def show_code(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        if flow.screen_code:
            # Looked up once: a second look at the page needs a second code.
            with self._provider.work() as uow:
                self._flows.save(uow, replace(flow, screen_code=""))
        masked = mask_phone(flow.phone) if flow.phone else ""
        return self._form("code", browser, flow, error, masked=masked, shown=flow.screen_code)

    def take_code(self, browser: Browser, flow: Flow) -> Response:
        given = re.sub(r"\s", "", request.form.get("code", "")[:20])
        if not flow.phone or not _CODE.fullmatch(given):
            raise InvalidArgument("CODE_WRONG", field="code", left=0)
        with self._provider.work() as uow:
            rules = self._provider.identity.codes
            refusal = _refusal(lambda: check_code(uow, rules, flow.phone, given))
        # Outside: the counted try must be committed before anybody hears of it.
        if refusal is not None:
            raise refusal
        return self._logged_in(browser, flow)

    def _logged_in(self, browser: Browser, flow: Flow) -> Response:
        with self._provider.work() as uow:
            grantee, secret = log_in(self._provider, uow, browser, flow, viewer().locale)
            answer = self._go(self._next(uow, replace(flow, logged_in=True), grantee))
        browser.log_in(answer, secret)
        return answer

    # -- name -------------------------------------------------------------------------------

    def show_name(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        name = request.form.get("name", "")[:80]
        return self._form("name", browser, flow, error, name=name)

    def take_name(self, browser: Browser, flow: Flow) -> Response:
        raw = request.form.get("name", "")[:200]
        with self._provider.work() as uow:
            grantee = self._grantee(uow, browser)
            limits = self._provider.identity.limits
            try:
                person = name_person(grantee.person, raw, uow=uow, limits=limits)
            except Refusal as refusal:
                raise as_error(refusal) from refusal
            return self._go(self._next(uow, flow, replace(grantee, person=person)))

    # -- second factor ----------------------------------------------------------------------

    def show_factor(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        with self._provider.work() as uow:
            grantee = self._grantee(uow, browser)
            has = enrolled(self._provider, uow, grantee.person.id)
        return self._form("factor", browser, flow, error, enrolled=has is not None)

    def take_factor(self, browser: Browser, flow: Flow) -> Response:
        given = request.form.get("factor", "")[:128]
        with self._provider.work() as uow:
            grantee = self._grantee(uow, browser)
            refusal = _refusal(lambda: self._second_factor(uow, flow, grantee, given))
        if refusal is not None:
            raise refusal
        with self._provider.work() as uow:
            return self._go(self._next(uow, flow, self._grantee(uow, browser)))

    def _second_factor(self, uow: UnitOfWork, flow: Flow, grantee: Grantee, given: str) -> None:
        person = grantee.person.id
        factor = enrolled(self._provider, uow, person)
        if factor is None:
            # Only a log-in of this very flow, so a fresh code, may choose one.
            if not flow.logged_in or not self._provider.factors:
                raise InvalidArgument("FACTOR_MISSING", field="factor")
            factor = self._provider.factors[0]
            enrol_factor(factor, uow, person, given)
        check_factor(factor, uow, person, given)
        strengthen(uow, grantee.session, factor.amr)

    # -- leave for a third party --------------------------------------------------------------

    def show_consent(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        with self._provider.work() as uow:
            person = self._grantee(uow, browser).person
        return self._form("consent", browser, flow, error, name=person.name)

    def take_consent(self, browser: Browser, flow: Flow) -> Response:
        if request.form.get("decision") != "allow":
            with self._provider.work() as uow:
                refused = replace(flow, finished=True, refused=True)
                return self._go(self._flows.save(uow, refused))
        with self._provider.work() as uow:
            person = self._grantee(uow, browser).person.id
            given = credentials.approval(uow.conn, person, flow.client)
            granted = Approval(given.scope | set(flow.scope), given.resources | set(flow.audiences))
            credentials.approve_client(uow.conn, person, flow.client, granted, uow.clock.now())
            return self._go(self._next(uow, flow, self._grantee(uow, browser)))


def _refusal(act: Callable[[], None]) -> XianbanError | None:
    """What `act` refused, if it did: the transaction around it still commits."""
    try:
        act()
    except XianbanError as error:
        return error
    return None
