"""Prices: the tariff in force, what plugins grant, and the quote as it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from xianban_sdk.clock import Clock
from xianban_sdk.errors import FailedPrecondition, Unavailable
from xianban_sdk.identity.relations import FactsSource
from xianban_sdk.plugins import NOBODY, Hooks
from xianban_sdk.telemetry import log

from xianban_parking import hookspecs
from xianban_parking.domain.calendar import ChineseCalendar
from xianban_parking.domain.errors import TariffError
from xianban_parking.domain.permits import PermitPrice
from xianban_parking.domain.quotes import Concession, ConcessionKind, Quote, QuoteLine
from xianban_parking.domain.stays import Stay, VehicleKind, Visit
from xianban_parking.domain.tariff import Tariff, price, tariff_at, tariff_from_dict
from xianban_parking.errors import refusals
from xianban_parking.repository.rows import LotRow, TariffRow

__all__ = [
    "CALENDAR",
    "Asked",
    "Rights",
    "concessions_for",
    "is_unasked",
    "kept",
    "priced",
    "restored_concessions",
    "stored_concessions",
    "stored_permit_price",
    "stored_quote",
    "tariff_in_force",
    "tariff_of",
]

CALENDAR = ChineseCalendar()
CONCESSIONS = "tariff_concessions"
PURPOSE = "parking.concession"
LONGEST_NAME = 60


def tariff_of(row: TariffRow) -> Tariff:
    """The stored rules as a tariff; id, version and date are the row's."""
    head = {"id": row.lot, "version": row.version, "effective_from": row.effective_at.isoformat()}
    return tariff_from_dict({**row.rules, **head})


def tariff_in_force(rows: Sequence[TariffRow], at: datetime) -> Tariff:
    """The newest version in force at an instant; a lot without one can't be priced."""
    usable = [row for row in rows if row.effective_at <= at]
    if not usable:
        raise FailedPrecondition("NO_TARIFF_IN_FORCE", field="lot")
    with refusals("lot"):
        return tariff_at([tariff_of(row) for row in usable], at)


@dataclass(frozen=True, slots=True)
class Asked:
    """One stay to be priced."""

    visit: Visit
    vehicle_kind: str = "car"
    permit_kind: str = ""
    charging: bool = False
    already_fen: int = 0


def priced(
    tariffs: Sequence[TariffRow], asked: Asked, concessions: Sequence[Concession] = ()
) -> Quote:
    """The quote of a stay under the version in force when it began."""
    tariff = tariff_in_force(tariffs, asked.visit.entered)
    permits = frozenset({asked.permit_kind} if asked.permit_kind else ())
    with refusals():
        stay = Stay((asked.visit,), VehicleKind(asked.vehicle_kind), permits, asked.charging)
        return price(
            tariff, stay, concessions, calendar=CALENDAR, already_charged_fen=asked.already_fen
        )


@dataclass(frozen=True, slots=True)
class Rights:
    """What a concession may be told of a person: the kinds of permit they hold."""

    resident: str = ""
    held: frozenset[str] = frozenset()

    @classmethod
    def of_permits(cls, resident: str, kinds: Iterable[str]) -> Rights:
        return cls(resident, frozenset(f"{kind}-permit" for kind in kinds))


NO_RIGHTS = Rights()


def is_unasked(resident: str, hooks: Hooks, relations: FactsSource, clock: Clock) -> bool:
    """Whether a plugin would count the resident's rights, and may not be told of them."""
    if not any(CONCESSIONS in one.implementations for one in hooks.plugins.values()):
        return False
    try:
        facts = relations.about([resident])[resident]
    except Unavailable:
        # Not known just now: a hint may be missing, a wrong one is worse.
        return False
    return not facts.agrees_to(PURPOSE, clock.now())


def concessions_for(
    hooks: Hooks, lot: LotRow, visit: Visit, vehicle_kind: str, rights: Rights = NO_RIGHTS
) -> list[Concession]:
    """What plugins take off; asked before a transaction opens, and each may fail alone.

    Whoever may not know the person's rights is asked as for somebody who has none.
    """
    plain = hookspecs.ConcessionRequest(
        lot=lot.id,
        area=lot.area,
        start=visit.entered,
        end=visit.left,
        vehicle_kind="electric" if vehicle_kind == VehicleKind.NEW_ENERGY else vehicle_kind,
        rights=frozenset(),
    )
    request = replace(plain, rights=rights.held)
    about = rights.resident if rights.held else NOBODY
    found: list[Concession] = []
    for result in hooks.each(CONCESSIONS, about=about, instead={"request": plain}, request=request):
        for given in result.value or ():
            found += _accepted(result.plugin, given)
    return found


def _accepted(plugin: str, given: hookspecs.Concession) -> list[Concession]:
    values = (
        (ConcessionKind.MINUTES, given.free_minutes),
        (ConcessionKind.PERCENT, given.percent),
        (ConcessionKind.FIXED, given.amount_fen),
    )
    named = [(kind, value) for kind, value in values if value]
    name = given.key[:LONGEST_NAME]
    try:
        if len(named) != 1:
            raise TariffError("CONCESSION_OUT_OF_RANGE", "value", {"source": plugin})
        spoken = tuple((locale, words[:LONGEST_NAME]) for locale, words in given.names.items())
        return [Concession(plugin, name, kind, value, spoken) for kind, value in named]
    except TariffError as error:
        # A plugin that lies loses its own say, not the others'.
        log.error("concession_refused", plugin=plugin, key=name, reason=error.reason)
        return []


def stored_concessions(concessions: Iterable[Concession]) -> list[dict[str, Any]]:
    return [
        {
            "source": one.source,
            "name": one.name,
            "kind": str(one.kind),
            "value": one.value,
            "names": dict(one.names),
        }
        for one in concessions
    ]


def restored_concessions(stored: Iterable[Mapping[str, Any]]) -> list[Concession]:
    return [
        Concession(
            one["source"],
            one["name"],
            ConcessionKind(one["kind"]),
            one["value"],
            tuple(one.get("names", {}).items()),
        )
        for one in stored
    ]


def stored_quote(quote: Quote) -> dict[str, Any]:
    """The derivation as data: keys and numbers, put into words only when it is shown."""
    minutes = -(-quote.parked_seconds // 60)
    return _derivation(quote.lines, quote.total_fen, quote.tariff_version, minutes)


def stored_permit_price(price: PermitPrice) -> dict[str, Any]:
    """The same for a permit; the district's permit table has no version of its own yet."""
    return _derivation(price.lines, price.total_fen, 0, 0)


def _derivation(
    lines: Iterable[QuoteLine], total_fen: int, version: int, minutes: int
) -> dict[str, Any]:
    told = [
        {"key": line.key, "params": dict(line.params), "amount_fen": line.amount_fen}
        for line in lines
    ]
    return {"version": version, "minutes": minutes, "total_fen": total_fen, "lines": told}


def kept(total_fen: int, key: str, **params: str | int) -> dict[str, Any]:
    """A derivation of one line, where no tariff is behind a price."""
    line = {"key": key, "params": params, "amount_fen": total_fen}
    return {"version": 0, "minutes": 0, "total_fen": total_fen, "lines": [line]}
