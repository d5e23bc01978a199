"""How plugins of second factors are asked: between transactions, counted, and never believed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from xianban_identity import hookspecs
from xianban_identity.domain.sessions import CodeRules
from xianban_identity.hookspecs import hookimpl
from xianban_identity.oidc.provider import Provider
from xianban_identity.repository import signins
from xianban_identity.signin.factors import (
    answer,
    claim_try,
    codes_left,
    confirmation,
    enrolment,
    keep_answer,
    keep_renewal,
    renewal,
)
from xianban_identity.testing import Browser, Client
from xianban_plugin_identity_screen_code import plugin as screen_code
from xianban_plugin_identity_totp import plugin as totp
from xianban_sdk import demo, plugins
from xianban_sdk.errors import Aborted, InvalidArgument, ResourceExhausted, Unavailable

STRONG = "urn:xianban:acr:2"
NEWCOMER = "13812345678"
ELDER = demo.PEOPLE["elder"].id


@dataclass
class Watchful:
    """A factor that notes how many transactions were open whenever it was asked."""

    open: list[int]
    seen: list[tuple[str, int]] = field(default_factory=list)
    id: str = "pin"
    amr: str = "pin"

    def enrol(self, given: str) -> str:
        self.seen.append(("enrol", len(self.open)))
        if given == "unfit":
            raise ValueError("unfit")
        return given

    def verify(self, secret: str, given: str, at: float) -> bool:
        self.seen.append(("verify", len(self.open)))
        if given == "broken":
            raise RuntimeError("broken")
        return secret == given


class Watched(Provider):
    """Knows which of its transactions are open."""

    open: list[int] = []  # noqa: RUF012 - one per test, see `watched`

    @contextmanager
    def work(self, actor: str = "", subject: str = "") -> Iterator:
        with super().work(actor, subject) as uow:
            self.open.append(1)
            try:
                yield uow
            finally:
                self.open.pop()


@pytest.fixture
def watchful():
    Watched.open.clear()
    return Watchful(Watched.open)


@pytest.fixture
def watched(make_provider, watchful) -> Provider:
    made = make_provider(codes=CodeRules(resend_after=timedelta(0)))

    class Brings:
        @hookimpl
        def register_second_factor(self):
            return watchful

    hooks = plugins.build("identity", hookspecs, [screen_code, totp, Brings()])
    hooks.issue_at(made.hooks._issuer.desk)
    facts = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Watched(**facts | {"hooks": hooks})


@pytest.fixture
def pin(watched):
    return next(one for one in watched.factors if one.id == "pin")


def row(provider, person=ELDER, factor="pin"):
    with provider.work() as uow:
        return signins.factor(uow.conn, person, factor)


def put(provider, **changes):
    with provider.work() as uow:
        id_, secret = changes.get("factor", "pin"), changes["secret"]
        found = signins.FactorRow(ELDER, id_, secret, uow.clock.now())
        signins.put_factor(uow.conn, found)


def strong(provider, phone=NEWCOMER):
    browser = Browser(provider)
    return browser, browser.log_in(Client().authorization(acr_values=STRONG), phone)


def test_it_is_never_asked_inside_a_transaction(watched, watchful):
    browser, page = strong(watched)
    browser.submit(browser.submit(page, name="钱多多"), factor="112233")
    browser, page = strong(watched)
    browser.submit(page, factor="112233")
    asked = [what for what, _ in watchful.seen]
    assert "enrol" in asked
    assert "verify" in asked
    assert {open_now for _, open_now in watchful.seen} == {0}


def test_what_it_cannot_take_is_named_and_enrols_nothing(watched, watchful, pin):
    with pytest.raises(InvalidArgument) as caught:
        enrolment(watched, pin, "unfit")
    assert caught.value.reason == "FACTOR_UNFIT"


def test_tries_at_the_same_time_are_no_more_than_one_by_one(watched, pin):
    for _ in range(5):
        with watched.work() as uow:
            claim_try(pin, uow, ELDER)
    with watched.work() as uow, pytest.raises(ResourceExhausted):
        claim_try(pin, uow, ELDER)


def test_the_right_answer_forgives_the_tries_before_it(watched, pin):
    put(watched, secret="112233")
    for _ in range(4):
        with watched.work() as uow:
            claim_try(pin, uow, ELDER)
    with watched.work() as uow:
        asked = claim_try(pin, uow, ELDER)
    kept = answer(watched, pin, asked, "112233")
    with watched.work() as uow:
        keep_answer(asked, kept, uow)
    assert (row(watched).tries, row(watched).locked_until) == (0, None)


def test_one_answer_judged_twice_at_the_same_time_is_good_once(watched, pin):
    put(watched, secret="112233")
    asked = row(watched)
    with watched.work() as uow:
        keep_answer(asked, "used up", uow)
    with watched.work() as uow, pytest.raises(InvalidArgument):
        keep_answer(asked, "used up", uow)


def test_one_that_breaks_answers_nobody_and_the_try_counts(watched, pin):
    put(watched, secret="112233")
    with watched.work() as uow:
        asked = claim_try(pin, uow, ELDER)
    with pytest.raises(Unavailable):
        answer(watched, pin, asked, "broken")
    assert row(watched).tries == 1


def test_its_calls_are_counted_with_their_failures(watched, pin):
    put(watched, secret="112233")
    answer(watched, pin, row(watched), "112233")
    with pytest.raises(Unavailable):
        answer(watched, pin, row(watched), "broken")
    told = {f.hook: f for f in watched.hooks.figures.of("Brings")}["factor.answer"]
    assert (told.calls, told.errors) == (2, {"RuntimeError": 1})


def test_one_that_is_taken_away_is_asked_no_more(watched, pin):
    put(watched, secret="112233")
    asked = row(watched)
    watched.hooks.let_go("Brings")
    assert [one.id for one in watched.factors] == ["totp"]
    with pytest.raises(Unavailable):
        answer(watched, pin, asked, "112233")


def test_recovery_codes_renewed_while_one_was_used_are_not_kept(watched):
    device = next(one for one in watched.factors if one.id == "totp")
    secret = device.begin("here", "somebody").secret
    with pytest.raises(InvalidArgument):
        confirmation(watched, device, secret, "no code")
    put(watched, factor="totp", secret=secret)
    asked = row(watched, factor="totp")
    kept = renewal(watched, device, asked)
    assert codes_left(watched, device, asked) is not None
    put(watched, factor="totp", secret=kept.secret)
    with watched.work() as uow, pytest.raises(Aborted):
        keep_renewal(uow, asked, kept)
