"""Playbooks and runs → protobuf, in a language."""

from __future__ import annotations

from collections.abc import Mapping

from xianban.common.v1 import playbooks_pb2 as pb

from xianban_sdk import i18n
from xianban_sdk.alerts.domain import Alert
from xianban_sdk.playbooks.domain import Run, RunRefused, StepRun
from xianban_sdk.playbooks.repository import Known, SourceRow
from xianban_sdk.wire import stamp

__all__ = ["playbook_to_wire", "run_to_wire", "source_to_wire"]


def playbook_to_wire(
    known: Known, alert: Alert, domain: str, names: Mapping[str, str], locale: str
) -> pb.Playbook:
    """One that fits the alert; `names` are its source's."""
    found = known.playbook
    fit = found.fit(domain, alert.rule, alert.severity)
    return pb.Playbook(
        name=f"playbooks/{found.id}",
        version=found.version,
        display_name=_in(found.names, locale),
        steps=[_in(one.texts, locale) for one in found.steps],
        automatic=fit is not None and fit.automatic,
        source_display=_in(names, locale),
    )


def source_to_wire(row: SourceRow, locale: str) -> pb.PlaybookSource:
    """A source, with what it could not make itself understood in."""
    return pb.PlaybookSource(
        name=f"playbook-sources/{row.id}",
        display_name=_in(row.names, locale),
        read_time=stamp(row.read_at),
        silent_time=stamp(row.silent_since),
        unread=row.unread,
    )


def run_to_wire(run: Run, alert: Alert, locale: str) -> pb.PlaybookRun:
    """A run with its texts in a language."""
    return pb.PlaybookRun(
        name=f"alerts/{run.alert}/runs/{run.id}",
        playbook=f"playbooks/{run.playbook.id}",
        playbook_version=run.playbook.version,
        display_name=_in(run.playbook.names, locale),
        state=pb.PlaybookRunState.ValueType(run.state),
        steps=[_step(one, run, alert, locale) for one in run.steps],
        start_time=stamp(run.started_at),
        started_by=run.started_by,
        started_by_display=run.started_by_display,
        end_time=stamp(run.ended_at),
        ended_by=run.ended_by,
        ended_by_display=run.ended_by_display,
        end_note=run.end_note,
    )


def _step(one: StepRun, run: Run, alert: Alert, locale: str) -> pb.PlaybookRunStep:
    return pb.PlaybookRunStep(
        id=one.step.id,
        text=_in(one.step.texts, locale),
        role=one.step.role,
        state=pb.PlaybookStepState.ValueType(one.state),
        optional=one.step.optional,
        due_time=stamp(run.due_at(one.step.id)),
        overdue_time=stamp(one.overdue_at),
        waits_for=_waits(one, run, alert, locale),
        actor=one.by,
        actor_display=one.by_display,
        end_time=stamp(one.at),
        note=one.note,
    )


def _waits(one: StepRun, run: Run, alert: Alert, locale: str) -> str:
    try:
        run.may_do(one.step, alert.state)
    except RunRefused as refused:
        first = _in(refused.step.texts, locale) if refused.step else ""
        key = refused.reason.lower().replace("_", "-")
        return i18n.text(key, locale, step=first, step_en=first)
    return ""


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts.get(locale) or texts.get(i18n.DEFAULT_LOCALE, "")
