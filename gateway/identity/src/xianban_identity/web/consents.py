"""What a person, or the child they act for, agreed to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.web import call, read_form, render, see_other, subject

from xianban_identity.web.identity import identity

__all__ = ["decided", "listed", "receipt", "withdrawn"]

_NEWEST = 200


async def listed(request: Request) -> Response:
    """Each purpose with what was decided last, and the whole ledger below."""
    purposes = await call(request, identity.ListPurposes, pb.ListPurposesRequest(page_size=200))
    asked = pb.ListConsentsRequest(parent=subject(request), page_size=_NEWEST)
    ledger = await call(request, identity.ListConsents, asked)
    latest: dict[str, pb.Consent] = {}
    for line in ledger.consents:
        latest.setdefault(line.purpose, line)
    titles = {purpose.id: purpose.title for purpose in purposes.purposes}
    return render(
        request,
        "identity/consents.html",
        purposes=purposes.purposes,
        latest=latest,
        ledger=ledger.consents,
        titles=titles,
    )


async def decided(request: Request) -> Response:
    """Given or refused."""
    form = await read_form(request)
    given = form.text("decision") == "given"
    decision = pb.RecordConsentRequest(
        parent=subject(request),
        purpose=form.text("purpose"),
        revision=form.number("revision"),
        decision=pb.CONSENT_DECISION_GIVEN if given else pb.CONSENT_DECISION_REFUSED,
        request_id=form.request_id,
    )
    await call(request, identity.RecordConsent, decision)
    return see_other(request, "/me/consents")


async def withdrawn(request: Request) -> Response:
    """As easy as giving it."""
    form = await read_form(request)
    asked = pb.WithdrawConsentRequest(name=_name(request), request_id=form.request_id)
    await call(request, identity.WithdrawConsent, asked)
    return see_other(request, "/me/consents")


async def receipt(request: Request) -> Response:
    """The signed receipt as a file."""
    found = await call(
        request, identity.GetConsentReceipt, pb.GetConsentReceiptRequest(name=_name(request))
    )
    file = f'attachment; filename="consent-{request.path_params["consent"]}.jws"'
    return Response(found.jws, media_type="application/jose", headers={"content-disposition": file})


def _name(request: Request) -> str:
    return f"{subject(request)}/consents/{request.path_params['consent']}"
