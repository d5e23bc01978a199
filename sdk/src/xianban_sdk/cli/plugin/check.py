"""`xianban plugin check`: the conformance kit."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
import typer

from xianban_sdk.cli.console import console, fail, print_json
from xianban_sdk.cli.options import Json
from xianban_sdk.cli.plugin.words import locale, say
from xianban_sdk.plugins.conformance import (
    TIERS,
    BadExemption,
    Report,
    State,
    Verdict,
    check,
)

__all__ = ["check_plugin", "register", "report_json"]

_MARKS: Final = {
    State.HOLDS: "[green]✓[/]",
    State.BROKEN: "[bold red]✗[/]",
    State.EXEMPT: "–",
    State.NOT_JUDGED: "[yellow]?[/]",
}
_SHOWN: Final = 5


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("check")(check_plugin)


def check_plugin(
    path: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A plugin's folder.")],
    tools: Annotated[
        bool,
        typer.Option("--tools/--no-tools", help="Also runs its tests, ruff and pyright, in here."),
    ] = True,
    config: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What its operator would configure (TOML)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Says what is good about a plugin and what is not; ends with 1 below bronze."""
    try:
        with _quiet(), console.status(say("plugin-checking")):
            report = check(path.absolute(), tools=tools, config=config)
    except BadExemption as error:
        fail(f"{path}/quality.toml: {error.complaint.text(locale())}")
    if as_json:
        print_json(report_json(report))
    else:
        _show(report)
    if not report.passed:
        raise typer.Exit(1)


def report_json(report: Report) -> dict[str, Any]:
    """A report for machines."""
    return {
        "plugin": report.plugin,
        "version": report.version,
        "passed": report.passed,
        "tier": report.tier,
        "rules": [_verdict_json(verdict) for verdict in report.verdicts],
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule.id,
        "tier": verdict.rule.tier,
        "how": verdict.rule.how,
        "state": verdict.state.value,
        "reason": _reason(verdict),
        "findings": [
            {
                "where": finding.where,
                "field": finding.complaint.field,
                "key": finding.complaint.key,
                "text": finding.complaint.text(locale()),
            }
            for finding in verdict.findings
        ],
    }


def _reason(verdict: Verdict) -> str:
    if verdict.state is State.NOT_JUDGED:
        return say(verdict.reason)
    return verdict.reason


def _show(report: Report) -> None:
    for tier in TIERS:
        console.print(f"\n[bold]{say(f'tier-{tier}')}[/]")
        for verdict in report.verdicts:
            if verdict.rule.tier == tier:
                _show_verdict(verdict)
    reached = say(f"tier-{report.tier}") if report.tier else say("tier-none")
    console.print(f"\n{report.plugin} {report.version}: [bold]{reached}[/]", highlight=False)


def _show_verdict(verdict: Verdict) -> None:
    title = say(f"quality-{verdict.rule.id}")
    console.print(f"{_MARKS[verdict.state]} {verdict.rule.id}: {title}", highlight=False)
    if reason := _reason(verdict):
        console.print(f"    {reason}", markup=False, highlight=False)
    for finding in verdict.findings[:_SHOWN]:
        text = finding.complaint.text(locale())
        console.print(f"    {finding.where}: {text}", markup=False, highlight=False)
    if len(verdict.findings) > _SHOWN:
        console.print(f"    … {len(verdict.findings) - _SHOWN}")


@contextmanager
def _quiet() -> Iterator[None]:
    """The host's log of what the plugin does wrong is what the report says in words."""
    usual = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**usual)


def _drop(_logger: object, _name: str, _event: MutableMapping[str, Any]) -> str:
    raise structlog.DropEvent
