"""What identity is told of plugins' own purposes: all of it, and only when it changed."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select
from xianban.common.v1 import plugins_pb2 as pb
from xianban_sdk.carrying import carries
from xianban_sdk.plugins import Manifest, build, hookspec
from xianban_sdk.settings import Settings
from xianban_sdk.storage.tables import outbox
from xianban_sdk.terms import Terms

RIGHTS = "test.rights"
WORDS = {"zh-CN": "研究", "en": "Research"}


@hookspec
@carries(RIGHTS, "consent")
def discounts(rights: str) -> list[str]:
    """Carries data."""


specs = SimpleNamespace(API_VERSION="1", discounts=discounts)


class Vendor:
    def __init__(self, *purposes):
        told = dict.fromkeys(purposes, WORDS)
        self.manifest = Manifest("acme", "1", "Acme", ">=1", frozenset(), purposes=told)


@pytest.fixture
def terms(database, clock, ids, tmp_path):
    def terms(*plugins):
        hooks = build("test", specs, plugins)
        settings = Settings(data=tmp_path)
        found = {"db": database, "clock": clock, "ids": ids, "hooks": hooks, "settings": settings}
        return Terms(SimpleNamespace(**found))

    return terms


@pytest.fixture
def told(database):
    def told():
        with database.read() as conn:
            rows = conn.execute(select(outbox.c.data).order_by(outbox.c.seq)).scalars()
            return [pb.PluginTermsDeclared.FromString(bytes(row)) for row in rows]

    return told


def test_what_the_domain_asks_for_itself_is_no_term_and_nothing_is_said_of_nothing(terms, told):
    assert not terms(Vendor(RIGHTS)).tell()
    assert told() == []


def test_a_purpose_of_the_plugins_own_is_told_once_with_its_vendor_and_words(terms, told):
    assert terms(Vendor(RIGHTS, "acme.research")).tell()
    # The next start of the service finds what was told.
    assert not terms(Vendor(RIGHTS, "acme.research")).tell()
    [event] = told()
    assert event.terms == [
        pb.PluginTerm(plugin="acme", vendor="Acme", term="acme:acme.research", words=WORDS)
    ]


def test_a_plugin_that_went_leaves_nothing_behind(terms, told):
    terms(Vendor("acme.research")).tell()
    assert terms().tell()
    assert [len(event.terms) for event in told()] == [1, 0]
