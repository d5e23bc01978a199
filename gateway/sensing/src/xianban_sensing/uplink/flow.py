"""Letters in, batches and events out; nothing is acknowledged before it is safe."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import structlog
from xianban.common.v1 import readings_pb2
from xianban.sensing.v1 import devices_pb2 as pb
from xianban_sdk import telemetry
from xianban_sdk.ids import Ids
from xianban_sdk.plugins import CapabilityToken

from xianban_sensing.plugins import Models
from xianban_sensing.uplink.admissions import Admissions, Right
from xianban_sensing.uplink.bindings import Bindings
from xianban_sensing.uplink.letters import Letter
from xianban_sensing.uplink.reading import Read, read_all
from xianban_sensing.uplink.services import Services
from xianban_sensing.uplink.spool import Spool

__all__ = ["Flow"]

_log = structlog.get_logger("xianban.sensing")

# A batch leaves when it is full or this old.
_MOST_READINGS: Final = 500
_BATCH_SECONDS: Final = 0.02
# Letters in memory: beyond that the client stops reading, and the broker keeps what comes.
_BACKLOG: Final = 5000
# Of which it is asked at once whether they may be read.
_MOST_LETTERS: Final = 200
# Spooled letters are nobody's yet. Those whose model is not asked just now wait apart: they hold
# up no other model's.
_LETTERS: Final = "sensing"
_UNREAD: Final = "sensing/"
_EVENT_THREADS: Final = 4
_EVENT_TRIES: Final = 3
_DRAIN_SECONDS: Final = 0.5

# device, feedback word, the event it answers → tells the wearer at once.
Feedback = Callable[[str, str, str], None]
# device, when (seconds since 1970), clock ahead by (seconds).
Seen = Callable[[str, float, float], None]


class Flow:
    """One uplink's work. `take` is called by the mailbox, everything else by its own threads."""

    def __init__(
        self,
        bindings: Bindings,
        models: Models,
        services: Services,
        spool: Spool,
        admissions: Admissions,
        ids: Ids,
        feedback: Feedback,
        seen: Seen,
    ) -> None:
        self._bindings = bindings
        self._models = models
        self._services = services
        self._spool = spool
        self._admissions = admissions
        self._ids = ids
        self._feedback = feedback
        self._seen = seen
        self._letters: queue.Queue[Letter] = queue.Queue(_BACKLOG)
        self._events = ThreadPoolExecutor(_EVENT_THREADS, thread_name_prefix="events")
        # What was done with letters and their parts; shown by health and in tests.
        self.counted: Counter[str] = Counter()

    def take(self, letter: Letter) -> None:
        """Blocks while the backlog is full: the broker then keeps what comes."""
        self._letters.put(letter)

    @property
    def backlog(self) -> int:
        """Letters in memory."""
        return self._letters.qsize()

    def run(self, stop: threading.Event) -> None:
        """Batches what comes until told to stop."""
        while not self._bindings.complete.wait(0.2):
            if stop.is_set():
                return
        while not stop.is_set():
            self._one_round()
        self._events.shutdown(wait=True)

    def drain(self, stop: threading.Event) -> None:
        """Hands on what was spooled, as soon as its service is back."""
        while not stop.wait(_DRAIN_SECONDS):
            self._drain_letters()
            for domain in self._spool.domains():
                self._drain_events(domain)
                self._drain_batches(domain)

    # -- readings -----------------------------------------------------------------------------

    def _one_round(self) -> None:
        waiting: dict[str, list[tuple[Letter, readings_pb2.RawReading]]] = {}
        held, end = 0, 0.0
        while held < _MOST_READINGS:
            letters = self._next_ones(end)
            if not letters:
                break
            for letter, found in self._opened(letters):
                waiting.setdefault(found.domain, []).extend((letter, one) for one in found.readings)
                held += len(found.readings)
            end = end or time.monotonic() + _BATCH_SECONDS
        for domain, parts in waiting.items():
            for first in range(0, len(parts), _MOST_READINGS):
                self._send(domain, parts[first : first + _MOST_READINGS])

    def _next(self, end: float) -> Letter | None:
        left = end - time.monotonic() if end else _DRAIN_SECONDS
        try:
            return self._letters.get(timeout=max(left, 0)) if left > 0 else None
        except queue.Empty:
            return None

    def _next_ones(self, end: float) -> list[Letter]:
        """One, and what came with it: whether they may be read is asked once for all."""
        first = self._next(end)
        letters = [first] if first else []
        with suppress(queue.Empty):
            while letters and len(letters) < _MOST_LETTERS:
                letters.append(self._letters.get_nowait())
        return letters

    def _opened(self, letters: Sequence[Letter]) -> Iterator[tuple[Letter, Read]]:
        bound = [(letter, self._bound(letter)) for letter in letters]
        speaking = [(letter, binding) for letter, binding in bound if binding is not None]
        rights = self._admissions.of([binding for _, binding in speaking])
        if rights is None:
            for letter, binding in speaking:
                self._put_aside(letter, binding)
            return
        asked = [(*one, right) for one, right in zip(speaking, rights, strict=True)]
        for (letter, binding, right), found in zip(
            asked, read_all(asked, self._models), strict=True
        ):
            if found.unread:
                self._keep(letter, binding)
            else:
                self._note(letter, right, found)
                yield letter, found

    def _bound(self, letter: Letter) -> pb.Binding | None:
        binding = self._bindings.of(letter.device)
        if binding is None:
            self.counted["unbound"] += 1
            letter.split(0)
        return binding

    def _put_aside(self, letter: Letter, binding: pb.Binding) -> None:
        """Nobody can say whether it may be read: alarms go now, all of it is kept for later."""
        self._spool.put(_LETTERS, "letter", letter.kept(), letter.traceparent)
        self.counted["letters_spooled"] += 1
        asked = (letter, binding, self._admissions.for_alarms(binding))
        (found,) = read_all([asked], self._models)
        letter.split(len(found.events))
        for event in found.events:
            self._events.submit(self._report, found.domain, letter, event)

    def _keep(self, letter: Letter, binding: pb.Binding) -> None:
        """Its model failed too often and is not asked just now, or not before a restart."""
        self._spool.put(f"{_UNREAD}{binding.model}", "letter", letter.kept(), letter.traceparent)
        self.counted["letters_unread"] += 1
        letter.split(0)

    def _drain_letters(self) -> None:
        unread = [one for one in self._spool.domains() if one.startswith(_UNREAD)]
        for lane in (_LETTERS, *unread):
            for spooled in self._spool.first(lane, "letter"):
                if not self._drain_letter(Letter.of(spooled.request), lane):
                    break
                self._spool.taken(lane, "letter", spooled)

    def _drain_letter(self, letter: Letter, lane: str) -> bool:
        """False: nobody can say yet whether it may be read, or its model is still not asked."""
        binding = self._bindings.of(letter.device)
        if binding is None:
            return True
        rights = self._admissions.of([binding], waited=lane == _LETTERS)
        if rights is None:
            return False
        (found,) = read_all([(letter, binding, rights[0])], self._models)
        if found.unread and lane != _LETTERS:
            return False
        if found.unread:
            self._keep(letter, binding)
            return True
        self._note(letter, rights[0], found)
        self._send(found.domain, [(letter, one) for one in found.readings])
        return True

    def _note(self, letter: Letter, right: Right, found: Read) -> None:
        """Counts what it says, and hands on its events at once."""
        self.counted["letters"] += 1
        if isinstance(right, CapabilityToken) and right.basis != "consent":
            self.counted["without_consent"] += 1
        self.counted["rejected"] += len(found.rejected)
        for flaw in found.rejected:
            _log.warning(
                "part_rejected", device=letter.device, field=flaw.field, reason=flaw.reason
            )
        self._seen(letter.device, letter.received_at.timestamp(), found.clock_offset or 0.0)
        letter.split(len(found.readings) + len(found.events))
        for event in found.events:
            self._events.submit(self._report, found.domain, letter, event)

    def _send(self, domain: str, parts: list[tuple[Letter, readings_pb2.RawReading]]) -> None:
        request = readings_pb2.IngestBatchRequest(
            readings=[one for _, one in parts], request_id=self._ids.new()
        )
        with telemetry.span("uplink batch", readings=len(parts)) as span:
            behind = self._spool.holds(domain, "batch") > 0
            if behind or not self._services.batch(domain, request):
                traceparent = span.context.traceparent
                self._spool.put(domain, "batch", request.SerializeToString(), traceparent)
                self.counted["spooled"] += len(parts)
            else:
                self.counted["readings"] += len(parts)
        for letter, _ in parts:
            letter.settled()

    def _drain_batches(self, domain: str) -> None:
        for spooled in self._spool.first(domain, "batch"):
            request = readings_pb2.IngestBatchRequest.FromString(spooled.request)
            with telemetry.remote(spooled.traceparent):
                if not self._services.batch(domain, request):
                    return
            self._spool.taken(domain, "batch", spooled)
            self.counted["readings"] += len(request.readings)

    # -- events -------------------------------------------------------------------------------

    def _report(self, domain: str, letter: Letter, event: readings_pb2.DeviceEvent) -> None:
        """At once and on its own lane; kept on disk when nobody takes it."""
        try:
            with (
                telemetry.remote(letter.traceparent or None),
                telemetry.span("uplink event", keep=True, event=event.kind) as span,
            ):
                traceparent = span.context.traceparent
                if not self._reported(domain, event, traceparent):
                    self._spool.put(domain, "event", event.SerializeToString(), traceparent)
                    self.counted["events_spooled"] += 1
                    self._answer(event, "held")
            letter.settled()
        except Exception:
            # Not acknowledged: the broker hands the message to us again.
            _log.exception("event_not_kept", device=event.device)

    def _reported(self, domain: str, event: readings_pb2.DeviceEvent, traceparent: str) -> bool:
        for attempt in range(_EVENT_TRIES):
            feedback = self._services.event(domain, event, traceparent)
            if feedback is not None:
                self.counted["events"] += 1
                self._answer(event, feedback)
                return True
            time.sleep(0.1 * 2**attempt)
        return False

    def _drain_events(self, domain: str) -> None:
        for spooled in self._spool.first(domain, "event"):
            event = readings_pb2.DeviceEvent.FromString(spooled.request)
            feedback = self._services.event(domain, event, spooled.traceparent)
            if feedback is None:
                return
            self._spool.taken(domain, "event", spooled)
            self.counted["events"] += 1
            self._answer(event, feedback)

    def _answer(self, event: readings_pb2.DeviceEvent, word: str) -> None:
        """Called off, it is the press that the wearer asks about."""
        if word:
            self._feedback(event.device, word, event.calls_off or event.id)
