"""Wire work: requests to use cases, results to messages."""

from __future__ import annotations

from xianban.common.v1 import audit_pb2, relations_pb2
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.app import Resources
from xianban_sdk.errors import NotFound
from xianban_sdk.rpc import Call
from xianban_sdk.storage import decode_page, encode_page
from xianban_sdk.who_looked import who_looked
from xianban_sdk.wire import stamp

from xianban_identity import convert
from xianban_identity.domain.consent import receipt
from xianban_identity.domain.delegation import Side, State
from xianban_identity.errors import refusals
from xianban_identity.handlers import consents as consent_cases
from xianban_identity.handlers import delegations as delegation_cases
from xianban_identity.handlers import people as person_cases
from xianban_identity.handlers import sessions as session_cases
from xianban_identity.handlers.consents import RecordDecision
from xianban_identity.handlers.delegations import RequestDelegation
from xianban_identity.oidc import keys
from xianban_identity.repository import consents, delegations, people, relation_log, sessions
from xianban_identity.repository.delegations import Record
from xianban_identity.settings import IdentitySettings

__all__ = ["IdentityServicer", "RelationServicer"]

_PAGE = 50
_LOG_PAGE = 500
# As many as can be in force for one delegate, and what is still on its way out.
_ACTING_FOR = 200


class IdentityServicer:
    """xianban.identity.v1.IdentityService."""

    def __init__(self, resources: Resources) -> None:
        self._settings = IdentitySettings.load(resources.settings)
        self._issuer = resources.settings.issuer

    # -- people -----------------------------------------------------------------------------

    def GetPerson(self, request: pb.GetPersonRequest, call: Call) -> pb.Person:
        person = people.subject(call.uow.conn, call.scope)
        return convert.person(person, people.memberships(call.uow.conn, person.id))

    def UpdatePreferences(self, request: pb.UpdatePreferencesRequest, call: Call) -> pb.Person:
        profile = convert.profile_name(request.profile)
        changed = person_cases.change_preferences(
            request.locale, profile, uow=call.uow, scope=call.scope
        )
        return convert.person(changed, people.memberships(call.uow.conn, changed.id))

    # -- sessions ---------------------------------------------------------------------------

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        standing = sessions.of(call.uow.conn, call.scope, call.clock.now())
        start = int(decode_page(request.page_token).get("start", 0))
        size = request.page_size or _PAGE
        shown = [convert.session(item, _session(call)) for item in standing[start : start + size]]
        more = len(standing) > start + size
        token = encode_page({"start": start + size}) if more else ""
        return pb.ListSessionsResponse(sessions=shown, next_page_token=token)

    def EndSession(self, request: pb.EndSessionRequest, call: Call) -> pb.Session:
        session_id = convert.last_id(request.name)
        ended = session_cases.end(session_id, uow=call.uow, scope=call.scope)
        return convert.session(ended, _session(call))

    # -- delegations ------------------------------------------------------------------------

    def ListDelegations(
        self, request: pb.ListDelegationsRequest, call: Call
    ) -> pb.ListDelegationsResponse:
        size = request.page_size or _PAGE
        found = delegations.of(
            call.uow.conn,
            call.scope,
            current=request.current,
            now=call.clock.now(),
            before=str(decode_page(request.page_token).get("before", "")),
            size=size + 1,
        )
        token = encode_page({"before": found[size - 1].delegation.id}) if len(found) > size else ""
        shown = _shown(call, found[:size])
        return pb.ListDelegationsResponse(delegations=shown, next_page_token=token)

    def GetDelegation(self, request: pb.GetDelegationRequest, call: Call) -> pb.Delegation:
        delegation_id = convert.last_id(request.name)
        record = delegations.find(call.uow.conn, call.scope, delegation_id)
        if record is None:
            raise NotFound("DELEGATION_NOT_FOUND", field="name")
        return _shown(call, [record])[0]

    def CreateDelegation(self, request: pb.CreateDelegationRequest, call: Call) -> pb.Delegation:
        command = RequestDelegation(
            kind=convert.kind(request.kind),
            side=Side.SUBJECT if request.other_is_delegate else Side.DELEGATE,
            other_phone=request.other_phone,
            other_name=request.other_name,
            scopes=tuple(request.scopes),
            until=convert.instant(request.expire_time),
        )
        limits = self._settings.limits
        with refusals():
            made = delegation_cases.request(command, uow=call.uow, scope=call.scope, limits=limits)
        return _shown(call, [made])[0]

    def ApproveDelegation(self, request: pb.ApproveDelegationRequest, call: Call) -> pb.Delegation:
        delegation_id, limits = convert.last_id(request.name), self._settings.limits
        with refusals():
            done = delegation_cases.approve(
                delegation_id, uow=call.uow, scope=call.scope, limits=limits
            )
        return _shown(call, [done])[0]

    def RejectDelegation(self, request: pb.RejectDelegationRequest, call: Call) -> pb.Delegation:
        with refusals():
            done = delegation_cases.reject(
                convert.last_id(request.name), uow=call.uow, scope=call.scope
            )
        return _shown(call, [done])[0]

    def RevokeDelegation(self, request: pb.RevokeDelegationRequest, call: Call) -> pb.Delegation:
        with refusals():
            done = delegation_cases.revoke(
                convert.last_id(request.name), uow=call.uow, scope=call.scope
            )
        return _shown(call, [done])[0]

    def ListDelegationEvents(
        self, request: pb.ListDelegationEventsRequest, call: Call
    ) -> pb.ListDelegationEventsResponse:
        conn, size = call.uow.conn, request.page_size or _PAGE
        delegation_id = convert.last_id(request.parent)
        record = delegations.find(conn, call.scope, delegation_id)
        if record is None:
            raise NotFound("DELEGATION_NOT_FOUND", field="parent")
        after = str(decode_page(request.page_token).get("after", ""))
        found = delegations.history(
            conn,
            call.scope,
            delegation_id,
            after=after,
            size=size + 1,
            veiled=convert.is_veiled(record.delegation, call.actor),
        )
        token = encode_page({"after": found[size - 1].id}) if len(found) > size else ""
        names = people.names(conn, convert.known_actors(record.delegation, found))
        shown = [convert.delegation_event(event, names) for event in found[:size]]
        return pb.ListDelegationEventsResponse(events=shown, next_page_token=token)

    def ListActingFor(
        self, request: pb.ListActingForRequest, call: Call
    ) -> pb.ListActingForResponse:
        conn, now = call.uow.conn, call.clock.now()
        found = delegations.of(conn, call.scope, current=True, now=now, before="", size=_ACTING_FOR)
        mine = [
            record.delegation
            for record in found
            if record.delegation.delegate == call.actor
            and record.delegation.state_at(now) is State.ACTIVE
        ]
        names = people.names(conn, {item.subject for item in mine})
        return pb.ListActingForResponse(subjects=[convert.acting_for(i, names) for i in mine])

    # -- the clerk --------------------------------------------------------------------------

    def ListReviews(self, request: pb.ListReviewsRequest, call: Call) -> pb.ListReviewsResponse:
        size = request.page_size or _PAGE
        after = str(decode_page(request.page_token).get("after", ""))
        found = delegations.in_review(
            call.uow.conn, call.scope, now=call.clock.now(), after=after, size=size + 1
        )
        token = encode_page({"after": found[size - 1].delegation.id}) if len(found) > size else ""
        return pb.ListReviewsResponse(delegations=_shown(call, found[:size]), next_page_token=token)

    def DecideReview(self, request: pb.DecideReviewRequest, call: Call) -> pb.Delegation:
        with refusals():
            done = delegation_cases.decide_review(
                request.delegation,
                approved=request.approve,
                reason=request.reason,
                uow=call.uow,
                scope=call.scope,
                limits=self._settings.limits,
            )
        return _shown(call, [done])[0]

    # -- consents ---------------------------------------------------------------------------

    def ListPurposes(self, request: pb.ListPurposesRequest, call: Call) -> pb.ListPurposesResponse:
        size = request.page_size or _PAGE
        after = str(decode_page(request.page_token).get("after", ""))
        found = consents.list_purposes(call.uow.conn, after=after, size=size + 1)
        token = encode_page({"after": found[size - 1].purpose.id}) if len(found) > size else ""
        shown = [convert.purpose(item, call.locale) for item in found[:size]]
        return pb.ListPurposesResponse(purposes=shown, next_page_token=token)

    def ListConsents(self, request: pb.ListConsentsRequest, call: Call) -> pb.ListConsentsResponse:
        conn, size = call.uow.conn, request.page_size or _PAGE
        before = str(decode_page(request.page_token).get("before", ""))
        found = consents.of(conn, call.scope, before=before, size=size + 1)
        token = encode_page({"before": found[size - 1].id}) if len(found) > size else ""
        revisions, now = consents.revisions(conn), call.clock.now()
        shown = [convert.consent(c, revisions.get(c.purpose, 0), now) for c in found[:size]]
        return pb.ListConsentsResponse(consents=shown, next_page_token=token)

    def RecordConsent(self, request: pb.RecordConsentRequest, call: Call) -> pb.Consent:
        command = RecordDecision(
            purpose=request.purpose,
            revision=request.revision,
            decision=convert.decision(request.decision),
            until=convert.instant(request.expire_time),
        )
        with refusals():
            made = consent_cases.record(command, uow=call.uow, scope=call.scope, basis=call.basis)
        return convert.consent(made, request.revision, call.clock.now())

    def WithdrawConsent(self, request: pb.WithdrawConsentRequest, call: Call) -> pb.Consent:
        with refusals():
            done = consent_cases.withdraw(
                convert.last_id(request.name), uow=call.uow, scope=call.scope, basis=call.basis
            )
        return convert.consent(done, done.revision, call.clock.now())

    def GetConsentReceipt(
        self, request: pb.GetConsentReceiptRequest, call: Call
    ) -> pb.ConsentReceipt:
        conn = call.uow.conn
        found = consents.find(conn, call.scope, convert.last_id(request.name))
        worded = consents.wording(conn, found.purpose, found.revision) if found else None
        if found is None or worded is None:
            raise NotFound("CONSENT_NOT_FOUND", field="name")
        title = worded.title(call.locale)
        facts = receipt(found, worded.purpose, title, self._issuer)
        return pb.ConsentReceipt(
            jws=keys.sign(conn, call.clock.now(), "consent-receipt+jwt", facts)
        )

    # -- who looked -------------------------------------------------------------------------

    def ListAccesses(
        self, request: audit_pb2.ListAccessesRequest, call: Call
    ) -> audit_pb2.ListAccessesResponse:
        return who_looked(request, call, lambda actors: people.names(call.uow.conn, actors))


def _session(call: Call) -> str:
    return call.principal.session if call.principal else ""


def _shown(call: Call, records: list[Record]) -> list[pb.Delegation]:
    """As the caller may see them."""
    ids = {i for r in records for i in (r.delegation.delegate, r.delegation.subject)}
    names, now = people.names(call.uow.conn, ids), call.clock.now()
    return [convert.delegation(record, call.actor, names, now) for record in records]


class RelationServicer:
    """xianban.common.v1.RelationService."""

    def __init__(self, resources: Resources) -> None:
        pass

    def ListRelations(
        self, request: relations_pb2.ListRelationsRequest, call: Call
    ) -> relations_pb2.ListRelationsResponse:
        conn, size = call.uow.conn, request.page_size or _LOG_PAGE
        # Instant, then sequence, then records: all that was committed by then is in the page.
        observed = stamp(call.clock.now())
        sequence = relation_log.last_sequence(conn)
        records = relation_log.after(conn, request.after_sequence, size + 1)
        return relations_pb2.ListRelationsResponse(
            records=records[:size],
            complete=len(records) <= size,
            sequence=sequence,
            observe_time=observed,
        )

    def ResolveRelations(
        self, request: relations_pb2.ResolveRelationsRequest, call: Call
    ) -> relations_pb2.ResolveRelationsResponse:
        observed = stamp(call.clock.now())
        records = relation_log.for_pair(call.uow.conn, request.actor, request.subject)
        return relations_pb2.ResolveRelationsResponse(records=records, observe_time=observed)
