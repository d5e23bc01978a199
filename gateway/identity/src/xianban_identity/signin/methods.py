"""My ways to log in: passkeys and second factors are listed, added, renamed and taken away.

The pages are identity's own, beside the log-in: keys and set-up secrets never leave it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from flask import Blueprint, request
from werkzeug.wrappers import Response
from xianban_sdk.errors import FailedPrecondition, InvalidArgument, XianbanError
from xianban_sdk.storage import UnitOfWork
from xianban_sdk.web.qr import qr_svg

from xianban_identity.domain.passkeys import AMR, MOST_PASSKEYS, Passkey, named
from xianban_identity.domain.people import mask_phone
from xianban_identity.domain.sessions import satisfies
from xianban_identity.errors import refusals
from xianban_identity.handlers import methods as cases
from xianban_identity.hookspecs import DeviceFactor, Kept, Setup
from xianban_identity.oidc.tokens import Grantee
from xianban_identity.plugins import Factor, begin_set_up
from xianban_identity.repository import passkeys as passkey_rows
from xianban_identity.repository import signins
from xianban_identity.repository.signins import FactorRow
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.factors import (
    check_new,
    codes_left,
    confirmation,
    device_of,
    enrol_factor,
    enrolment,
    factor_of,
    keep_renewal,
    renewal,
)
from xianban_identity.signin.flow import Flow
from xianban_identity.signin.logins import strengthen
from xianban_identity.signin.passkeys import Passkeys, bound_to
from xianban_identity.signin.steps import Steps, is_strong

__all__ = ["method_views"]

_PAGE = "/signin/methods"
_PORTAL = "portal"
# Who has nothing beside the phone yet may add the first thing this long after a log-in.
_FRESH = timedelta(minutes=10)

Done = TypeVar("Done")


def method_views(steps: Steps, passkeys: Passkeys | None) -> Blueprint:
    """/signin/methods and below; without passkeys where browsers allow none."""
    views = _Methods(steps, passkeys)
    blueprint = Blueprint("methods", __name__)
    blueprint.add_url_rule(_PAGE, "listed", views.listed)
    blueprint.add_url_rule(f"{_PAGE}/set-up/<factor>", "setting_up", views.setting_up)
    taken = {
        "confirm": views.take_confirm,
        "passkey": views.take_passkey,
        "rename": views.take_rename,
        "remove-passkey": views.take_remove_passkey,
        "remove-factor": views.take_remove_factor,
        "codes": views.take_codes,
    }
    for path, take in taken.items():
        view = steps.taking(views.show, take)
        blueprint.add_url_rule(f"{_PAGE}/{path}", path, view, methods=["POST"])
    view = steps.taking(views.show_set_up, views.take_set_up)
    blueprint.add_url_rule(f"{_PAGE}/set-up", "set-up", view, methods=["POST"])
    return blueprint


@dataclass(frozen=True, slots=True)
class _Row:
    """One second factor as the page shows it."""

    id: str
    device: bool
    since: datetime | None
    # Recovery codes left, where somebody can say.
    left: int | None


@dataclass(frozen=True, slots=True)
class _State:
    """What the page of all methods shows."""

    passkeys: list[Passkey]
    factors: dict[str, FactorRow]
    may_change: bool
    # JSON for the browser; "" where no passkey can be added now.
    options: str


class _Methods:
    def __init__(self, steps: Steps, passkeys: Passkeys | None) -> None:
        self._steps = steps
        self._provider = steps.provider
        self._flows = steps.flows
        self._passkeys = passkeys

    # -- the page of all methods --------------------------------------------------------------

    def listed(self) -> Response:
        """The page; who is not logged in is asked to, and comes back."""
        browser = Browser.of_request(self._provider)
        with self._provider.work() as uow:
            flow = self._flows.find(uow, browser, request.args.get("flow", ""))
            here = browser.session(uow) is not None
            if flow is None or flow.finished or not here:
                begun = self._flows.begin(uow, browser, self._flow("methods" if here else "login"))
                answer = self._steps.go(begun)
                browser.remember(answer)
                return answer
        return self.show(browser, flow, None)

    def _flow(self, step: str) -> Flow:
        portal = self._provider.clients.find(_PORTAL)
        titles = [portal.title(locale) if portal else "" for locale in ("zh-CN", "en")]
        return Flow(
            step=step,
            query="",
            client=_PORTAL,
            client_title_zh=titles[0],
            client_title_en=titles[1],
            back=_PAGE,
        )

    def show(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        with self._provider.work() as uow:
            state = self._state(uow, browser, flow, self._steps.grantee(uow, browser))
        return self._steps.form(
            "methods",
            browser,
            flow,
            error,
            state=state,
            factors=[self._row(one, state.factors.get(one.id)) for one in self._provider.factors],
            # At an address of numbers, or without TLS, browsers have no passkeys.
            possible=self._passkeys is not None,
            name=request.form.get("name", "")[:80],
        )

    def _state(self, uow: UnitOfWork, browser: Browser, flow: Flow, grantee: Grantee) -> _State:
        known = passkey_rows.of(uow.conn, grantee.person.id)
        may_change, options = self._may_change(uow, grantee), ""
        if self._passkeys is not None and may_change and len(known) < MOST_PASSKEYS:
            bound = bound_to("register", browser, flow, grantee.session.id)
            options = self._passkeys.creation(uow, bound, grantee.person)
        has = signins.factors(uow.conn, grantee.person.id)
        return _State(known, has, may_change, options)

    def _row(self, factor: Factor, has: FactorRow | None) -> _Row:
        if not isinstance(factor, DeviceFactor):
            return _Row(factor.id, False, has.enrolled_at if has else None, None)
        left = codes_left(self._provider, factor, has) if has else None
        return _Row(factor.id, True, has.enrolled_at if has else None, left)

    def _may_change(self, uow: UnitOfWork, grantee: Grantee) -> bool:
        """What is strong guards itself; the first thing is guarded by a fresh log-in."""
        if cases.has_strong(uow, grantee.person.id):
            return is_strong(uow, grantee)
        seconds = int(_FRESH.total_seconds())
        return satisfies(grantee.session, (), seconds, uow.clock.now())

    def take_confirm(self, browser: Browser, flow: Flow) -> Response:
        """To the second factor, or to a fresh log-in, and back."""
        with self._provider.work() as uow:
            strong = cases.has_strong(uow, self._steps.grantee(uow, browser).person.id)
            asked = replace(flow, step="factor" if strong else "login", needs_factor=strong)
            return self._steps.go(self._flows.save(uow, asked))

    def _change(self, browser: Browser, act: Callable[[UnitOfWork, Grantee], Done]) -> Done:
        """One change in the person's name; a refusal too is committed, with what it used up."""
        with self._provider.work() as uow:
            person = self._steps.grantee(uow, browser).person.id
        refused: XianbanError
        with self._provider.work(person, person) as uow:
            grantee = self._steps.grantee(uow, browser)
            if not self._may_change(uow, grantee):
                raise FailedPrecondition("METHODS_CONFIRM_FIRST")
            try:
                with refusals():
                    return act(uow, grantee)
            except XianbanError as error:
                refused = error
        raise refused

    # -- passkeys -----------------------------------------------------------------------------

    def take_passkey(self, browser: Browser, flow: Flow) -> Response:
        """The browser made one."""

        def register(uow: UnitOfWork, grantee: Grantee) -> None:
            if self._passkeys is None:
                raise InvalidArgument("PASSKEY_REFUSED")
            name = named(request.form.get("name", "")[:200])
            bound = bound_to("register", browser, flow, grantee.session.id)
            raw = request.form.get("credential", "")
            self._passkeys.register(uow, bound, grantee.person, raw, name)
            # Its key was shown, its holder verified: that is as good as confirming with it.
            strengthen(uow, grantee.session, *AMR)

        self._change(browser, register)
        return self._again(flow)

    def take_rename(self, browser: Browser, flow: Flow) -> Response:
        """Another word for a passkey."""
        passkey_id, name = request.form.get("passkey", ""), request.form.get("new_name", "")[:200]
        self._change(
            browser,
            lambda uow, who: cases.rename_passkey(who.person.id, passkey_id, name, uow=uow),
        )
        return self._again(flow)

    def take_remove_passkey(self, browser: Browser, flow: Flow) -> Response:
        """One passkey less."""
        passkey_id = request.form.get("passkey", "")
        self._change(
            browser, lambda uow, who: cases.remove_passkey(who.person.id, passkey_id, uow=uow)
        )
        return self._again(flow)

    # -- second factors -----------------------------------------------------------------------

    def setting_up(self, factor: str) -> Response:
        """GET: begins a set-up, and shows it."""
        browser = Browser.of_request(self._provider)
        with self._provider.work() as uow:
            flow = self._flows.find(uow, browser, request.args.get("flow", ""))
            if flow is None or flow.finished:
                return self._steps.pages.problem("signin-flow-over", 400)
            grantee = self._steps.grantee(uow, browser)
            if not self._may_change(uow, grantee):
                return self._again(flow)
        # A plugin is asked outside of transactions, and what it is told is booked before.
        begun = self._begun(flow, factor_of(self._provider, factor), grantee)
        with self._provider.work() as uow:
            self._flows.save(uow, begun)
        return self.show_set_up(browser, begun, None)

    def _begun(self, flow: Flow, factor: Factor, grantee: Grantee) -> Flow:
        person, secret = grantee.person, ""
        if isinstance(factor, DeviceFactor):
            issuer, account = self._steps.pages.text("suite-name"), mask_phone(person.phone)
            hooks = self._provider.hooks
            secret = _packed(begin_set_up(factor, issuer, account, person=person.id, hooks=hooks))
        return replace(
            flow,
            setting_up=factor.id,
            setting_up_for=person.id,
            setting_up_secret=secret,
        )

    def show_set_up(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        if not flow.setting_up:
            return self.show(browser, flow, error)
        _, uri, key = _unpacked(flow.setting_up_secret)
        picture = qr_svg(uri, self._steps.pages.text("set-up-qr")) if uri else ""
        return self._steps.form(
            "set-up", browser, flow, error, method=flow.setting_up, picture=picture, key=key
        )

    def take_set_up(self, browser: Browser, flow: Flow) -> Response:
        """What the person chose, or what their device answered."""
        given = request.form.get("factor", "")[:128]
        factor = self._change(browser, lambda uow, who: self._being_set_up(flow, uow, who))
        # As everywhere, the plugin is asked between two transactions.
        kept = self._set_up(factor, flow, given)

        def enrol(uow: UnitOfWork, grantee: Grantee) -> None:
            self._being_set_up(flow, uow, grantee)
            enrol_factor(factor, uow, grantee.person.id, kept.secret)
            strengthen(uow, grantee.session, factor.amr, "mfa")
            done = replace(flow, setting_up="", setting_up_for="", setting_up_secret="")
            self._flows.save(uow, done)

        self._change(browser, enrol)
        return self._codes(browser, flow, kept.codes) if kept.codes else self._again(flow)

    def _being_set_up(self, flow: Flow, uow: UnitOfWork, grantee: Grantee) -> Factor:
        """What this flow sets up for just this person, who doesn't have it yet."""
        if not flow.setting_up or flow.setting_up_for != grantee.person.id:
            raise InvalidArgument("SIGNIN_FLOW_OVER")
        factor = factor_of(self._provider, flow.setting_up)
        check_new(factor, uow, grantee.person.id)
        return factor

    def _set_up(self, factor: Factor, flow: Flow, given: str) -> Kept:
        if isinstance(factor, DeviceFactor):
            secret = _unpacked(flow.setting_up_secret)[0]
            return confirmation(self._provider, factor, secret, given)
        return Kept(enrolment(self._provider, factor, given))

    def take_codes(self, browser: Browser, flow: Flow) -> Response:
        """Fresh recovery codes; those before are void."""
        wanted = factor_of(self._provider, request.form.get("factor", ""))
        factor, row = self._change(browser, lambda uow, who: device_of(wanted, uow, who.person.id))
        kept = renewal(self._provider, factor, row)
        codes = self._change(browser, lambda uow, who: keep_renewal(uow, row, kept))
        return self._codes(browser, flow, codes)

    def take_remove_factor(self, browser: Browser, flow: Flow) -> Response:
        """One second factor less."""
        factor_id = request.form.get("factor", "")
        self._change(
            browser, lambda uow, who: cases.remove_factor(who.person.id, factor_id, uow=uow)
        )
        return self._again(flow)

    def _codes(self, browser: Browser, flow: Flow, codes: tuple[str, ...]) -> Response:
        # The answer to the form itself: no address leads here a second time.
        return self._steps.form("codes", browser, flow, None, codes=codes)

    def _again(self, flow: Flow) -> Response:
        return self._steps.redirect(f"{_PAGE}?flow={flow.id}")


def _packed(made: Setup) -> str:
    return json.dumps(astuple(made))


def _unpacked(packed: str) -> tuple[str, str, str]:
    """Secret, address for the QR code, key to be typed."""
    secret, uri, key = json.loads(packed) if packed else ("", "", "")
    return secret, uri, key
