"""The domain's refusals as errors with a gRPC code; the reasons and texts stay the domain's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from xianban_sdk.errors import FailedPrecondition, InvalidArgument, Violation, XianbanError

from xianban_eldercare.domain.errors import AssessmentError, Fault, Refused

__all__ = ["refusals"]

# The request may be right and the draft not ready for it.
_STATEFUL: Final = frozenset({"ANSWERS_MISSING"})
_RISKS: Final = frozenset({"RISK_KIND_UNKNOWN"})
# Who is sent may not be ready for it, though the request is right.
_OF_CARERS: Final = ("CARER_", "LICENCE_")


@contextmanager
def refusals() -> Iterator[None]:
    """What the domain refuses inside leaves as an error that names every field."""
    try:
        yield
    except Refused as refusal:
        raise _of_step(refusal) from refusal
    except AssessmentError as refusal:
        raise _of_answers(refusal) from refusal


def _of_step(refusal: Refused) -> XianbanError:
    """A field of the request is an argument; the thing itself, or who is sent, is a state."""
    standing = refusal.field == "name" or refusal.reason.startswith(_OF_CARERS)
    kind = FailedPrecondition if standing else InvalidArgument
    return kind(refusal.reason, field=refusal.field, **refusal.params)


def _of_answers(refusal: AssessmentError) -> XianbanError:
    kind = FailedPrecondition if refusal.reason in _STATEFUL else InvalidArgument
    named = ", ".join(fault.at for fault in refusal.faults)
    return kind(refusal.reason, violations=tuple(map(_violation, refusal.faults)), named=named)


def _violation(fault: Fault) -> Violation:
    field = "facts.risk_events" if fault.rule in _RISKS else "answers"
    described = f"{fault.at}: 0 to {fault.most}" if fault.most else fault.at
    return Violation(f"{field}.{fault.at}", fault.rule, described)
