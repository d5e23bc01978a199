"""A plugin's own purpose: offered with its name, live while the plugin is here."""

import pytest
from xianban.common.v1 import plugins_pb2
from xianban.identity.v1 import identity_pb2 as pb
from xianban_identity.consumers import on_plugin_terms_declared
from xianban_identity.own import OwnFacts
from xianban_sdk.storage import open_unit_of_work

TERM = "acme-sms:acme.research"
WORDS = {"zh-CN": "改进短信服务", "en": "Improving the service"}


def term(**changes):
    told = {"plugin": "acme-sms", "vendor": "Acme", "term": TERM, "words": WORDS}
    return plugins_pb2.PluginTerm(**{**told, **changes})


@pytest.fixture
def declare(identity):
    def declare(*terms, domain="notify"):
        event = plugins_pb2.PluginTermsDeclared(domain=domain, terms=terms)
        resources = identity.service.resources
        opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
        with opened as uow:
            on_plugin_terms_declared(event, uow=uow, meta=None)

    return declare


@pytest.fixture
def offered(identity):
    def offered(locale="en"):
        asked = pb.ListPurposesRequest(page_size=200)
        found = identity.as_("", locale=locale).ListPurposes(asked).purposes
        return {one.id: one for one in found}.get(TERM)

    return offered


@pytest.fixture
def agree(identity, request_id):
    def agree(revision=1):
        decided = pb.RecordConsentRequest(
            parent=identity.name("resident"),
            purpose=TERM,
            revision=revision,
            decision=pb.CONSENT_DECISION_GIVEN,
            request_id=request_id(),
        )
        return identity.as_("resident").RecordConsent(decided)

    return agree


def agrees(identity, clock):
    person = identity.name("resident").removeprefix("residents/")
    facts = OwnFacts(identity.service.db).about([person])[person]
    return facts.agrees_to(TERM, clock.now())


def test_a_term_is_offered_with_its_plugin_and_vendor_in_both_languages(declare, offered):
    declare(term())
    english, chinese = offered(), offered("zh-CN")
    assert (english.title, chinese.title) == (WORDS["en"], WORDS["zh-CN"])
    assert (english.plugin, english.controller) == ("acme-sms", "Acme")
    assert "acme-sms" in english.text
    assert "Acme" in chinese.text


def test_a_resident_agrees_to_it_as_to_any_other(declare, agree, identity, clock):
    declare(term())
    assert agree().live
    assert agrees(identity, clock)


def test_it_ends_with_its_plugin_and_so_does_what_people_said(
    declare, offered, agree, identity, clock
):
    declare(term())
    agree()
    declare()
    assert offered() is None
    assert not agrees(identity, clock)


def test_a_plugin_that_comes_back_asks_anew(declare, offered, agree, identity, clock):
    declare(term())
    agree()
    declare()
    declare(term())
    assert offered().revision == 2
    assert not agrees(identity, clock)


def test_new_words_are_asked_anew_and_the_same_again_are_not(declare, offered, agree):
    declare(term())
    agree()
    declare(term())
    assert offered().revision == 1
    declare(term(words={"zh-CN": "推广", "en": "Advertising"}))
    assert (offered().revision, offered().title) == (2, "Advertising")


def test_what_another_services_plugins_ask_stays(declare, offered):
    declare(term())
    declare(domain="parking")
    assert offered() is not None
