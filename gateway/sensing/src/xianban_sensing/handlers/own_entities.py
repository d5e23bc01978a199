"""What the suite itself tells of things: car parks, and devices that speak for no person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xianban_sdk.storage import UnitOfWork

from xianban_sensing.domain import car_parks, things
from xianban_sensing.domain.car_parks import CarPark, Count
from xianban_sensing.domain.devices import Device
from xianban_sensing.domain.entities import SUITE, Attributes, Entity
from xianban_sensing.handlers.changes import Changes
from xianban_sensing.plugins import Models
from xianban_sensing.repository import MACHINE
from xianban_sensing.repository.entities import Entities

__all__ = ["counted", "devices_changed", "whole_car_parks"]

_PARKING = (
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Parking/master/context.jsonld"
)
_DEVICE = (
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Device/master/context.jsonld"
)
_CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"


def whole_car_parks(found: Sequence[tuple[CarPark, Count]], *, uow: UnitOfWork) -> None:
    """All car parks there are, as parking lists them; others of ours are gone."""
    changes, entities = Changes(uow), Entities(uow.conn, MACHINE)
    for park, count in found:
        id_ = car_parks.id_of(park.lot)
        known = entities.locked(id_)
        # An event may have told a later count since the list was asked for.
        counts = car_parks.newest(count, known.attributes if known else {})
        attributes = {**car_parks.facts_of(park), **counts}
        _put(known, id_, car_parks.TYPE, attributes, [_PARKING, _CORE], changes, uow)
    ids = {car_parks.id_of(park.lot) for park, _ in found}
    for gone in set(entities.of_provider(SUITE, car_parks.TYPE)) - ids:
        entities.remove(gone)
    changes.tell()


def counted(lot: str, count: Count, *, uow: UnitOfWork) -> None:
    """A car park's newest count; of one that is not known yet the next list tells."""
    found = Entities(uow.conn, MACHINE).locked(car_parks.id_of(lot))
    if found is None or found.provider != SUITE:
        return
    told = car_parks.newest(count, found.attributes)
    after, changed = found.exchanging(car_parks.COUNTS, told, uow.clock.now())
    changes = Changes(uow)
    if changed:
        changes.save(after, changed)
    changes.tell()


def devices_changed(devices: Iterable[Device], models: Models, *, uow: UnitOfWork) -> None:
    """Devices in the registry are other ones than before, or speak for something else."""
    changes, entities = Changes(uow), Entities(uow.conn, MACHINE)
    for device in devices:
        id_ = things.id_of(device.id)
        known = entities.locked(id_)
        if not things.is_thing(device):
            if known is not None and known.provider == SUITE:
                entities.remove(id_)
            continue
        model = models.get(device.model)
        kinds = [promise.kind for promise in model.adapter.promises] if model else []
        facts = things.facts_of(device, kinds)
        _put(known, id_, things.TYPE, facts, [_DEVICE, _CORE], changes, uow)
    changes.tell()


def _put(
    found: Entity | None,
    id_: str,
    kind: str,
    attributes: Attributes,
    context: list[str],
    changes: Changes,
    uow: UnitOfWork,
) -> None:
    """Exactly these attributes, whatever was there; an id that others took stays theirs."""
    now = uow.clock.now()
    if found is None:
        bare = Entity(id_, (kind,), {}, context, SUITE, now, now)
        changes.add(bare.taking(attributes, now)[0])
    elif found.provider == SUITE:
        every = {*found.attributes, *attributes}
        after, changed = found.exchanging(every, attributes, now)
        if changed:
            changes.save(after, changed)
