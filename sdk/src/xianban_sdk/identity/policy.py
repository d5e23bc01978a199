"""Cedar: default deny, schema checked at start, any evaluation error denies.

A service's ``policy.cedar`` is read after the common prelude, which only forbids. Entities are
``Person`` {roles, level}, ``Resident`` and ``District``; actions are RPC names; the context is
{basis, scopes, consents, acr, minor, child}. ``basis`` is "self", "guardian", "family", "carer",
"assignment", "role:<role>", "workload:<name>" or "anonymous".
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources as package_files
from typing import Final

import cedarpy
import orjson

from xianban_sdk.telemetry import log

__all__ = ["PRELUDE", "Policy", "PolicyError", "Question", "policy_of", "schema_for"]

PRELUDE: Final = """
// Nobody acts on a basis that the call chain did not establish.
@id("basis-needed")
forbid (principal, action, resource) when { context.basis == "" };
"""

_ENTITIES: Final = """
entity Person = { "roles": Set<String>, "level": Long };
entity Resident;
entity District;
"""

_ACTION: Final = """
action "{name}" appliesTo {{
  principal: [Person],
  resource: [Resident, District],
  context: {{
    "basis": String, "scopes": Set<String>, "consents": Set<String>,
    "acr": Long, "minor": Bool, "child": Bool
  }}
}};
"""
_CACHE_SIZE: Final = 10_000


class PolicyError(RuntimeError):
    """The policy text does not fit the schema: the service does not start."""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a decision depends on; equal questions have equal answers."""

    action: str
    actor: str
    roles: frozenset[str]
    level: int
    resource_type: str
    resource: str
    basis: str
    scopes: frozenset[str]
    consents: frozenset[str]
    acr: int
    minor: bool
    child: bool


def schema_for(actions: Iterable[str]) -> str:
    """The Cedar schema of a service with these RPCs."""
    return _ENTITIES + "".join(_ACTION.format(name=name) for name in sorted(set(actions)))


class Policy:
    """A service's policies, parsed once."""

    def __init__(self, cedar_text: str, schema: str) -> None:
        self._schema, self._policies = _parsed(PRELUDE + cedar_text, schema)
        self._decided: OrderedDict[Question, bool] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, question: Question) -> bool:
        """The decision; remembered until :meth:`forget`."""
        known = self._decided.get(question)
        if known is not None:
            return known
        allowed = self._decide(question)
        with self._lock:
            self._decided[question] = allowed
            if len(self._decided) > _CACHE_SIZE:
                self._decided.popitem(last=False)
        return allowed

    def forget(self) -> None:
        """Drops remembered decisions; called at every relation change."""
        with self._lock:
            self._decided.clear()

    def _decide(self, question: Question) -> bool:
        try:
            entities = cedarpy.Entities.from_json_str(_entities(question), self._schema)
            answer = cedarpy.is_authorized(
                _request(question), self._policies, entities, self._schema
            )
        except ValueError as error:
            log.error("policy_error", action=question.action, errors=[str(error)])
            return False
        if answer.diagnostics.errors:
            # Cedar skips a forbid that errors; we do not.
            log.error("policy_error", action=question.action, errors=answer.diagnostics.errors)
            return False
        return answer.allowed


def policy_of(package: str, name: str, actions: Iterable[str], common: str = "") -> Policy:
    """The policy that a package carries, if it does, behind what all have in common."""
    file = package_files.files(package).joinpath(name)
    cedar = file.read_text("utf-8") if file.is_file() else ""
    return Policy(common + cedar, schema_for(actions))


@cache
def _parsed(text: str, schema: str) -> tuple[cedarpy.Schema, cedarpy.PolicySet]:
    """Once for each text: tests start a service hundreds of times."""
    try:
        made = cedarpy.Schema.from_str(schema), cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        raise PolicyError(str(error)) from error
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise PolicyError("; ".join(str(error) for error in checked.errors))
    return made


def _entities(question: Question) -> str:
    person: dict[str, object] = {
        "uid": {"type": "Person", "id": question.actor},
        "attrs": {"roles": sorted(question.roles), "level": question.level},
        "parents": [],
    }
    resource: dict[str, object] = {
        "uid": {"type": question.resource_type, "id": question.resource},
        "attrs": {},
        "parents": [],
    }
    return orjson.dumps([person, resource]).decode()


def _request(question: Question) -> dict[str, object]:
    return {
        "principal": {"type": "Person", "id": question.actor},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": question.resource_type, "id": question.resource},
        "context": {
            "basis": question.basis,
            "scopes": sorted(question.scopes),
            "consents": sorted(question.consents),
            "acr": question.acr,
            "minor": question.minor,
            "child": question.child,
        },
    }
