"""What plugins want people's data for beyond the suite's purposes, offered while they are here.

A term is asked with the plugin's and its vendor's name. New words are a new revision, and so is a
plugin that comes back: nobody is bound by what they said to one that was gone.
"""

from __future__ import annotations

from dataclasses import replace

from xianban.common.v1 import plugins_pb2
from xianban_sdk import i18n
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.consent import Purpose
from xianban_identity.events import publish_consent
from xianban_identity.handlers.consents import publish_purpose
from xianban_identity.repository import consents
from xianban_identity.repository.consents import WordedPurpose

__all__ = ["declare_terms"]

_LONGEST = 128


def declare_terms(told: plugins_pb2.PluginTermsDeclared, *, uow: UnitOfWork) -> None:
    """All that a service's plugins ask for now."""
    standing = consents.plugin_terms(uow.conn, told.domain)
    asked = {one.term: _worded(one, told.domain) for one in told.terms}
    for term in standing.keys() - asked.keys():
        _end(standing[term], uow)
    for term, worded in asked.items():
        if term not in standing or _words(standing[term]) != _words(worded):
            _offer(worded, uow)


def _offer(worded: WordedPurpose, uow: UnitOfWork) -> None:
    before = consents.last_wording(uow.conn, worded.purpose.id)
    revision = before.purpose.revision + 1 if before else 1
    publish_purpose(replace(worded, purpose=replace(worded.purpose, revision=revision)), uow=uow)


def _end(worded: WordedPurpose, uow: UnitOfWork) -> None:
    facts = worded.purpose
    consents.end_term(uow.conn, facts.id, uow.clock.now())
    for item in consents.outdated(uow.conn, facts.id, facts.revision + 1):
        publish_consent(uow, item, live=False)


def _words(worded: WordedPurpose) -> tuple[str, ...]:
    titles = (worded.title_zh, worded.title_en)
    return (*titles, worded.text_zh, worded.text_en, worded.purpose.controller)


def _worded(term: plugins_pb2.PluginTerm, domain: str) -> WordedPurpose:
    facts = Purpose(term.term, 1, term.vendor[:_LONGEST])
    zh, en = term.words["zh-CN"], term.words["en"]
    texts = [
        i18n.text("term-text", locale, "xianban_identity", plugin=term.plugin, vendor=term.vendor)
        for locale in ("zh-CN", "en")
    ]
    return WordedPurpose(facts, zh, texts[0], en, texts[1], term.plugin, domain)
