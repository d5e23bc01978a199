"""The log-in pages' steps. Each finds its flow, does its part and leads to the next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flask import Blueprint, request
from werkzeug.wrappers import Response
from xianban_sdk import demo
from xianban_sdk.errors import InvalidArgument, XianbanError
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.errors import Refusal
from xianban_identity.domain.passkeys import AMR
from xianban_identity.domain.people import mask_phone
from xianban_identity.errors import as_error
from xianban_identity.handlers.methods import has_strong
from xianban_identity.handlers.people import name_person
from xianban_identity.oidc.tokens import Grantee
from xianban_identity.plugins import Factor, choosable
from xianban_identity.repository import credentials, people
from xianban_identity.repository import passkeys as passkey_rows
from xianban_identity.repository.credentials import Approval
from xianban_identity.seed import DEMO_PIN
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.codes import check_code, send_code
from xianban_identity.signin.factors import (
    answer,
    claim_try,
    enrol_factor,
    enrolled,
    enrolment,
    keep_answer,
)
from xianban_identity.signin.flow import Flow
from xianban_identity.signin.logins import address, log_in, log_in_person, strengthen
from xianban_identity.signin.pages import viewer
from xianban_identity.signin.passkeys import Passkeys, bound_to
from xianban_identity.signin.steps import Steps, is_strong, refusal

__all__ = ["signin_views"]

_PHONE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def signin_views(steps: Steps, passkeys: Passkeys | None) -> Blueprint:
    """The pages as a Flask blueprint; without passkeys where browsers allow none."""
    views = _Views(steps, passkeys)
    blueprint = Blueprint("signin", __name__)
    for step in ("phone", "code", "name", "factor", "consent"):
        show, take = getattr(views, f"show_{step}"), getattr(views, f"take_{step}")
        blueprint.add_url_rule(f"/signin/{step}", f"show_{step}", steps.showing(show))
        taking = steps.taking(show, take)
        blueprint.add_url_rule(f"/signin/{step}", f"take_{step}", taking, methods=["POST"])
    for path, show, take in (
        ("passkey", views.show_phone, views.take_passkey),
        ("factor/passkey", views.show_factor, views.take_passkey_as_factor),
    ):
        taking = steps.taking(show, take)
        blueprint.add_url_rule(f"/signin/{path}", path, taking, methods=["POST"])
    return blueprint


class _Views:
    def __init__(self, steps: Steps, passkeys: Passkeys | None) -> None:
        self._steps = steps
        self._provider = steps.provider
        self._flows = steps.flows
        self._passkeys = passkeys

    # -- phone ------------------------------------------------------------------------------

    def show_phone(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        upstreams = () if flow.upstream_subject else self._provider.identity.upstreams
        phone = request.form.get("phone", "")[:20]
        options = ""
        # Who links an outside account proves the phone; a passkey would prove somebody else's.
        if self._passkeys is not None and not flow.upstream_subject:
            with self._provider.work() as uow:
                options = self._passkeys.request(uow, bound_to("log-in", browser, flow))
        return self._steps.form(
            "phone", browser, flow, error, phone=phone, upstreams=upstreams, options=options
        )

    def take_phone(self, browser: Browser, flow: Flow) -> Response:
        phone = re.sub(r"[\s-]", "", request.form.get("phone", "")[:20]).removeprefix("+86")
        if not _PHONE.fullmatch(phone):
            raise InvalidArgument("PHONE_INVALID", field="phone")
        delivery = send_code(self._provider, phone, address(), viewer().locale)
        shown = delivery.screen_code if self._provider.settings.demo else ""
        sent = replace(flow, step="code", phone=phone, screen_code=shown)
        with self._provider.work() as uow:
            return self._steps.go(self._flows.save(uow, sent))

    # -- code -------------------------------------------------------------------------------

    def show_code(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        if flow.screen_code:
            # Looked up once: a second look at the page needs a second code.
            with self._provider.work() as uow:
                self._flows.save(uow, replace(flow, screen_code=""))
        masked = mask_phone(flow.phone) if flow.phone else ""
        return self._steps.form("code", browser, flow, error, masked=masked, shown=flow.screen_code)

    def take_code(self, browser: Browser, flow: Flow) -> Response:
        given = re.sub(r"\s", "", request.form.get("code", "")[:20])
        if not flow.phone or not _CODE.fullmatch(given):
            raise InvalidArgument("CODE_WRONG", field="code", left=0)
        with self._provider.work() as uow:
            rules = self._provider.identity.codes
            refused = refusal(lambda: check_code(uow, rules, flow.phone, given))
        # Outside: the counted try must be committed before anybody hears of it.
        if refused is not None:
            raise refused
        return self._logged_in(browser, flow)

    def _logged_in(self, browser: Browser, flow: Flow) -> Response:
        with self._provider.work() as uow:
            grantee, secret = log_in(self._provider, uow, browser, flow, viewer().locale)
            answer = self._steps.go(self._steps.next(uow, replace(flow, logged_in=True), grantee))
        browser.log_in(answer, secret)
        return answer

    # -- name -------------------------------------------------------------------------------

    def show_name(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        name = request.form.get("name", "")[:80]
        return self._steps.form("name", browser, flow, error, name=name)

    def take_name(self, browser: Browser, flow: Flow) -> Response:
        raw = request.form.get("name", "")[:200]
        with self._provider.work() as uow:
            grantee = self._steps.grantee(uow, browser)
            limits = self._provider.identity.limits
            try:
                person = name_person(grantee.person, raw, uow=uow, limits=limits)
            except Refusal as refusal:
                raise as_error(refusal) from refusal
            return self._steps.go(self._steps.next(uow, flow, replace(grantee, person=person)))

    # -- passkey ----------------------------------------------------------------------------

    def take_passkey(self, browser: Browser, flow: Flow) -> Response:
        """Who shows a passkey needs no phone: its owner is logged in, strongly."""
        if self._passkeys is None or flow.upstream_subject:
            raise InvalidArgument("PASSKEY_REFUSED")
        raw, shown = request.form.get("credential", ""), self._passkeys
        with self._provider.work() as uow:
            found = shown.try_authenticate(uow, bound_to("log-in", browser, flow), raw)
        if isinstance(found, XianbanError):
            raise found
        with self._provider.work(found.person, found.person) as uow:
            owner = people.find(uow.conn, found.person)
            if owner is None or owner.deceased:
                raise InvalidArgument("PASSKEY_UNKNOWN")
            grantee, secret = log_in_person(
                self._provider, uow, browser, flow, found.person, AMR, strong=True
            )
            logged_in = replace(flow, logged_in=True)
            answer = self._steps.go(self._steps.next(uow, logged_in, grantee))
        browser.log_in(answer, secret)
        return answer

    def take_passkey_as_factor(self, browser: Browser, flow: Flow) -> Response:
        """The person who is logged in confirms with a passkey of theirs."""
        if self._passkeys is None:
            raise InvalidArgument("PASSKEY_REFUSED")
        raw, shown = request.form.get("credential", ""), self._passkeys
        with self._provider.work() as uow:
            grantee = self._steps.grantee(uow, browser)
            bound = bound_to("confirm", browser, flow, grantee.session.id)
            found = shown.try_authenticate(uow, bound, raw, grantee.person.id)
            if not isinstance(found, XianbanError):
                strengthen(uow, grantee.session, *AMR)
        if isinstance(found, XianbanError):
            raise found
        return self._on(browser, flow)

    # -- second factor ----------------------------------------------------------------------

    def show_factor(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        with self._provider.work() as uow:
            grantee = self._steps.grantee(uow, browser)
            if is_strong(uow, grantee):  # set up meanwhile, on the page of all methods
                return self._steps.go(self._steps.next(uow, flow, grantee))
            has = enrolled(self._provider, uow, grantee.person.id)
            options = self._confirming(uow, browser, flow, grantee)
            first = not has_strong(uow, grantee.person.id)
        chosen = _chosen(has) or (choosable(self._provider.factors) if first else None)
        shown = chosen is not None and chosen.id == "pin" and self._is_demo(grantee.person.id)
        return self._steps.form(
            "factor",
            browser,
            flow,
            error,
            first=first,
            chosen=chosen.id if chosen else "",
            others=[one.id for one in has if one is not chosen],
            options=options,
            shown=DEMO_PIN if shown and not first else "",
        )

    def _confirming(self, uow: UnitOfWork, browser: Browser, flow: Flow, grantee: Grantee) -> str:
        person = grantee.person.id
        if self._passkeys is None or not passkey_rows.has_any(uow.conn, person):
            return ""
        bound = bound_to("confirm", browser, flow, grantee.session.id)
        return self._passkeys.request(uow, bound, person)

    def _is_demo(self, person: str) -> bool:
        known = {one.id for one in demo.PEOPLE.values()}
        return self._provider.settings.demo and person in known

    def take_factor(self, browser: Browser, flow: Flow) -> Response:
        given = request.form.get("factor", "")[:128]
        with self._provider.work() as uow:
            person = self._steps.grantee(uow, browser).person.id
        with self._provider.work(person, person) as uow:
            factor = _chosen(enrolled(self._provider, uow, person))
            asked = claim_try(factor, uow, person) if factor else None
        # The plugin is asked outside of transactions; the try was counted before.
        if factor is None or asked is None:
            factor, keep = self._choose_first(flow, person, given)
        else:
            keep = partial(keep_answer, asked, answer(self._provider, factor, asked, given))
        with self._provider.work(person, person) as uow:
            keep(uow)
            strengthen(uow, self._steps.grantee(uow, browser).session, factor.amr, "mfa")
        return self._on(browser, flow)

    def _on(self, browser: Browser, flow: Flow) -> Response:
        with self._provider.work() as uow:
            grantee = self._steps.grantee(uow, browser)
            return self._steps.go(self._steps.next(uow, flow, grantee))

    def _choose_first(
        self, flow: Flow, person: str, given: str
    ) -> tuple[Factor, Callable[[UnitOfWork], None]]:
        """Only a log-in of this very flow, so a fresh code, may choose the first one."""
        factor = choosable(self._provider.factors)
        if not flow.logged_in or factor is None:
            raise InvalidArgument("FACTOR_MISSING", field="factor")
        secret = enrolment(self._provider, factor, given)

        def keep(uow: UnitOfWork) -> None:
            if has_strong(uow, person):
                raise InvalidArgument("FACTOR_MISSING", field="factor")
            enrol_factor(factor, uow, person, secret)

        return factor, keep

    # -- leave for a third party --------------------------------------------------------------

    def show_consent(self, browser: Browser, flow: Flow, error: XianbanError | None) -> Response:
        with self._provider.work() as uow:
            person = self._steps.grantee(uow, browser).person
        return self._steps.form("consent", browser, flow, error, name=person.name)

    def take_consent(self, browser: Browser, flow: Flow) -> Response:
        if request.form.get("decision") != "allow":
            with self._provider.work() as uow:
                refused = replace(flow, finished=True, refused=True)
                return self._steps.go(self._flows.save(uow, refused))
        with self._provider.work() as uow:
            person = self._steps.grantee(uow, browser).person.id
            given = credentials.approval(uow.conn, person, flow.client)
            granted = Approval(given.scope | set(flow.scope), given.resources | set(flow.audiences))
            credentials.approve_client(uow.conn, person, flow.client, granted, uow.clock.now())
            return self._steps.go(self._steps.next(uow, flow, self._steps.grantee(uow, browser)))


def _chosen(has: list[Factor]) -> Factor | None:
    """The one the person asked for, else the first they have."""
    wanted = request.values.get("method", "")
    return next((one for one in has if one.id == wanted), has[0] if has else None)
