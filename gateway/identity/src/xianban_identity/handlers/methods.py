"""Use cases of the ways to log in: each addition and removal is audited and told to the person."""

from __future__ import annotations

from xianban_sdk.errors import NotFound
from xianban_sdk.storage import UnitOfWork

from xianban_identity.domain.errors import NotAllowed
from xianban_identity.domain.passkeys import Passkey, named
from xianban_identity.events import tell
from xianban_identity.repository import passkeys, people, signins

__all__ = [
    "factor_added",
    "has_strong",
    "passkey_added",
    "passkey_counted_back",
    "recovery_renewed",
    "remove_factor",
    "remove_passkey",
    "rename_passkey",
]

PAGE = "/me/sign-in-methods"


def has_strong(uow: UnitOfWork, person_id: str) -> bool:
    """Whether the person has anything beside the phone."""
    return passkeys.has_any(uow.conn, person_id) or bool(signins.factors(uow.conn, person_id))


def passkey_added(item: Passkey, *, uow: UnitOfWork) -> None:
    """After a registration."""
    _told(uow, "AddPasskey", item.person, "passkey-added", name=item.name)


def passkey_counted_back(item: Passkey, *, uow: UnitOfWork) -> None:
    """A passkey whose counter did not grow may have been copied."""
    uow.audit("UsePasskey", item.person, outcome="denied", basis="self")
    _tell(uow, item.person, "passkey-counted-back", name=item.name)


def rename_passkey(person_id: str, passkey_id: str, raw: str, *, uow: UnitOfWork) -> None:
    """The person's own word for it."""
    found = _passkey(uow, person_id, passkey_id)
    passkeys.rename(uow.conn, found, named(raw))
    uow.audit("RenamePasskey", person_id, basis="self")


def remove_passkey(person_id: str, passkey_id: str, *, uow: UnitOfWork) -> None:
    """It opens nothing any more; the last one stays while a role needs it."""
    people.lock(uow.conn, person_id)
    found = _passkey(uow, person_id, passkey_id)
    _check_not_last(uow, person_id)
    passkeys.remove(uow.conn, found)
    _told(uow, "RemovePasskey", person_id, "passkey-removed", name=found.name)


def factor_added(person_id: str, factor_id: str, *, uow: UnitOfWork) -> None:
    """After a second factor was enrolled."""
    _told(uow, "AddSecondFactor", person_id, "factor-added", method=factor_id)


def recovery_renewed(person_id: str, factor_id: str, *, uow: UnitOfWork) -> None:
    """After fresh recovery codes."""
    _told(uow, "RenewRecoveryCodes", person_id, "recovery-renewed", method=factor_id)


def remove_factor(person_id: str, factor_id: str, *, uow: UnitOfWork) -> None:
    """As with passkeys."""
    people.lock(uow.conn, person_id)
    if signins.factor(uow.conn, person_id, factor_id) is None:
        raise NotFound("METHOD_NOT_FOUND")
    _check_not_last(uow, person_id)
    signins.drop_factor(uow.conn, person_id, factor_id)
    _told(uow, "RemoveSecondFactor", person_id, "factor-removed", method=factor_id)


def _check_not_last(uow: UnitOfWork, person_id: str) -> None:
    kept = len(passkeys.of(uow.conn, person_id)) + len(signins.factors(uow.conn, person_id))
    # Staff can do nothing of weight without a strong log-in, and nobody enrols them at the desk.
    if kept <= 1 and any(role.active for role in people.memberships(uow.conn, person_id)):
        raise NotAllowed("LAST_STRONG_METHOD")


def _passkey(uow: UnitOfWork, person_id: str, passkey_id: str) -> Passkey:
    found = passkeys.claim(uow.conn, person_id, passkey_id)
    if found is None:
        raise NotFound("METHOD_NOT_FOUND")
    return found


def _told(uow: UnitOfWork, action: str, person_id: str, template: str, **params: str) -> None:
    uow.audit(action, person_id, basis="self")
    _tell(uow, person_id, template, **params)


def _tell(uow: UnitOfWork, person_id: str, template: str, **params: str) -> None:
    tell(uow, person_id, template, PAGE, uow.ids.new(), **params)
