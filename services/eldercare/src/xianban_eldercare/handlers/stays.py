"""What follows an elder who moves by a referral, and how it was before is kept for the return.

Bed, file (area, station, address), limits, watched places and visits are this service's: they
change in the step's own transaction. Devices are sensing's: asked for by an event, answered by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final

import orjson
from xianban_sdk import i18n
from xianban_sdk.errors import FailedPrecondition
from xianban_sdk.readings import Severity
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.beds import BedState
from xianban_eldercare.domain.care_files import Living
from xianban_eldercare.domain.referrals import CareSetting, Referral, ReferralState
from xianban_eldercare.events import hand_back_requested, hand_over_requested
from xianban_eldercare.handlers.beds import keep_bed, occupy_bed, vacate_bed
from xianban_eldercare.handlers.geofence import begin_anew
from xianban_eldercare.handlers.referral_steps import CLOCK, moved
from xianban_eldercare.handlers.referral_tellings import tell_bedless
from xianban_eldercare.handlers.replanning import plan_again
from xianban_eldercare.handlers.visits import call_off
from xianban_eldercare.repository import (
    MACHINE,
    Beds,
    CareFiles,
    Referrals,
    Visits,
)
from xianban_eldercare.repository.fences import Fences
from xianban_eldercare.repository.organisation_rows import OrganisationRow
from xianban_eldercare.repository.referral_rows import ReferralRow
from xianban_eldercare.repository.rows import CareFileRow
from xianban_eldercare.repository.thresholds import Thresholds
from xianban_eldercare.vitals import Limits

__all__ = ["Step", "move_in", "move_out", "on_handed_over"]

Step = Callable[[Referral], Referral]
Kept = dict[str, Any]
# An organisation's id, and the bed's.
Bed = tuple[str, str]
# A device, and who answers for it.
Keeping = Mapping[str, str]

# Of what is asked of sensing: the referral's id and one of these.
_IN: Final = "in"
_OUT: Final = "out"
_LOCALE: Final = "zh-CN"
_FILE: Final = ("area", "station", "address", "home", "living")


def move_in(row: ReferralRow, here: OrganisationRow, bed: str, *, uow: UnitOfWork) -> ReferralRow:
    """From now on the organisation answers for the elder."""
    kept: Kept = {}
    left = _leave_for_now((here.id, bed), row.resident, uow) if bed else None
    if bed:
        _enter((here.id, bed), row.resident, uow)
    file = CareFiles(uow.conn, MACHINE).find(row.resident, lock=True)
    if file is not None:
        kept = {name: getattr(file, name) for name in _FILE}
        _write(file, _there(row, here, bed, file, uow), uow)
    kept |= {"limits": _limits(row.resident, uow), "there": here.display_name, "bed": left}
    if row.target != CareSetting.HOME:
        kept["places"] = _watch_no_place(row.resident, uow)
        kept["visits"] = _call_visits_off(row.resident, here, uow)
    saved = replace(row, kept=orjson.dumps(kept).decode())
    Referrals(uow.conn, MACHINE).save(saved)
    area = file.area if file and row.target == CareSetting.HOME else here.area
    asked = hand_over_requested(row, f"{row.id}/{_IN}", here.display_name, area)
    uow.emit(asked, aggregate=row.name)
    return saved


def move_out(row: ReferralRow, bed: str, *, uow: UnitOfWork) -> None:
    """As it was before; `row` is the referral before the step."""
    kept: Kept = orjson.loads(row.kept)
    if row.organisation is not None and bed:
        _leave((row.organisation, bed), row.resident, uow)
    if kept.get("bed"):
        _lie_again(row, (kept["bed"][0], kept["bed"][1]), uow)
    file = CareFiles(uow.conn, MACHINE).find(row.resident, lock=True)
    if file is not None and "area" in kept:
        _write(file, {name: kept[name] for name in _FILE}, uow)
    limits = {kind: _limit(one) for kind, one in kept["limits"].items()}
    Thresholds(uow.conn, MACHINE).put_all(row.resident, limits)
    _watch_again(row.resident, kept.get("places", []), uow)
    plan_again(row, kept.get("visits", []), uow=uow)
    # Until sensing has said how it was, there is nothing to go back to: its answer asks then.
    if "devices" in kept:
        _ask_back(row, kept, uow)


def on_handed_over(request_id: str, before: Sequence[Keeping], *, uow: UnitOfWork) -> None:
    """Sensing has done what a step asked for; told again, or late, it changes nothing."""
    referral_id, _, way = request_id.partition("/")
    row = Referrals(uow.conn, MACHINE).numbered(referral_id)
    if row is None or not row.kept:
        return
    kept: Kept = orjson.loads(row.kept)
    if way == _IN and "devices" not in kept:
        _arrived(row, kept | {"devices": list(before)}, uow)
    if way == _OUT and row.state in (ReferralState.RETURNING, ReferralState.CANCELLING):
        moved(row, Referral.handed_over, CLOCK, uow=uow)


def _arrived(row: ReferralRow, kept: Kept, uow: UnitOfWork) -> None:
    """The referral may have been called off while the devices were on their way."""
    text = orjson.dumps(kept).decode()
    if row.state == ReferralState.ADMITTING:
        moved(row, Referral.handed_over, CLOCK, uow=uow, kept=text)
    else:
        Referrals(uow.conn, MACHINE).save(replace(row, kept=text))
        _ask_back(row, kept, uow)


def _ask_back(row: ReferralRow, kept: Kept, uow: UnitOfWork) -> None:
    asked = hand_back_requested(row, f"{row.id}/{_OUT}", kept["there"], kept["devices"])
    uow.emit(asked, aggregate=row.name)


# -- the file ---------------------------------------------------------------------------------


def _there(
    row: ReferralRow, here: OrganisationRow, bed: str, file: CareFileRow, uow: UnitOfWork
) -> Kept:
    """What the file says of an elder who is with the organisation."""
    station = f"organisations/{here.id}"
    if row.target == CareSetting.HOME:
        return {"station": station}
    found = Beds(uow.conn, MACHINE).find(here.id, bed) if bed else None
    room = found.room if found else ""
    living = file.living
    if row.target == CareSetting.INSTITUTION:
        living = Living.IN_INSTITUTION.value
    # Who is sent to help must not stand before an empty home.
    address = " ".join(filter(None, (here.address, here.display_name, room)))
    return {
        "area": here.area,
        "station": station,
        "address": address,
        "home": "",
        "living": living,
    }


def _write(file: CareFileRow, said: Kept, uow: UnitOfWork) -> None:
    changed = replace(file, **said, version=file.version + 1, updated_at=uow.clock.now())
    CareFiles(uow.conn, MACHINE).save(changed, seen=file.version)


# -- bed, limits, places, visits --------------------------------------------------------------


def _enter(key: tuple[str, str], resident: str, uow: UnitOfWork) -> None:
    """Staff may have entered it on the page of beds already."""
    if not _lies_in(key, resident, uow):
        occupy_bed(key, resident, scope=MACHINE, uow=uow)


def _leave(key: tuple[str, str], resident: str, uow: UnitOfWork) -> None:
    """As with the arrival."""
    if _lies_in(key, resident, uow):
        vacate_bed(key, scope=MACHINE, uow=uow)


def _leave_for_now(key: Bed, resident: str, uow: UnitOfWork) -> Bed | None:
    """From another institution: its bed is kept to come back to."""
    found = Beds(uow.conn, MACHINE).lain_in(resident)
    if found is None or (found.organisation, found.id) == key:
        return None
    keep_bed((found.organisation, found.id), scope=MACHINE, uow=uow)
    return found.organisation, found.id


def _lie_again(row: ReferralRow, key: Bed, uow: UnitOfWork) -> None:
    """Unless somebody else has it by now: then the institution finds another one."""
    try:
        # It refuses before anything is written: the transaction goes on.
        occupy_bed(key, row.resident, scope=MACHINE, uow=uow)
    except FailedPrecondition:
        tell_bedless(row, key[0], uow=uow)


def _lies_in(key: tuple[str, str], resident: str, uow: UnitOfWork) -> bool:
    bed = Beds(uow.conn, MACHINE).find(*key, locked=True)
    return bed is not None and (bed.state, bed.resident) == (BedState.OCCUPIED, resident)


def _limits(resident: str, uow: UnitOfWork) -> Kept:
    found = Thresholds(uow.conn, MACHINE).of(resident)
    return {
        kind: asdict(one) | {"lasting": one.lasting.total_seconds(), "severity": int(one.severity)}
        for kind, one in found.items()
    }


def _limit(one: Kept) -> Limits:
    lasting, severity = timedelta(seconds=one["lasting"]), Severity(one["severity"])
    return Limits(one["low"], one["high"], lasting, severity)


def _watch_no_place(resident: str, uow: UnitOfWork) -> Sequence[str]:
    """The places are around the home: all day the elder would have left them."""
    fences = Fences(uow.conn, MACHINE)
    watched = [row for row in fences.of(resident, lock=True) if row.active]
    for row in watched:
        off = replace(row, active=False, version=row.version + 1, updated_at=uow.clock.now())
        fences.save(off)
        begin_anew(off, uow=uow)
    return [row.id for row in watched]


def _watch_again(resident: str, places: Sequence[str], uow: UnitOfWork) -> None:
    fences = Fences(uow.conn, MACHINE)
    for row in fences.of(resident, lock=True):
        if row.id in places:
            at = uow.clock.now()
            fences.save(replace(row, active=True, version=row.version + 1, updated_at=at))


def _call_visits_off(resident: str, here: OrganisationRow, uow: UnitOfWork) -> Sequence[str]:
    """Weekly plans pause and go on after the return: the day of a visit called off here is made
    again then, should it still be ahead. The others are answered: somebody planned them one by
    one."""
    visits = Visits(uow.conn, MACHINE)
    reason = i18n.text("visit-away", _LOCALE, "xianban_eldercare", organisation=here.display_name)
    ahead = visits.ahead_of_elder(resident, uow.clock.now())
    for visit in ahead:
        off = call_off(visit, reason, uow=uow)
        visits.save(replace(off, plan=None, plan_day=None))
    return [visit.id for visit in ahead if visit.plan is None]
