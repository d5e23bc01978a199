"""`xianban data export|erase`: a person's rights to a copy and to deletion (PIPL 45, 47)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from xianban.common.v1 import admin_pb2 as pb
from xianban.common.v1.admin_pb2_grpc import AdminServiceStub

from xianban_sdk.cli.admin_client import district, services
from xianban_sdk.cli.bundle import bundle
from xianban_sdk.cli.console import console, fail, print_json, print_table
from xianban_sdk.cli.options import Broker, Data, Database, Json, load
from xianban_sdk.clock import SHANGHAI, SystemClock
from xianban_sdk.demo import PEOPLE

__all__ = ["register"]

# Who knows people, and alone can begin an erasure.
_REGISTER: Final = "identity"
_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
# How long the command looks on while the services follow; they go on without it.
_FOLLOW: Final = 20.0

Held = Mapping[str, pb.DescribePersonalDataResponse]
Stubs = Mapping[str, AdminServiceStub]
Person = Annotated[
    str, typer.Option(metavar="ID_OR_ALIAS", help="A resident's id, or a demo person's alias.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(no_args_is_help=True, help="A person's data: export, erase.")
    for command in (export, erase):
        group.command()(command)
    app.add_typer(group, name="data")


def export(
    person: Person,
    output: Annotated[
        Path, typer.Option(dir_okay=False, metavar="FILE.zip", help="Where the zip goes.")
    ],
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    as_json: Json = False,
) -> None:
    """Copies everything that is held about a person into one zip, with an explanation."""
    settings = load(data=data, database=database, broker=broker)
    wanted = services(settings, service)
    person_id = _person(person)
    path = _writable(output)
    with district(settings) as stubs:
        held = {name: _describe(stubs[name], person_id) for name in wanted}
        _known(held, person)
        files = _write(path, person_id, stubs, held, quiet=as_json)
    if as_json:
        print_json({"person": person_id, "file": str(path), "records": files})
        return
    print_table(("file", "records"), [{"file": n, "records": c} for n, c in files.items()])
    console.print(f"✓ {path}", highlight=False)


def erase(
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Does not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Shows, and changes nothing.")] = False,
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    as_json: Json = False,
) -> None:
    """Erases a person in every service; what the law keeps loses its person or is named."""
    if as_json and not (yes or dry_run):
        fail("--json can't ask: add --yes, or --dry-run.")
    settings = load(data=data, database=database, broker=broker)
    person_id = _person(person)
    with district(settings, relay=True) as stubs:
        held = {name: _describe(stub, person_id) for name, stub in stubs.items()}
        if not as_json:
            _show(held)
        receipt = ""
        if not dry_run:
            _refuse_held(held, as_json=as_json)
            if not yes:
                typer.confirm(f"Erase {person} ({person_id})? This can't be undone.", abort=True)
            request = pb.ErasePersonRequest(person=person_id)
            receipt = stubs[_REGISTER].ErasePerson(request).receipt
            _follow(stubs, person_id, quiet=as_json)
            held = {name: _describe(stub, person_id) for name, stub in stubs.items()}
    _report(person_id, held, receipt, as_json=as_json)


def _person(name: str) -> str:
    if name in PEOPLE:
        return PEOPLE[name].id
    if _ID.fullmatch(name) is None:
        fail(
            f"--person: {name!r} is neither an id nor a demo person.",
            hint=f"An id has 26 letters and digits; demo people are {', '.join(PEOPLE)}.",
        )
    return name


def _writable(output: Path) -> Path:
    path = output.absolute()
    if not path.parent.is_dir():
        fail(f"--output: there is no directory {path.parent}.")
    return path


def _describe(stub: AdminServiceStub, person: str) -> pb.DescribePersonalDataResponse:
    return stub.DescribePersonalData(pb.DescribePersonalDataRequest(person=person))


def _known(held: Held, person: str) -> None:
    if not any(holding.rows for one in held.values() for holding in one.holdings):
        fail(f"--person: nothing is held about {person}.")


def _write(path: Path, person: str, stubs: Stubs, held: Held, *, quiet: bool) -> dict[str, int]:
    # The copy itself leaves one line in each service's access records.
    total = len(held) + sum(h.rows for one in held.values() for h in one.holdings if h.exported)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        bundle(path, person) as made,
        Progress(*columns, console=console, disable=quiet) as bar,
    ):
        task = bar.add_task("Exporting", total=total)
        for name, one in held.items():
            bar.update(task, description=name)
            pages = stubs[name].ExportPersonalData(pb.ExportPersonalDataRequest(person=person))
            made.add(one, pages, lambda count: bar.advance(task, count))
        made.explain(list(held.values()), SystemClock().now().astimezone(SHANGHAI))
    return made.files


def _show(held: Held) -> None:
    rows = [
        {
            "service": name,
            "data": f"{holding.title.zh_cn} {holding.title.en}",
            "rows": holding.rows + holding.mentions,
            "becomes": holding.fate,
            "because": "" if holding.fate == "erased" else holding.reason.en,
        }
        for name, one in held.items()
        for holding in one.holdings
        if holding.rows or holding.mentions
    ]
    print_table(("service", "data", "rows", "becomes", "because"), rows)
    for name, one in held.items():
        for hold in one.holds:
            console.print(f"[bold red]✗[/] {name}: {hold.text.zh_cn} / {hold.text.en}")


def _refuse_held(held: Held, *, as_json: bool) -> None:
    reasons = _holds(held)
    if not reasons:
        return
    if as_json:
        print_json({"refused": reasons})
        raise typer.Exit(1)
    fail("Not erased: what is named above must be settled first.")


def _holds(held: Held) -> list[dict[str, str]]:
    return [
        {"service": n, "reason": h.reason, "zh-CN": h.text.zh_cn, "en": h.text.en}
        for n, one in held.items()
        for h in one.holds
    ]


def _left(one: pb.DescribePersonalDataResponse) -> int:
    """Rows that an erasure has yet to treat."""
    return sum(h.rows + h.mentions for h in one.holdings if h.fate != "kept")


def _follow(stubs: Stubs, person: str, *, quiet: bool) -> None:
    """Looks on while the services hear of it; one that is away follows when it is back."""
    end = time.monotonic() + _FOLLOW
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=quiet) as bar:
        task = bar.add_task("Services", total=len(stubs))
        waiting = set(stubs)
        while waiting and time.monotonic() < end:
            waiting = {name for name in waiting if _left(_describe(stubs[name], person))}
            bar.update(task, completed=len(stubs) - len(waiting))
            time.sleep(0.1 if waiting else 0)


def _report(person: str, held: Held, receipt: str, *, as_json: bool) -> None:
    left = {name: _left(one) for name, one in held.items()}
    if as_json:
        answer: dict[str, Any] = {
            "person": person,
            "receipt": receipt,
            "holds": _holds(held),
            "services": [_counted(one) for one in held.values()],
        }
        print_json(answer)
        return
    if not receipt:
        return
    for name, rows in left.items():
        if rows:
            console.print(f"… {name}: {rows} rows yet; it follows when it hears of it")
    console.print(f"✓ Erased. Receipt: [bold]{receipt}[/]", highlight=False)


def _counted(one: pb.DescribePersonalDataResponse) -> dict[str, Any]:
    held = [
        {"category": h.category, "fate": h.fate, "rows": h.rows, "mentions": h.mentions}
        for h in one.holdings
    ]
    return {"service": one.service, "left": _left(one), "holdings": held}
