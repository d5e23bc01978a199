"""A request to a number nobody had yet finds its person at the first log-in."""

from datetime import timedelta

from xianban_identity.domain.delegation import Kind, Limits, Side, State
from xianban_identity.handlers import delegations as cases
from xianban_identity.handlers.delegations import RequestDelegation
from xianban_identity.repository import delegations
from xianban_identity.testing import Client
from xianban_sdk import demo
from xianban_sdk.rpc import Scope

RESIDENT = demo.person_id("resident")


def ask(provider, name="钱多多"):
    command = RequestDelegation(Kind.CARER, Side.SUBJECT, "13812345678", name, ("parking",), None)
    with provider.work(RESIDENT) as uow:
        made = cases.request(command, uow=uow, scope=Scope(RESIDENT, RESIDENT), limits=Limits())
    return made.delegation.id


def delegation(provider, delegation_id):
    with provider.work() as uow:
        return delegations.load(uow.conn, delegation_id).delegation


def log_in_as_new(browser, name):
    page = browser.log_in(Client().authorization(), "13812345678")
    return browser.submit(page, name=name)


def test_it_waits_until_the_name_is_said(provider, browser):
    made = ask(provider)
    assert delegation(provider, made).delegate == ""
    log_in_as_new(browser, "钱多多")
    found = delegation(provider, made)
    assert found.delegate != ""
    assert found.state is State.PENDING


def test_another_name_finds_nothing(provider, browser):
    made = ask(provider)
    log_in_as_new(browser, "赵六")
    assert delegation(provider, made).delegate == ""


def test_a_request_that_is_over_finds_nobody(provider, browser, clock):
    made = ask(provider)
    clock.advance(timedelta(days=31))
    log_in_as_new(browser, "钱多多")
    assert delegation(provider, made).delegate == ""
