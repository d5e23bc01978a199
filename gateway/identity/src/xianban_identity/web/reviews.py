"""The clerks' queue: guardianship the register does not prove."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from xianban.identity.v1 import identity_pb2 as pb
from xianban_sdk.web import call, read_form, render, see_other

from xianban_identity.web.identity import identity, me

__all__ = ["decided", "listed"]


async def listed(request: Request) -> Response:
    """Oldest first."""
    me(request)  # who is not logged in is asked to
    asked = pb.ListReviewsRequest(
        page_size=20, page_token=request.query_params.get("page_token", "")
    )
    found = await call(request, identity.ListReviews, asked)
    return render(
        request,
        "identity/reviews.html",
        delegations=found.delegations,
        next_token=found.next_page_token,
    )


async def decided(request: Request) -> Response:
    """With a reason that both sides will read."""
    form = await read_form(request)
    decision = pb.DecideReviewRequest(
        delegation=form.text("delegation"),
        approve=form.text("decision") == "approve",
        reason=form.text("reason"),
        request_id=form.request_id,
    )
    await call(request, identity.DecideReview, decision)
    return see_other(request, "/me/reviews")
