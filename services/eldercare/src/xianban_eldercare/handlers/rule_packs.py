"""Rule packs: asked before the transaction opens, each alone; what they found is kept inside it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection
from xianban.common.v1 import readings_pb2 as pb
from xianban_sdk import i18n
from xianban_sdk.errors import InvalidArgument, Unavailable
from xianban_sdk.plugins import Brought, HookResult, Hooks, NotBooked, Refuse
from xianban_sdk.readings import Flaw, Foreseen, Ingest
from xianban_sdk.storage.instant import from_micros, to_micros
from xianban_sdk.telemetry import log
from xianban_sdk.wire import instant, optional_instant

from xianban_eldercare.domain.rule_packs import fresh_window, in_order
from xianban_eldercare.domain.subjects import resident_of
from xianban_eldercare.handlers.ingest import CLOCKS
from xianban_eldercare.handlers.pack_answers import Outcome, PackLied, checked
from xianban_eldercare.hookspecs import Case, Live, Motion, Off, RulePack
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.oxygen_scales import on_scale_2
from xianban_eldercare.repository.pack_states import PackState, PackStates
from xianban_eldercare.vitals import KINDS, OXYGEN

__all__ = ["Packs", "judge_motion", "judge_readings", "motion_of", "packs_of"]

_PACKAGE: Final = "xianban_eldercare"
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_JUDGE: Final = "rule_pack.judge"
_STALE: Final = "RELATIONS_STALE"
# For all the people of a batch together.
_SECONDS: Final = 1.0
_WHY: Final[Mapping[Flaw, Literal["not-measured", "out-of-range", "jump"]]] = {
    Flaw.NOT_MEASURED: "not-measured",
    Flaw.OUT_OF_RANGE: "out-of-range",
    Flaw.JUMP: "jump",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pack and the plugin that brought it."""

    plugin: str
    pack: RulePack


@dataclass(frozen=True, slots=True)
class Packs:
    """The installed packs, and what they ask for together."""

    loaded: tuple[Loaded, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset[str]().union(*(one.pack.needs for one in self.loaded))

    @property
    def for_motion(self) -> tuple[Loaded, ...]:
        return tuple(one for one in self.loaded if one.pack.needs_motion)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One person's case and what was known before."""

    state: PackState
    case: Case


def packs_of(hooks: Hooks) -> Brought[Packs]:
    """Refuses a pack that asks for what there is not, or clashes with another."""
    return Brought(hooks, "register_rule_pack", _packs)


def _packs(results: Sequence[HookResult], refuse: Refuse) -> Packs:
    loaded: list[Loaded] = []
    for result in results:
        for pack in result.value or ():
            if why := _why_not(pack, loaded):
                refuse(result.plugin, f"rule pack {pack.id!r} {why}")
                continue
            i18n.lend(pack.package, _PACKAGE)
            loaded.append(Loaded(result.plugin, pack))
    return Packs(tuple(loaded))


def _why_not(pack: RulePack, loaded: Sequence[Loaded]) -> str:
    computed = {kind for one in loaded for kind in one.pack.computes}
    refusals = {
        "has an impossible id": not _ID.fullmatch(pack.id),
        "is there twice": any(one.pack.id == pack.id for one in loaded),
        "needs an unknown kind": any(KINDS.get(kind) is None for kind in pack.needs),
        "computes an unknown kind": any(KINDS.get(kind) is None for kind in pack.computes),
        "computes what another does": bool(computed & pack.computes),
        "raises alerts that are not its own": not all(
            one.code == pack.id or one.code.startswith(f"{pack.id}-") for one in pack.alerts
        ),
    }
    return next((complaint for complaint, holds in refusals.items() if holds), "")


def judge_readings(
    readings: Sequence[pb.RawReading],
    packs: Packs,
    *,
    ingest: Ingest,
    conn: Connection,
    hooks: Hooks,
    now: datetime,
) -> list[Outcome]:
    """Each pack sees the people of whom there is something new that it asked for."""
    people: dict[str, list[Foreseen]] = defaultdict(list)
    for one in ingest.foresee(readings, packs.kinds, now):
        people[resident_of(one.subject)].append(one)
    found: list[Outcome] = []
    for one in packs.loaded:
        found += _ask(one, _asked(one.pack, people, conn, now), hooks)
    return found


def judge_motion(
    event: pb.DeviceEvent, packs: Packs, *, conn: Connection, hooks: Hooks, now: datetime
) -> list[Outcome]:
    """A window that was seen before, or comes long after, is judged by nobody."""
    window, who = motion_of(event, now), resident_of(event.subject)
    if window is None:
        return []
    found: list[Outcome] = []
    for one in packs.for_motion:
        state = _known(conn, [who], one.pack)[who]
        marks = fresh_window(state.marks, event.id)
        if marks is not None:
            case = Case(now, state.state, motion=window)
            found += _ask(one, [_Asked(state.seen(marks), case)], hooks)
    return found


def motion_of(event: pb.DeviceEvent, now: datetime) -> Motion | None:
    """The event's window in g, unless it is history.

    Raises INVALID_ARGUMENT when its numbers are no triples.
    """
    if not event.HasField("motion"):
        return None
    told, rate = event.motion.milli_g, event.motion.rate_hz
    if len(told) % 3:
        raise InvalidArgument("MOTION_WINDOW_INVALID", field="event.motion.milli_g")
    axes = ([value / 1000 for value in told[axis::3]] for axis in range(3))
    samples = tuple(zip(*axes, strict=True))
    at = _begun(event, timedelta(seconds=len(samples) / rate), now)
    if at is None or Case(now, "").is_history(at):
        told_at = str(instant(event.occur_time))
        log.warning("motion_window_dropped", device=event.device, occur_time=told_at)
        return None
    return Motion(at, rate, samples)


def _begun(event: pb.DeviceEvent, lasted: timedelta, now: datetime) -> datetime | None:
    """By the rule of all readings: the last sample is as old as the device says, if it can be."""
    received = min(optional_instant(event, "receive_time") or now, now)
    ended = instant(event.occur_time) + lasted
    placed = CLOCKS.effective(to_micros(ended), to_micros(received))
    return None if placed is None else from_micros(placed[0]) - lasted


def _asked(
    pack: RulePack, people: Mapping[str, Sequence[Foreseen]], conn: Connection, now: datetime
) -> list[_Asked]:
    """Of nobody else is the state read: that means to decrypt it."""
    wanted = {who: [one for one in new if one.kind in pack.needs] for who, new in people.items()}
    known = _known(conn, [who for who, new in wanted.items() if new], pack)
    scale_2 = on_scale_2(conn, list(known)) if OXYGEN in pack.needs else frozenset[str]()
    asked: list[_Asked] = []
    for who, state in known.items():
        taken, marks = in_order(state.marks, wanted[who])
        if taken:
            readings = tuple(map(_seen, taken))
            scale: Literal[1, 2] = 2 if who in scale_2 else 1
            case = Case(now, state.state, readings, oxygen_scale=scale)
            asked.append(_Asked(state.seen(marks), case))
    return asked


def _known(conn: Connection, people: Sequence[str], pack: RulePack) -> dict[str, PackState]:
    """Of each of them, in this order."""
    found = PackStates(conn, MACHINE).of(people, pack.id) if people else {}
    return {who: found.get(who) or PackState(who, pack.id) for who in people}


def _seen(one: Foreseen) -> Live | Off:
    at = from_micros(one.at)
    if one.flaw or one.value is None:
        return Off(one.kind, at, _WHY.get(one.flaw, "not-measured"))
    return Live(one.kind, one.value, at)


def _ask(loaded: Loaded, asked: Sequence[_Asked], hooks: Hooks) -> list[Outcome]:
    """One call for all: what fails for one person fails for them alone, what hangs for all."""
    issued = hooks.token(loaded.plugin, _JUDGE, [one.state.resident for one in asked])
    if issued.refusal == _STALE:
        # The batch comes again: kept unjudged, what is in it would never be judged.
        raise Unavailable(_STALE)
    told = [one for one in asked if one.state.resident in issued.people]
    if not told:
        return []
    pack = loaded.pack
    result = hooks.run(
        loaded.plugin,
        _JUDGE,
        lambda: [_judged(pack, one.case) for one in told],
        _SECONDS,
        about=issued,
    )
    if isinstance(result.error, NotBooked):
        raise Unavailable("STORAGE_UNAVAILABLE") from result.error
    found: list[Outcome] = []
    for one, answer in zip(told, result.value or (), strict=False):
        try:
            found.append(Outcome(pack, one.state, checked(pack, answer, one.case)))
        except PackLied as error:
            log.error("rule_pack_failed", pack=pack.id, error=str(error))
    return found


def _judged(pack: RulePack, case: Case) -> object:
    """Runs in the plugin's thread: an error is its answer about this person."""
    try:
        return pack.judge(case)
    except Exception as error:
        return error
