"""Who calls, for whom, on what basis."""

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
