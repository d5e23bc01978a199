"""The domain's refusals as errors with a gRPC code; the reasons and texts stay the domain's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, Violation, XianbanError

from xianban_eldercare.domain.errors import AssessmentError, Fault

__all__ = ["refusals"]

# The request may be right and the draft not ready for it.
_STATEFUL: Final = frozenset({"ANSWERS_MISSING"})
_RISKS: Final = frozenset({"RISK_KIND_UNKNOWN"})


@contextmanager
def refusals() -> Iterator[None]:
    """What the domain refuses inside leaves as an error that names every field."""
    try:
        yield
    except AssessmentError as refusal:
        raise _to_error(refusal) from refusal


def _to_error(refusal: AssessmentError) -> XianbanError:
    kind = FailedPrecondition if refusal.reason in _STATEFUL else InvalidArgument
    named = ", ".join(fault.at for fault in refusal.faults)
    return kind(refusal.reason, violations=tuple(map(_violation, refusal.faults)), named=named)


def _violation(fault: Fault) -> Violation:
    field = "facts.risk_events" if fault.rule in _RISKS else "answers"
    described = f"{fault.at}: 0 to {fault.most}" if fault.most else fault.at
    return Violation(f"{field}.{fault.at}", fault.rule, described)
