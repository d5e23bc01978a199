"""The care file: what those who care must know, seen and changed by the elder's side or staff."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from xianban.eldercare.v1 import care_files_pb2 as pb
from xianban_sdk.web import (
    CallError,
    Form,
    attempt,
    call,
    read_form,
    render,
    see_other,
    status,
    text,
    viewer_of,
)

from xianban_eldercare.web.clients import files
from xianban_eldercare.web.days import months_between
from xianban_eldercare.web.home import file_of
from xianban_eldercare.web.shown import is_over
from xianban_eldercare.web.whose import Whose, whose

MANAGER = "station-manager"
AREAS = {"310120/nanqiao": "area-nanqiao", "310120/fengpu": "area-fengpu"}
LIVINGS = {
    pb.LIVING_UNSPECIFIED: "unspecified",
    pb.LIVING_ALONE: "alone",
    pb.LIVING_WITH_SPOUSE: "with-spouse",
    pb.LIVING_WITH_FAMILY: "with-family",
    pb.LIVING_IN_INSTITUTION: "in-institution",
}
LEVELS = {
    pb.CARE_LEVEL_UNSPECIFIED: "unspecified",
    pb.CARE_LEVEL_INTACT: "intact",
    pb.CARE_LEVEL_MILD: "mild",
    pb.CARE_LEVEL_MODERATE: "moderate",
    pb.CARE_LEVEL_SEVERE: "severe",
    pb.CARE_LEVEL_COMPLETE: "complete",
}
# Empty rows that a form offers without scripts.
SPARE = 2
_COLUMNS = {
    ("contacts", "display_name"): "contact-name",
    ("contacts", "phone"): "contact-phone",
    ("contacts", "relation"): "contact-relation",
    ("conditions", "display"): "condition-display",
    ("conditions", "code"): "condition-code",
}
_INDEXED = re.compile(r"^(contacts|conditions)\[(\d{1,3})\]\.(\w+)$")


def here_of(request: Request) -> Whose:
    """Files of others are the station manager's."""
    return whose(request, "file", MANAGER)


async def view(request: Request) -> Response:
    here = here_of(request)
    found, missing = await file_of(request, here.resident)
    if missing is not None and missing.code.name != "NOT_FOUND":
        raise missing
    return render(
        request,
        "eldercare/file.html",
        file=found,
        here=here,
        old=old_level(found),
        levels=LEVELS,
        livings=LIVINGS,
        areas=AREAS,
    )


def old_level(file: pb.CareFile | None) -> int:
    """After how many months the level became old; 0: it has not, or nobody knows its day."""
    if file is None or not is_over(file.level_due_time):
        return 0
    return months_between(file.level_time, file.level_due_time)


async def edit(request: Request) -> Response:
    here = here_of(request)
    found, missing = await file_of(request, here.resident)
    if missing is not None and missing.code.name != "NOT_FOUND":
        raise missing
    return _form(request, here, found or _new(request, here))


def _new(request: Request, here: Whose) -> pb.CareFile:
    shown = viewer_of(request).subject
    name = shown.name if shown and here.own else ""
    return pb.CareFile(name=f"{here.resident}/careFile", display_name=name, area=next(iter(AREAS)))


def _form(
    request: Request, here: Whose, file: pb.CareFile, refused: CallError | None = None
) -> Response:
    return render(
        request,
        "eldercare/file_edit.html",
        status(refused),
        file=file,
        here=here,
        contacts=[*file.contacts, *[pb.Contact()] * SPARE],
        conditions=[*file.conditions, *[pb.Condition()] * SPARE],
        livings=LIVINGS,
        areas=AREAS if file.area in AREAS else {file.area: "", **AREAS},
        area_texts=AREAS,
        problem=on_the_form(request, refused),
    )


async def save(request: Request) -> Response:
    here, form = here_of(request), await read_form(request)
    held, missing = await file_of(request, here.resident)
    if missing is not None and missing.code.name != "NOT_FOUND":
        raise missing
    file = written(form, held or pb.CareFile(name=f"{here.resident}/careFile"))
    asked = pb.UpdateCareFileRequest(care_file=file, request_id=form.request_id)
    _, refused = await attempt(call(request, files.UpdateCareFile, asked))
    if refused is not None:
        return _form(request, here, file, refused)
    return see_other(request, f"{here.path}?done=saved")


def written(form: Form, held: pb.CareFile) -> pb.CareFile:
    """What was typed, on top of what the form does not ask for."""
    file = pb.CareFile()
    file.CopyFrom(held)
    for field in ("contacts", "conditions", "allergies"):
        file.ClearField(field)
    file.display_name, file.area = form.text("display_name"), form.text("area")
    file.address, file.version = form.text("address"), form.number("version")
    known = {str(value): value for value in LIVINGS}
    file.living = known.get(form.text("living"), pb.LIVING_UNSPECIFIED)
    file.contacts.extend(_contacts(form))
    file.conditions.extend(_conditions(form))
    lines = form.text("allergies").replace("、", "\n").splitlines()
    file.allergies.extend(line.strip() for line in lines if line.strip())
    return file


def _contacts(form: Form) -> list[pb.Contact]:
    names = ("name", "phone", "relation", "person")
    columns = [form.all(f"contact_{name}") for name in names]
    rows = [[cell.strip() for cell in row] for row in zip(*columns, strict=False)]
    return [
        pb.Contact(display_name=name, phone=phone, relation=relation, person=person_id)
        for name, phone, relation, person_id in rows
        if name or phone or relation
    ]


def _conditions(form: Form) -> list[pb.Condition]:
    rows = zip(form.all("condition_display"), form.all("condition_code"), strict=False)
    return [
        pb.Condition(display=display.strip(), code=code.strip().upper())
        for display, code in rows
        if display.strip() or code.strip()
    ]


def on_the_form(request: Request, refused: CallError | None) -> CallError | None:
    """The service's field names become those of the form: contacts[0].phone → contacts-0-phone."""
    if refused is None:
        return None
    fields = {_field(name): _said(request, name, words) for name, words in refused.fields.items()}
    return replace(refused, fields=fields)


def _said(request: Request, name: str, words: str) -> str:
    """With the row's and the column's name, where several rows have the same fields."""
    found = _INDEXED.match(name.removeprefix("care_file."))
    label = _COLUMNS.get((found[1], found[3])) if found else None
    if found is None or label is None:
        return words
    row = text(request, "eldercare", f"{label.partition('-')[0]}-number", number=int(found[2]) + 1)
    return f"{row} · {text(request, 'eldercare', label)}: {words}"


def _field(name: str) -> str:
    own = name.removeprefix("care_file.")
    if found := _INDEXED.match(own):
        return "-".join(found.groups())
    return own.partition("[")[0]
