"""The two ceremonies of WebAuthn: registering a passkey, and showing one.

The library checks origin, rp id, presence, verification and signature; challenges, owners and
counters are checked here. A challenge is used up by the attempt: commit what these functions did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from fido2.cose import ES256, RS256, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    AuthenticatorTransport,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from xianban_sdk.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    ResourceExhausted,
    XianbanError,
)
from xianban_sdk.storage import UnitOfWork, keyed_hash
from xianban_sdk.telemetry import log

from xianban_identity.domain.passkeys import CHALLENGE_LIFE, MOST_PASSKEYS, Party, Passkey
from xianban_identity.domain.people import Person, mask_phone
from xianban_identity.handlers.methods import passkey_added, passkey_counted_back
from xianban_identity.repository import passkeys
from xianban_identity.signin.browser import Browser
from xianban_identity.signin.flow import Flow

__all__ = ["Passkeys", "bound_to", "user_handle"]

_KINDS = (ES256, EdDSA, RS256)
_MILLISECONDS = int(CHALLENGE_LIFE.total_seconds()) * 1000
_TYPE = PublicKeyCredentialType.PUBLIC_KEY
_VERIFIED = UserVerificationRequirement.REQUIRED

Read = TypeVar("Read")
Answer = TypeVar("Answer", RegistrationResponse, AuthenticationResponse)


def user_handle(person_id: str) -> bytes:
    """What authenticators know the person by; it says nothing to anybody else."""
    return keyed_hash(f"passkey-user:{person_id}").encode("ascii")


def bound_to(purpose: str, browser: Browser, flow: Flow, session: str = "") -> str:
    """A challenge is good for one purpose, in one browser, on one way, in one log-in."""
    return f"{purpose}:{browser.key}:{flow.id}:{session}"


@dataclass(frozen=True, slots=True)
class Passkeys:
    """The ceremonies at one domain."""

    party: Party

    def creation(self, uow: UnitOfWork, bound: str, person: Person) -> str:
        """JSON of PublicKeyCredentialCreationOptions for one attempt."""
        known = [_descriptor(item) for item in passkeys.of(uow.conn, person.id)]
        label = person.name or mask_phone(person.phone)
        user = PublicKeyCredentialUserEntity(
            id=user_handle(person.id), name=mask_phone(person.phone), display_name=label
        )
        options, state = self._server().register_begin(
            user,
            known,
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=_VERIFIED,
        )
        return self._begun(uow, bound, options.public_key, state)

    def register(self, uow: UnitOfWork, bound: str, person: Person, raw: str, name: str) -> Passkey:
        """A new passkey of the person; PASSKEY_… errors say what was wrong."""
        response = _parsed(raw, RegistrationResponse)
        state = _state(uow, bound, response.response.client_data)
        data = _checked(lambda: self._server().register_complete(state, response))
        attested = data.credential_data
        if attested is None or not isinstance(attested.public_key, _KINDS):
            raise InvalidArgument("PASSKEY_REFUSED", field="name")
        if passkeys.by_credential(uow.conn, attested.credential_id) is not None:
            raise AlreadyExists("PASSKEY_KNOWN", field="name")
        if len(passkeys.of(uow.conn, person.id)) >= MOST_PASSKEYS:
            raise ResourceExhausted("PASSKEYS_FULL", field="name", limit=MOST_PASSKEYS)
        made = _made(uow, person.id, data, attested, _transports(raw), name)
        passkeys.add(uow.conn, made)
        passkey_added(made, uow=uow)
        return made

    def request(self, uow: UnitOfWork, bound: str, person_id: str = "") -> str:
        """JSON of PublicKeyCredentialRequestOptions; without a person any passkey may answer."""
        known = [_descriptor(item) for item in passkeys.of(uow.conn, person_id)]
        options, state = self._server().authenticate_begin(known or None, _VERIFIED)
        return self._begun(uow, bound, options.public_key, state)

    def authenticate(self, uow: UnitOfWork, bound: str, raw: str, person_id: str = "") -> Passkey:
        """The passkey that was shown; PASSKEY_… errors say what was wrong."""
        response = _parsed(raw, AuthenticationResponse)
        state = _state(uow, bound, response.response.client_data)
        found = passkeys.by_credential(uow.conn, response.raw_id)
        if found is None:
            raise InvalidArgument("PASSKEY_UNKNOWN")
        _check_owner(found, response.response.user_handle, person_id)
        known = [AttestedCredentialData(found.attested)]
        _checked(lambda: self._server().authenticate_complete(state, known, response))
        shown = response.response.authenticator_data
        if found.counts_back(shown.counter):
            passkey_counted_back(found, uow=uow)
            raise FailedPrecondition("PASSKEY_COUNTED_BACK")
        return passkeys.use(uow.conn, found, shown.counter, shown.is_backed_up(), uow.clock.now())

    def try_authenticate(
        self, uow: UnitOfWork, bound: str, raw: str, person_id: str = ""
    ) -> Passkey | XianbanError:
        """As `authenticate`, but the refusal is returned: what was used up is committed."""
        try:
            return self.authenticate(uow, bound, raw, person_id)
        except XianbanError as error:
            return error

    def _begun(self, uow: UnitOfWork, bound: str, options: Any, state: dict[str, Any]) -> str:
        passkeys.add_challenge(uow.conn, state["challenge"], bound, uow.clock.now())
        return json.dumps(dict(options))

    def _server(self) -> Fido2Server:
        server = Fido2Server(
            PublicKeyCredentialRpEntity(id=self.party.id, name="贤办"),
            AttestationConveyancePreference.NONE,
            verify_origin=lambda origin: origin == self.party.origin,
        )
        setattr(server, "timeout", _MILLISECONDS)  # noqa: B010 declared as None alone
        server.allowed_algorithms = [
            PublicKeyCredentialParameters(type=_TYPE, alg=kind.ALGORITHM) for kind in _KINDS
        ]
        return server


def _descriptor(item: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in item.transports]
    return PublicKeyCredentialDescriptor(
        type=_TYPE, id=item.credential, transports=transports or None
    )


def _parsed(raw: str, kind: type[Answer]) -> Answer:
    try:
        # Of "null" the library makes None.
        return cast(Answer, kind.from_dict(dict(json.loads(raw))))
    except Exception as error:  # whatever a stranger's bytes make the parser trip over
        log.warning("passkey_unreadable", error=repr(error)[:200])
        raise InvalidArgument("PASSKEY_REFUSED") from None


def _state(uow: UnitOfWork, bound: str, client: CollectedClientData) -> dict[str, Any]:
    """The challenge, used up; only one of ours, for this and from this browser, is good."""
    challenge = websafe_encode(client.challenge)
    since = uow.clock.now() - CHALLENGE_LIFE
    if not passkeys.take_challenge(uow.conn, challenge, bound, since):
        raise FailedPrecondition("PASSKEY_TOO_LATE")
    if client.cross_origin:
        raise InvalidArgument("PASSKEY_REFUSED")
    return {"challenge": challenge, "user_verification": _VERIFIED}


def _checked(check: Callable[[], Read]) -> Read:
    try:
        return check()
    except Exception as error:  # ValueError for what the standard forbids, anything for bad bytes
        log.warning("passkey_refused", error=repr(error)[:200])
        raise InvalidArgument("PASSKEY_REFUSED") from None


def _check_owner(found: Passkey, handle: bytes | None, person_id: str) -> None:
    """Whoever logs in is named by the authenticator; whoever confirms must be who is logged in."""
    if person_id and found.person != person_id:
        raise InvalidArgument("PASSKEY_FOREIGN")
    if (handle is None and not person_id) or (handle and handle != user_handle(found.person)):
        raise InvalidArgument("PASSKEY_REFUSED")


def _transports(raw: str) -> tuple[str, ...]:
    """Hints alone, and the library drops them; what the standard does not name is left out."""
    given: Any = json.loads(raw)["response"].get("transports") or ()
    return tuple(sorted(one.value for one in AuthenticatorTransport if one.value in given))


def _made(
    uow: UnitOfWork,
    person_id: str,
    data: AuthenticatorData,
    attested: AttestedCredentialData,
    transports: tuple[str, ...],
    name: str,
) -> Passkey:
    return Passkey(
        id=uow.ids.new(),
        person=person_id,
        credential=attested.credential_id,
        attested=bytes(attested),
        sign_count=data.counter,
        name=name,
        transports=transports,
        synced=data.is_backed_up(),
        created_at=uow.clock.now(),
    )
