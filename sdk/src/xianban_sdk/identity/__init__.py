"""Who calls, for whom, on what basis.

The names are loaded when they are first asked for: the portal needs tokens alone, and would pay
for SQLAlchemy and Cedar with every start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xianban_sdk.identity.access import STEP_UP_ACR, AccessRule, Authoriser, Grant, Scope
    from xianban_sdk.identity.facts import Basis, Facts
    from xianban_sdk.identity.jwks import JwksCache, JwksSource, StaticKeys
    from xianban_sdk.identity.policy import Policy, PolicyError, Question, schema_for
    from xianban_sdk.identity.principal import ANONYMOUS, Principal
    from xianban_sdk.identity.relations import BOUND_SECONDS, FactsSource, Relations
    from xianban_sdk.identity.tokens import TokenVerifier
    from xianban_sdk.identity.workload import IdentityHttp, WorkloadIdentity

__all__ = [
    "ANONYMOUS",
    "BOUND_SECONDS",
    "STEP_UP_ACR",
    "AccessRule",
    "Authoriser",
    "Basis",
    "Facts",
    "FactsSource",
    "Grant",
    "IdentityHttp",
    "JwksCache",
    "JwksSource",
    "Policy",
    "PolicyError",
    "Principal",
    "Question",
    "Relations",
    "Scope",
    "StaticKeys",
    "TokenVerifier",
    "WorkloadIdentity",
    "schema_for",
]

_HOMES = {
    "access": ("STEP_UP_ACR", "AccessRule", "Authoriser", "Grant", "Scope"),
    "facts": ("Basis", "Facts"),
    "jwks": ("JwksCache", "JwksSource", "StaticKeys"),
    "policy": ("Policy", "PolicyError", "Question", "schema_for"),
    "principal": ("ANONYMOUS", "Principal"),
    "relations": ("BOUND_SECONDS", "FactsSource", "Relations"),
    "tokens": ("TokenVerifier",),
    "workload": ("IdentityHttp", "WorkloadIdentity"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
