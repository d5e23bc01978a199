"""The RPC that every service with personal data serves: who looked at a resident's data here.

Beside people, what plugins were told of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xianban.common.v1 import audit_pb2

from xianban_sdk.audit import Access, list_accesses
from xianban_sdk.ledger import Told, told_of
from xianban_sdk.rpc.call import Call

__all__ = ["who_looked"]


def who_looked(
    request: audit_pb2.ListAccessesRequest,
    call: Call,
    names: Callable[[set[str]], Mapping[str, str]] | None = None,
) -> audit_pb2.ListAccessesResponse:
    """One page of the subject's accesses, newest first; `names` tells what actors are called."""
    found, token = list_accesses(
        call.uow.conn,
        call.subject or "",
        page_size=request.page_size,
        page_token=request.page_token,
    )
    known: Mapping[str, str] = names({one.actor for one in found}) if names else {}
    shown = [_record(one, known.get(one.actor, "")) for one in found]
    answer = audit_pb2.ListAccessesResponse(accesses=shown, next_page_token=token)
    if not request.page_token:
        told = told_of(call.uow.conn, call.subject or "")
        answer.disclosures.extend(_disclosure(one, call) for one in told)
    return answer


def _disclosure(told: Told, call: Call) -> audit_pb2.DisclosureRecord:
    plugin = call.hooks.plugins.get(told.plugin)
    words = plugin.manifest.purposes.get(told.purpose) if plugin else None
    shown = audit_pb2.DisclosureRecord(
        service=call.db.owner,
        plugin=told.plugin,
        vendor=told.vendor,
        purpose=told.purpose,
        purpose_display=words.get(call.locale, "") if words else "",
        basis=told.basis,
        calls=told.calls,
    )
    shown.first_time.FromDatetime(told.first)
    shown.last_time.FromDatetime(told.last)
    return shown


def _record(found: Access, display: str) -> audit_pb2.AccessRecord:
    shown = audit_pb2.AccessRecord(
        id=found.id,
        service=found.service,
        action=found.action,
        actor=found.actor,
        actor_display=display,
        subject=found.subject,
        basis=found.basis,
        outcome=found.outcome,
        trace_id=found.trace_id,
    )
    shown.occur_time.FromDatetime(found.time)
    return shown
