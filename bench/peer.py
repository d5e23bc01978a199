"""The peer: the same three calls as a FastAPI and SQLAlchemy (async ORM) service.

Written as a competent team would: cached token checks, Cedar with parsed policies and remembered
decisions (the SDK's own classes, so that neither side has an advantage there), one session per
request, Pydantic answers, everything of a reservation in one transaction. The domain's pure rules
are the same code.

It leaves out what the suite does besides: delegated access and relations, plugins' concessions and
permits, protovalidate, deadlines, localised errors, sealing, encryption of stored answers, relay,
consumers and timers (its outbox and timer rows are written and never worked off).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import load_only
from xianban_parking.convert.texts import name_in, quote, summary
from xianban_parking.domain import reservations as domain
from xianban_parking.domain.gate_tokens import claims_for
from xianban_parking.domain.opening import is_open
from xianban_parking.domain.stays import Visit
from xianban_parking.handlers.gate_tokens import plate_digest, sign
from xianban_parking.handlers.plates import read_plate
from xianban_parking.handlers.pricing import Asked, priced, stored_quote
from xianban_parking.handlers.reservations import taking
from xianban_parking.handlers.views import shown
from xianban_parking.repository.rows import TakenRow
from xianban_parking.settings import rules
from xianban_sdk import i18n
from xianban_sdk.clock import SystemClock
from xianban_sdk.ids import UlidIds
from xianban_sdk.storage import Keyring, install_keys

from bench.peer_guard import Guarded, guarded
from bench.peer_models import (
    LatLng,
    LineOut,
    LotList,
    LotOut,
    OccupancyOut,
    QuoteOut,
    ReservationIn,
    ReservationOut,
)
from bench.peer_rows import (
    Audit,
    GateKey,
    Honesty,
    Idempotency,
    Lot,
    Occupancy,
    Outbox,
    Reservation,
    Tariff,
    Timer,
)

LOCALE = "zh-CN"
ACTIVE = ("held", "confirmed", "used", "overstayed")
PAGE = 50
# What counts of the others: the suite's query asks for no more either.
TAKEN = [getattr(Reservation, each.name) for each in fields(TakenRow)]

install_keys(Keyring.derive(bytes.fromhex(os.environ["BENCH_SECRET"])))
i18n.register("xianban_parking")
ids = UlidIds(SystemClock())
database = os.environ["BENCH_DATABASE"]
# The service's own schema, as the suite has it.
options = {"server_settings": {"search_path": "parking", "timezone": "UTC"}}
engine = create_async_engine(
    database, pool_size=4, connect_args={} if database.startswith("sqlite") else options
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@event.listens_for(engine.sync_engine, "connect")
def _connected(connection: Any, _record: Any) -> None:
    if engine.dialect.name != "sqlite":
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@app.get("/api/parking/v1/lots/{lot}")
async def get_lot(lot: str, request: Request) -> LotOut:
    with guarded(request, "GetLot"):
        async with sessions() as session:
            row = await session.get(Lot, lot)
            if row is None:
                raise HTTPException(404)
            return (await _shown(session, [row]))[0]


@app.get("/api/parking/v1/lots")
async def list_lots(request: Request, page_size: int = PAGE, page_token: str = "") -> LotList:
    with guarded(request, "ListLots"):
        async with sessions() as session:
            query = select(Lot).where(Lot.id > page_token).order_by(Lot.id).limit(page_size + 1)
            rows = list(await session.scalars(query))
            more = rows[page_size - 1].id if len(rows) > page_size else ""
            found = await _shown(session, rows[:page_size])
            return LotList(lots=found, next_page_token=more)


async def _shown(session: AsyncSession, lots: list[Lot]) -> list[LotOut]:
    now, names = datetime.now(UTC), [lot.id for lot in lots]
    counts = await session.scalars(select(Occupancy).where(Occupancy.lot.in_(names)))
    scores = await session.scalars(select(Honesty).where(Honesty.lot.in_(names)))
    tariffs = await session.scalars(
        select(Tariff).where(Tariff.lot.in_(names)).order_by(Tariff.version)
    )
    by_count, by_score = {c.lot: c for c in counts}, {s.lot: s.score for s in scores}
    by_tariff: dict[str, Tariff] = {t.lot: t for t in tariffs if t.effective_at <= now}
    return [
        _lot(each, by_count.get(each.id), by_score.get(each.id), by_tariff.get(each.id), now)
        for each in lots
    ]


def _lot(lot: Any, count: Any, score: float | None, tariff: Any, now: datetime) -> LotOut:
    view = shown(count, lot, now)
    return LotOut(
        name=f"lots/{lot.id}",
        display_name=name_in(lot.names, LOCALE),
        address=lot.address,
        position=LatLng(latitude=lot.latitude, longitude=lot.longitude),
        polygon=[LatLng(latitude=point[0], longitude=point[1]) for point in lot.polygon],
        area=lot.area,
        operator=lot.operator,
        capacity=lot.capacity,
        accessible_places=lot.accessible_places,
        ev_places=lot.ev_places,
        park_and_ride=lot.park_and_ride,
        max_height_cm=lot.max_height_cm,
        opening_hours=lot.opening_hours,
        open_now=is_open(lot.opening_hours, now),
        occupancy=OccupancyOut(
            free=view.free,
            capacity=view.capacity,
            observe_time=view.observed_at,
            receive_time=view.received_at,
            age_seconds=view.age_seconds,
            verdict=f"VERDICT_{view.verdict.upper()}",
            source=view.source,
            raw_free=view.raw_free,
        ),
        reservable=lot.reservable_places > 0,
        reservable_places=lot.reservable_places,
        attribution=lot.attribution,
        price_summary=summary(tariff, LOCALE),
        honesty=score,
    )


@app.post("/api/parking/v1/residents/{resident}/reservations")
async def reserve(resident: str, body: ReservationIn, request: Request) -> ReservationOut:
    with guarded(request, "CreateReservation", resident) as who:
        async with sessions() as session:
            if engine.dialect.name == "sqlite":
                await (await session.connection()).exec_driver_sql("BEGIN IMMEDIATE")
            answer = await _reserve(session, resident, body, who)
            await session.commit()
            return answer


async def _reserve(
    session: AsyncSession, resident: str, body: ReservationIn, who: Guarded
) -> ReservationOut:
    digest = hashlib.sha256(body.model_dump_json().encode()).digest()
    key = (who.principal.actor, "CreateReservation", body.request_id)
    first = await session.get(Idempotency, key)
    if first is not None:
        if first.body_hash != digest or first.response is None:
            raise HTTPException(409)
        return ReservationOut.model_validate_json(first.response)
    lot = await session.get(Lot, body.lot.removeprefix("lots/"), with_for_update=True)
    if lot is None or lot.reservable_places <= 0 or not is_open(lot.opening_hours, body.start_time):
        raise HTTPException(422)
    made = await _confirmed(session, lot, resident, body, who)
    session.add(made)
    answer = _reservation(made, lot)
    session.add_all(_records(made, lot, who, key, digest, answer))
    return answer


async def _confirmed(
    session: AsyncSession, lot: Any, resident: str, body: ReservationIn, who: Guarded
) -> Any:
    plate, now, policy = read_plate(body.plate), datetime.now(UTC), rules().reservations
    same = _meanwhile(body, Reservation.plate_hash == plate.hash)
    if (await session.scalars(select(Reservation.id).where(*same).limit(1))).first() is not None:
        raise HTTPException(409)
    others = _meanwhile(body, Reservation.lot == lot.id)
    found = await session.scalars(select(Reservation).options(load_only(*TAKEN)).where(*others))
    window = (body.start_time, body.end_time)
    asked = domain.request(ids.new(), lot.id, plate.text, window, now=now, policy=policy)
    taken = [taking(one) for one in found]
    held = domain.hold(asked, taken, lot.reservable_places, now=now, policy=policy)
    confirmed = domain.confirm(held, now=now)
    price = await _price(session, lot, Asked(Visit(*window), plate.vehicle_kind))
    return Reservation(
        id=confirmed.id,
        resident=resident,
        actor=who.principal.actor,
        lot=lot.id,
        plate=plate.text,
        plate_hash=plate.hash,
        vehicle_kind=plate.vehicle_kind,
        start_at=confirmed.starts_at,
        end_at=confirmed.ends_at,
        hold_until=domain.no_show_at(confirmed, policy),
        state=str(confirmed.status),
        accessible=body.accessible,
        ev_charging=body.ev_charging,
        gate_token=sign(await _key(session), claims_for(confirmed, policy, plate_digest)),
        version=confirmed.version,
        instead_of="",
        substitute="",
        quote=price,
        created_at=now,
    )


def _meanwhile(body: ReservationIn, which: Any) -> tuple[Any, ...]:
    return (
        which,
        Reservation.state.in_(ACTIVE),
        Reservation.start_at < body.end_time,
        Reservation.end_at > body.start_time,
    )


async def _price(session: AsyncSession, lot: Any, asked: Asked) -> Any:
    query = select(Tariff).where(Tariff.lot == lot.id).order_by(Tariff.version)
    return stored_quote(priced(list(await session.scalars(query)), asked))


_keys: list[Any] = []


async def _key(session: AsyncSession) -> Any:
    if not _keys:
        from joserfc.jwk import ECKey

        found = (await session.scalars(select(GateKey).where(GateKey.current.is_(True)))).one()
        _keys.append(ECKey.import_key(json.loads(found.private)))
    return _keys[0]


def _reservation(row: Any, lot: Any) -> ReservationOut:
    told = quote(row.quote, LOCALE)
    return ReservationOut(
        name=f"residents/{row.resident}/reservations/{row.id}",
        lot=f"lots/{row.lot}",
        lot_display=name_in(lot.names, LOCALE),
        plate=row.plate,
        state=f"RESERVATION_STATE_{row.state.upper()}",
        gate_token=row.gate_token,
        substitute="",
        accessible=row.accessible,
        ev_charging=row.ev_charging,
        quote=QuoteOut(
            total_fen=str(told.total_fen),
            tariff_version=told.tariff_version,
            minutes=told.minutes,
            lines=[
                LineOut(key=line.key, text=line.text, amount_fen=str(line.amount_fen))
                for line in told.lines
            ],
        ),
        start_time=row.start_at,
        end_time=row.end_at,
        hold_until=row.hold_until,
        create_time=row.created_at,
    )


def _records(
    row: Any, lot: Any, who: Guarded, key: tuple[str, str, str], digest: bytes, answer: Any
) -> Iterable[object]:
    """Idempotency, audit, timer and two events: in the transaction of the reservation."""
    facts = {"reservation": row.id, "resident": row.resident, "lot": f"lots/{row.lot}"}
    told = {"template": "parking-reservation-confirmed", "lot": name_in(lot.names, LOCALE)}
    yield Idempotency(
        principal=key[0],
        method=key[1],
        request_id=key[2],
        body_hash=digest,
        response=answer.model_dump_json(by_alias=True).encode(),
        created_at=row.created_at,
    )
    yield Audit(
        id=ids.new(),
        time=row.created_at,
        service="parking",
        action="CreateReservation",
        actor=row.actor,
        subject=row.resident,
        basis="self",
        outcome="allowed",
        trace_id=who.trace_id,
    )
    yield Timer(
        kind="reservation-no-show",
        key=row.id,
        due_at=row.hold_until,
        not_before=row.hold_until,
        payload=b"",
        attempts=0,
        last_error="",
        traceparent=who.traceparent,
    )
    yield _event(row, who, "ReservationConfirmed", facts)
    yield _event(row, who, "MessageRequested", facts | told)


def _event(row: Any, who: Guarded, kind: str, facts: dict[str, str]) -> Outbox:
    return Outbox(
        id=ids.new(),
        shard=0,
        source="/services/parking",
        type=f"xianban.parking.v1.{kind}",
        routing_key=f"parking.v1.{kind}",
        actor=row.actor,
        subject=row.resident,
        aggregate=f"reservations/{row.id}",
        time=row.created_at,
        data=json.dumps(facts).encode(),
        traceparent=who.traceparent,
        tracestate="",
    )
