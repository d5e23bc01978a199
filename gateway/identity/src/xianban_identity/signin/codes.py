"""One-time codes: made, counted, sent, compared."""

from __future__ import annotations

import hmac
import secrets

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, ResourceExhausted, Unavailable
from xianban_sdk.plugins import STRANGER
from xianban_sdk.storage import UnitOfWork, keyed_hash

from xianban_identity.domain.sessions import Code, CodeRules
from xianban_identity.hookspecs import CodeMessage, Delivery
from xianban_identity.oidc.provider import Provider
from xianban_identity.plugins import Chosen
from xianban_identity.repository import people, signins
from xianban_identity.repository.people import phone_key

__all__ = ["check_code", "send_code"]


def send_code(provider: Provider, phone: str, address: str, locale: str) -> Delivery:
    """Sends a fresh code, within the limits; older codes of the phone die."""
    if provider.chosen is None:
        raise FailedPrecondition("CODE_SENDER_MISSING", field="phone")
    code = f"{secrets.randbelow(10**6):06d}"
    rules = provider.identity.codes
    with provider.work() as uow:
        _count(uow, rules, phone, address)
        item = Code(uow.ids.new(), phone_key(phone), _hash(phone, code), uow.clock.now())
        signins.add_code(uow.conn, item)
        known = people.by_phone(uow.conn, phone)
    # The row is committed before the message leaves: nobody waits on a transaction of ours.
    minutes = int(rules.lifetime.total_seconds() // 60)
    message = CodeMessage(phone=phone, code=code, locale=locale, minutes=minutes)
    return _deliver(provider, provider.chosen, message, known.id if known else STRANGER)


def _count(uow: UnitOfWork, rules: CodeRules, phone: str, address: str) -> None:
    now = uow.clock.now()
    by_phone, by_address = f"code-phone:{phone}", f"code-address:{address}"
    if signins.count_attempts(uow.conn, by_phone, now - rules.resend_after):
        seconds = int(rules.resend_after.total_seconds())
        raise ResourceExhausted("CODE_TOO_SOON", field="phone", seconds=seconds)
    since = now - rules.window
    if signins.count_attempts(uow.conn, by_phone, since) >= rules.per_phone:
        raise ResourceExhausted("CODE_LIMIT", field="phone")
    # An address nobody told would be everybody's, and one busy hour would lock them all out.
    if address and signins.count_attempts(uow.conn, by_address, since) >= rules.per_address:
        raise ResourceExhausted("CODE_LIMIT", field="phone")
    for key in (by_phone, by_address) if address else (by_phone,):
        signins.note_attempt(uow.conn, uow.ids.new(), key, now)


def _deliver(provider: Provider, chosen: Chosen, message: CodeMessage, whose: str) -> Delivery:
    answer = provider.hooks.run(
        chosen.plugin, "send_code", lambda: chosen.sender.send(message), seconds=5, about=whose
    )
    if answer.error is not None or not answer.value.accepted:
        raise Unavailable("CODE_NOT_SENT")
    return answer.value


def check_code(uow: UnitOfWork, rules: CodeRules, phone: str, given: str) -> None:
    """Uses the code up, or raises; the try counts either way, so commit what this did."""
    code = signins.newest_code(uow.conn, phone_key(phone))
    if code is None or not code.is_open(rules, uow.clock.now()):
        raise FailedPrecondition("CODE_OVER", field="code")
    if not hmac.compare_digest(code.code_hash, _hash(phone, given.strip())):
        signins.wrong_code(uow.conn, code.id)
        left = rules.tries - code.tries - 1
        if left <= 0:
            raise FailedPrecondition("CODE_OVER", field="code")
        raise InvalidArgument("CODE_WRONG", field="code", left=left)
    signins.use_code(uow.conn, code.id)


def _hash(phone: str, code: str) -> str:
    # Keyed: six digits behind a plain hash would be no secret.
    return keyed_hash(f"login-code:{phone}:{code}")
