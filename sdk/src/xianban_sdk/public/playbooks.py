"""应急处置: what a playbook is, and the document it is written as.

A source tells playbooks; whoever is warned by an alert is offered those that fit it. The same
document stands in a district's file (TOML) and comes from an emergency system (JSON)::

    {"id": "smoke-gas", "version": 3, "names": {"zh-CN": "烟雾与燃气", "en": "Smoke and gas"},
     "fits": [{"domain": "eldercare", "rules": ["smoke", "gas"], "automatic": true}],
     "steps": [{"id": "call", "texts": {"zh-CN": "致电核实", "en": "Call to verify"},
                "role": "dispatcher", "due_seconds": 60, "overdue": "escalate"}, …]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NoReturn, Protocol, cast

from xianban_sdk.carrying import carries_nothing
from xianban_sdk.findings import Severity

__all__ = [
    "Playbook",
    "PlaybookFit",
    "PlaybookRefused",
    "PlaybookSource",
    "PlaybookStep",
    "PlaybookUnread",
    "document_of",
    "read_playbook",
]

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LOCALES: Final = ("zh-CN", "en")
_MOST_STEPS: Final = 40
_MOST_FITS: Final = 20
_MOST_RULES: Final = 50
_LONGEST_TEXT: Final = 300
_LONGEST_DUE: Final = 7 * 24 * 3600
_MOST_VERSIONS: Final = 1_000_000
_STARTS: Final = frozenset({"raise", "start"})
_NEEDS: Final = frozenset({"", "acknowledged", "dispatched"})
_OVERDUE: Final = frozenset({"remind", "escalate"})
_SEVERITIES: Final[Mapping[str, Severity]] = {one.name.lower(): one for one in Severity}


class PlaybookRefused(ValueError):
    """A document that is no playbook: the field, as `steps[2].due_seconds`, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PlaybookFit:
    """Which alerts a playbook is for."""

    domain: str
    rules: tuple[str, ...] = ()
    """Rules of alerts as the domain names them; empty: all of them."""
    severities: frozenset[Severity] = frozenset()
    """Empty: all of them."""
    automatic: bool = False
    """It begins with the alert; else whoever is on duty starts it."""


@dataclass(frozen=True, slots=True)
class PlaybookStep:
    """One thing to do."""

    id: str
    texts: Mapping[str, str]
    """By locale."""
    role: str
    """Who does it, e.g. "dispatcher"; shown, not enforced: in an emergency whoever can, does."""
    due: timedelta | None = None
    due_from: str = "raise"
    """From when `due` counts: the alert's "raise", the playbook's "start", or a step's end."""
    after: tuple[str, ...] = ()
    """Steps that must be done or skipped before."""
    needs: Literal["", "acknowledged", "dispatched"] = ""
    """How far the alert must have come before."""
    overdue: Literal["remind", "escalate"] = "remind"
    """Whoever has the alert is reminded; or the next rung of its ladder is told, too."""
    optional: bool = False
    """The playbook is finished without it."""


@dataclass(frozen=True, slots=True)
class Playbook:
    """What is done about an alert, step by step. A version never changes."""

    id: str
    version: int
    names: Mapping[str, str]
    fits: tuple[PlaybookFit, ...]
    steps: tuple[PlaybookStep, ...]

    def fit(self, domain: str, rule: str, severity: Severity) -> PlaybookFit | None:
        """The first fit of such an alert."""
        for one in self.fits:
            ruled = not one.rules or rule in one.rules
            if one.domain == domain and ruled and severity in (one.severities or Severity):
                return one
        return None


@dataclass(frozen=True, slots=True)
class PlaybookUnread:
    """A document of the source that is no playbook; the others stand."""

    document: str
    """Its id, or "playbook 3"."""
    field: str
    reason: str


class PlaybookSource(Protocol):
    """Somebody who says what is to be done."""

    id: str
    """Lower case letters, digits and hyphens."""
    names: Mapping[str, str]
    """By locale."""

    @carries_nothing("it is asked for documents")
    def read(self, now: datetime) -> list[Playbook | PlaybookUnread]:
        """All it has, each in its newest version; called about once a minute, outside any
        transaction. What is no longer told is offered no more; what began with it goes on."""
        ...


def read_playbook(document: object) -> Playbook:
    """Raises PlaybookRefused, which names the first field that is not right."""
    fields = _table(document, "", {"id", "version", "names", "fits", "steps"}, set())
    steps = _list(fields["steps"], "steps", _MOST_STEPS)
    fits = _list(fields["fits"], "fits", _MOST_FITS)
    found = Playbook(
        id=_id(fields["id"], "id"),
        version=_whole(fields["version"], "version", _MOST_VERSIONS),
        names=_texts(fields["names"], "names"),
        fits=tuple(_fit(one, f"fits[{place}]") for place, one in enumerate(fits)),
        steps=tuple(_step(one, f"steps[{place}]") for place, one in enumerate(steps)),
    )
    _check_references(found)
    return found


def document_of(playbook: Playbook) -> dict[str, Any]:
    """The document that reads as this playbook."""
    return {
        "id": playbook.id,
        "version": playbook.version,
        "names": dict(playbook.names),
        "fits": [_fit_document(one) for one in playbook.fits],
        "steps": [_step_document(one) for one in playbook.steps],
    }


def _fit_document(fit: PlaybookFit) -> dict[str, Any]:
    severities = sorted(fit.severities)
    return {
        "domain": fit.domain,
        "rules": list(fit.rules),
        "severities": [one.name.lower() for one in severities],
        "automatic": fit.automatic,
    }


def _step_document(step: PlaybookStep) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": step.id,
        "texts": dict(step.texts),
        "role": step.role,
        "due_from": step.due_from,
        "after": list(step.after),
        "needs": step.needs,
        "overdue": step.overdue,
        "optional": step.optional,
    }
    due = {} if step.due is None else {"due_seconds": int(step.due.total_seconds())}
    return told | due


def _fit(document: object, at: str) -> PlaybookFit:
    fields = _table(document, at, {"domain"}, {"rules", "severities", "automatic"})
    rules = _list(fields.get("rules", []), f"{at}.rules", _MOST_RULES, least=0)
    told = _list(fields.get("severities", []), f"{at}.severities", len(Severity), least=0)
    severities = [_one_of(one, f"{at}.severities", _SEVERITIES) for one in told]
    return PlaybookFit(
        domain=_id(fields["domain"], f"{at}.domain"),
        rules=tuple(_id(one, f"{at}.rules") for one in rules),
        severities=frozenset(_SEVERITIES[one] for one in severities),
        automatic=_flag(fields.get("automatic", False), f"{at}.automatic"),
    )


def _step(document: object, at: str) -> PlaybookStep:
    may = {"due_seconds", "due_from", "after", "needs", "overdue", "optional"}
    fields = _table(document, at, {"id", "texts", "role"}, may)
    due = fields.get("due_seconds")
    seconds = None if due is None else _whole(due, f"{at}.due_seconds", _LONGEST_DUE)
    after = _list(fields.get("after", []), f"{at}.after", _MOST_STEPS, least=0)
    return PlaybookStep(
        id=_id(fields["id"], f"{at}.id"),
        texts=_texts(fields["texts"], f"{at}.texts"),
        role=_id(fields["role"], f"{at}.role"),
        due=None if seconds is None else timedelta(seconds=seconds),
        due_from=_id(fields.get("due_from", "raise"), f"{at}.due_from"),
        after=tuple(_id(one, f"{at}.after") for one in after),
        needs=cast("Any", _one_of(fields.get("needs", ""), f"{at}.needs", _NEEDS)),
        overdue=cast("Any", _one_of(fields.get("overdue", "remind"), f"{at}.overdue", _OVERDUE)),
        optional=_flag(fields.get("optional", False), f"{at}.optional"),
    )


def _check_references(playbook: Playbook) -> None:
    """Steps refer to earlier ones alone: so nothing waits for itself."""
    known: set[str] = set()
    for place, step in enumerate(playbook.steps):
        at = f"steps[{place}]"
        if step.id in known | _STARTS:
            _refuse(f"{at}.id", "TWICE")
        if not known.issuperset(step.after):
            _refuse(f"{at}.after", "NO_EARLIER_STEP")
        if step.due_from not in known | _STARTS:
            _refuse(f"{at}.due_from", "NO_EARLIER_STEP")
        known.add(step.id)
    if all(step.optional for step in playbook.steps):
        _refuse("steps", "ALL_OPTIONAL")


def _table(value: object, at: str, must: set[str], may: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(at or "playbook", "NO_TABLE")
    fields = cast("Mapping[str, Any]", value)
    for name in sorted(must - fields.keys()):
        _refuse(f"{at}.{name}".lstrip("."), "MISSING")
    for name in fields:
        if name not in must | may:
            _refuse(f"{at}.{name}".lstrip(".")[:80], "UNKNOWN")
    return fields


def _list(value: object, at: str, most: int, *, least: int = 1) -> Sequence[Any]:
    if not isinstance(value, list):
        _refuse(at, "NO_LIST")
    items = cast("list[Any]", value)
    if not least <= len(items) <= most:
        _refuse(at, f"NOT_{least}_TO_{most}")
    return items


def _id(value: object, at: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        _refuse(at, "NO_ID")
    return value


def _texts(value: object, at: str) -> Mapping[str, str]:
    texts = _table(value, at, set(_LOCALES), set())
    for locale, text in texts.items():
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_TEXT:
            _refuse(f"{at}.{locale}", f"NO_TEXT_OF_{_LONGEST_TEXT}")
    return {locale: str(text) for locale, text in texts.items()}


def _whole(value: object, at: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        _refuse(at, f"NOT_1_TO_{most}")
    return value


def _flag(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        _refuse(at, "NO_FLAG")
    return value


def _one_of(value: object, at: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    if not isinstance(value, str) or value not in known:
        _refuse(at, "UNKNOWN_WORD")
    return value


def _refuse(field: str, reason: str) -> NoReturn:
    raise PlaybookRefused(field, reason)
