"""The producer's step of each event's trace: what the consumer's step follows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from xianban_sdk import telemetry
from xianban_sdk.messaging.event import Event
from xianban_sdk.telemetry import TraceContext

__all__ = ["publishing"]


@contextmanager
def publishing(events: Sequence[Event]) -> Generator[list[Event]]:
    """Spans over one publishing; gives the events as children of theirs.

    An event whose trace was not sampled stays as it is: many leave in one batch.
    """
    with ExitStack() as spans:
        yield [_within(event, spans) for event in events]


def _within(event: Event, spans: ExitStack) -> Event:
    parent = TraceContext.parse(event.traceparent, event.tracestate)
    if parent is None or not parent.sampled:
        return event
    spans.enter_context(telemetry.remote(event.traceparent, event.tracestate))
    name = f"publish {event.routing_key}"
    span = telemetry.span(name, kind=telemetry.PRODUCER, event_id=event.id)
    made = spans.enter_context(span)
    return replace(event, traceparent=made.context.traceparent)
