"""Who may call an RPC, for whom, and on what basis: the access rule, relations and policy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from xianban_sdk.clock import Clock
from xianban_sdk.errors import NotFound, PermissionDenied, Unauthenticated
from xianban_sdk.identity.facts import ALL_SCOPES, Basis, Facts
from xianban_sdk.identity.policy import Policy, Question
from xianban_sdk.identity.principal import ANONYMOUS, Principal
from xianban_sdk.identity.relations import FactsSource

__all__ = ["STEP_UP_ACR", "AccessRule", "Authoriser", "Grant", "Scope"]

# The level of log-in that RPCs with `step_up` ask for (RFC 9470).
STEP_UP_ACR = 2
_NOBODY = Principal(ANONYMOUS)
_ROLE = "role:"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One RPC's access options, read from its descriptor."""

    action: str
    anonymous: bool = False
    subject: str = ""
    scope: str = ""
    purpose: str = ""
    step_up: bool = False
    safety: bool = False
    workload: bool = False
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a repository query is narrowed to; every query takes one."""

    actor: str
    subject: str | None = None
    areas: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """The outcome of an allowed call."""

    basis: Basis
    scope: Scope
    consents: frozenset[str] = field(default_factory=frozenset[str])
    minor: bool = False
    child: bool = False

    def reaches_as(self, other: Grant) -> bool:
        """Whether it lets the same be seen: for the same reason, in the same areas."""
        same = self.basis.name == other.basis.name and self.scope.subject == other.scope.subject
        return same and {*self.scope.areas} == {*other.scope.areas}


class Authoriser:
    """Decides calls of one service.

    A method with a subject may be called by the subject, by someone with a live relation that
    reaches the rule's scope, or by staff with one of the rule's roles; anyone else hears the same
    NOT_FOUND as for a resident who does not exist. A method without a subject but with roles needs
    one of them.
    """

    def __init__(self, facts: FactsSource, policy: Policy, district: str, clock: Clock) -> None:
        self._facts = facts
        self._policy = policy
        self._district = district
        self._clock = clock
        facts.on_change(policy.forget)

    def authorise(
        self, rule: AccessRule, principal: Principal | None, subject: str | None
    ) -> Grant:
        """The grant, or the refusal as an error."""
        person = _caller(rule, principal)
        known: Facts | None = None
        bases = [Basis("self", frozenset({ALL_SCOPES}))]
        if rule.workload or principal is None:
            bases = [Basis(person.actor, frozenset())]
        elif subject != person.actor and (subject is not None or rule.roles):
            known = self._facts.facts(person.actor, subject or "")
            bases = self._delegated(rule, known, subject)
        if rule.purpose and subject is not None:
            known = known or self._facts.facts(person.actor, subject)
        grants = [self._grant(rule, person, subject, basis, known) for basis in bases]
        allowed = [grant for grant in grants if self._allows(rule, person, grant)]
        if not allowed:
            raise PermissionDenied("POLICY_DENIED")
        return allowed[0] if len(allowed) == 1 else _together(allowed)

    def _delegated(self, rule: AccessRule, known: Facts, subject: str | None) -> list[Basis]:
        if subject is not None:
            basis = known.basis(rule.scope, self._clock.now())
            if basis is not None:
                return [basis]
        held = sorted(rule.roles & known.roles())
        if held:
            return [Basis(_ROLE + role, frozenset()) for role in held]
        if subject is not None:
            raise NotFound("RESIDENT_NOT_FOUND", field=rule.subject)
        raise PermissionDenied("ROLE_MISSING")

    def _grant(
        self,
        rule: AccessRule,
        person: Principal,
        subject: str | None,
        basis: Basis,
        known: Facts | None,
    ) -> Grant:
        if known is None:
            return Grant(basis, Scope(person.actor, subject))
        now = self._clock.now()
        consents = known.live_consents(now)
        if rule.purpose and rule.purpose not in consents:
            raise PermissionDenied("CONSENT_REQUIRED", purpose=rule.purpose)
        roles = known.roles()
        used = frozenset({basis.name[len(_ROLE) :]} if basis.name.startswith(_ROLE) else ())
        scope = Scope(person.actor, subject, known.areas(used), roles)
        return Grant(basis, scope, consents, known.minor(now), known.child(now))

    def _allows(self, rule: AccessRule, person: Principal, grant: Grant) -> bool:
        subject = grant.scope.subject
        question = Question(
            action=rule.action,
            actor=person.actor,
            roles=grant.scope.roles,
            level=person.level,
            resource_type="District" if subject is None else "Resident",
            resource=self._district if subject is None else subject,
            basis=grant.basis.name,
            scopes=grant.basis.scopes,
            consents=grant.consents,
            acr=person.acr,
            minor=grant.minor,
            child=grant.child,
        )
        return self._policy.allows(question)


def _together(grants: list[Grant]) -> Grant:
    """Who holds several roles may do what any of them may, wherever any of them holds."""
    areas = tuple(sorted({area for grant in grants for area in grant.scope.areas}))
    return replace(grants[0], scope=replace(grants[0].scope, areas=areas))


def _caller(rule: AccessRule, principal: Principal | None) -> Principal:
    if principal is None:
        if rule.anonymous:
            return _NOBODY
        raise Unauthenticated("TOKEN_MISSING")
    if rule.workload:
        return _workload(principal)
    if principal.is_workload and not rule.anonymous:
        raise Unauthenticated("TOKEN_MISSING")
    if rule.step_up and principal.acr < STEP_UP_ACR:
        raise Unauthenticated("STEP_UP_REQUIRED", acr_values=str(STEP_UP_ACR))
    return principal


def _workload(principal: Principal) -> Principal:
    if principal.workload is None:
        raise PermissionDenied("WORKLOAD_ONLY")
    return Principal(f"workload:{principal.workload}", workload=principal.workload)
