"""The page on which a person says how messages are to reach them."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from xianban.notify.v1 import preferences_pb2 as pb
from xianban.notify.v1.preferences_pb2_grpc import PreferenceServiceStub
from xianban_sdk.web import (
    CallError,
    Form,
    Pages,
    Site,
    api,
    call,
    read_form,
    render,
    see_other,
    subject,
    text,
)

wishes = api(PreferenceServiceStub)
HOME: Final = "/messages/settings"
URGENT: Final = "urgent"
KINDS: Final = {"email": 1, "phone": 2, "wecom": 3}
COPIES: Final = {"none": 1, "urgent": 2, "all": 3}


async def show(
    request: Request, problem: CallError | None = None, form: Form | None = None
) -> Response:
    found = await _found(request)
    chosen = {(one.category, one.channel): one.wanted for one in found.choices}
    return render(
        request,
        "notify/settings.html",
        found=found,
        titles=_titles(request),
        ticked=_ticked(found, chosen, _categories(request)),
        copies=next((k for k, v in COPIES.items() if v == found.copies), "none"),
        kinds=_kinds(found),
        kind_names={value: name for name, value in {**KINDS, "webpush": 4}.items()},
        push_key=next((one.browser_key for one in found.channels if one.browser_key), ""),
        problem=problem,
        form=form or Form({}, {}),
        wrong=request.query_params.get("wrong", ""),
        saved=request.query_params.get("saved") == "1",
    )


async def save(request: Request) -> Response:
    form = await read_form(request)
    found = await _found(request)
    changed = pb.Preferences(
        name=_name(request),
        locale=form.text("locale"),
        quiet=form.flag("quiet"),
        quiet_start=form.text("quiet_start"),
        quiet_end=form.text("quiet_end"),
        copies=COPIES.get(form.text("copies"), 1),  # type: ignore[arg-type]
        choices=_choices(request, found, set(form.all("choices"))),
    )
    asked = pb.UpdatePreferencesRequest(
        name=_name(request), preferences=changed, request_id=form.request_id
    )
    try:
        await call(request, wishes.UpdatePreferences, asked)
    except CallError as error:
        return await show(request, error, form)
    return see_other(request, f"{HOME}?saved=1")


async def add(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.AddAddressRequest(
        parent=subject(request),
        kind=KINDS.get(form.text("kind"), 0),  # type: ignore[arg-type]
        value=form.text("value"),
        request_id=form.request_id,
    )
    try:
        await call(request, wishes.AddAddress, asked)
    except CallError as error:
        return await show(request, error, form)
    return see_other(request, f"{HOME}#addresses")


async def verify(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.VerifyAddressRequest(
        name=_address(request), code=form.text("code"), request_id=form.request_id
    )
    try:
        answer = await call(request, wishes.VerifyAddress, asked)
    except CallError as error:
        return await show(request, error, form)
    wrong = "" if answer.verified else f"?wrong={request.path_params['address']}"
    return see_other(request, f"{HOME}{wrong}#addresses")


async def remove(request: Request) -> Response:
    form = await read_form(request)
    asked = pb.DeleteAddressRequest(name=_address(request), request_id=form.request_id)
    await call(request, wishes.DeleteAddress, asked)
    return see_other(request, f"{HOME}#addresses")


async def subscribe(request: Request) -> Response:
    """The browser hands over its subscription."""
    form = await read_form(request)
    asked = pb.RegisterPushSubscriptionRequest(
        parent=subject(request),
        endpoint=form.text("endpoint"),
        p256dh=form.text("p256dh"),
        auth=form.text("auth"),
        request_id=form.request_id,
    )
    try:
        await call(request, wishes.RegisterPushSubscription, asked)
    except CallError as error:
        return await show(request, error, form)
    return see_other(request, f"{HOME}#addresses")


async def _found(request: Request) -> pb.Preferences:
    return await call(request, wishes.GetPreferences, pb.GetPreferencesRequest(name=_name(request)))


def _name(request: Request) -> str:
    return f"{subject(request)}/preferences"


def _address(request: Request) -> str:
    return f"{subject(request)}/addresses/{request.path_params['address']}"


def _categories(request: Request) -> list[str]:
    """What is urgent, then the domains that tell people things."""
    return [URGENT, *(site.name for site in _domains(request))]


def _domains(request: Request) -> list[Site]:
    pages: Pages = request.app.state.pages
    return [site for site in pages.sites if site.service and site.name != "notify"]


def _titles(request: Request) -> dict[str, str]:
    titles = {s.name: text(request, s.name, "site-title") for s in _domains(request)}
    return {URGENT: text(request, "notify", "settings-urgent"), **titles}


def _ticked(
    found: pb.Preferences, chosen: dict[tuple[str, str], bool], categories: list[str]
) -> set[str]:
    """What the boxes show: the choice, else the channel's own way."""
    return {
        f"{category}/{channel.id}"
        for category in categories
        for channel in found.channels
        if chosen.get((category, channel.id), category == URGENT or not channel.urgent_only)
    }


def _choices(request: Request, found: pb.Preferences, ticked: set[str]) -> list[pb.Choice]:
    return [
        pb.Choice(
            category=category, channel=channel.id, wanted=f"{category}/{channel.id}" in ticked
        )
        for category in _categories(request)
        for channel in found.channels
    ]


def _kinds(found: pb.Preferences) -> list[str]:
    """The kinds of address that a person may write, as far as a channel sends there."""
    needed = {channel.needs for channel in found.channels}
    return [name for name, value in KINDS.items() if value in needed]


routes = [
    Route(HOME, show),
    Route(HOME, save, methods=["POST"]),
    Route(f"{HOME}/browsers", subscribe, methods=["POST"]),
    Route(f"{HOME}/addresses", add, methods=["POST"]),
    Route(f"{HOME}/addresses/{{address}}/verify", verify, methods=["POST"]),
    Route(f"{HOME}/addresses/{{address}}/delete", remove, methods=["POST"]),
]
