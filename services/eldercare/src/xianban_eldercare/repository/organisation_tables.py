"""The tables of organisations, their staff and beds, and of visits to elders' homes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from xianban_sdk.storage import Encrypted, Instant

from xianban_eldercare.repository.tables import metadata

__all__ = [
    "bed",
    "organisation",
    "staff",
    "staff_licence",
    "visit",
    "visit_plan",
    "visit_plan_unmade",
]

organisation = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("licence_number", Text, nullable=False),
    Column("licence_expires_on", Date, nullable=True),
    Column("address", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("organisation_by_name", "display_name", "id"),
)

staff = Table(
    "staff",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("qualification", Text, nullable=False),
    Column("employed_on", Date, nullable=False),
    Column("leaves_on", Date, nullable=True),
    Column("active", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("organisation", "person"),
    Index("staff_by_person", "person"),
)

staff_licence = Table(
    "staff_licence",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Encrypted(Text, "staff_licence.number"), nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    PrimaryKeyConstraint("organisation", "person", "kind"),
)

bed = Table(
    "bed",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    # For whom it is held or who lies in it.
    Column("resident", Text, nullable=True),
    Column("hold_until", Instant, nullable=True),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("organisation", "id"),
    CheckConstraint(
        "(state IN ('held', 'occupied')) = (resident IS NOT NULL)", name="bed_is_somebodys"
    ),
)

# Nobody lies in two beds, here or elsewhere.
Index(
    "bed_one_occupied",
    bed.c.resident,
    unique=True,
    sqlite_where=bed.c.state == "occupied",
    postgresql_where=bed.c.state == "occupied",
)

visit = Table(
    "visit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    # The person who goes.
    Column("carer", Text, nullable=False),
    Column("carer_display", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("travel_minutes", Integer, nullable=False),
    # JSON: [{"text", "done"}].
    Column("tasks", Encrypted(Text, "visit.tasks"), nullable=False),
    Column("state", Text, nullable=False),
    Column("cancel_reason", Encrypted(Text, "visit.cancel_reason"), nullable=False),
    Column("checked_in_at", Instant, nullable=True),
    # JSON: latitude, longitude, accuracy_m; empty when not known.
    Column("checked_in_place", Encrypted(Text, "visit.checked_in_place"), nullable=False),
    Column("distance_metres", Integer, nullable=True),
    Column("away_reason", Encrypted(Text, "visit.away_reason"), nullable=False),
    Column("checked_out_at", Instant, nullable=True),
    Column("note", Encrypted(Text, "visit.note"), nullable=False),
    Column("version", BigInteger, nullable=False),
    # The plan that it comes from, and the local day for which it was made.
    Column("plan", Text, nullable=True),
    Column("plan_day", Date, nullable=True),
    # The order that it is done for.
    Column("order_id", Text, nullable=True),
    # One visit a day, whoever rosters it; a single visit has no plan.
    Index("visit_of_plan", "plan", "plan_day", unique=True),
    Index("visit_by_resident", "resident", "start_at", "id"),
    Index("visit_by_order", "order_id"),
    Index("visit_by_carer", "carer", "start_at", "id"),
    Index("visit_by_organisation", "organisation", "start_at", "id"),
)

visit_plan = Table(
    "visit_plan",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("carer", Text, nullable=False),
    Column("carer_display", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # ISO 8601 numbers in order, e.g. "135".
    Column("weekdays", Text, nullable=False),
    # Local, "09:00".
    Column("starts", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("travel_minutes", Integer, nullable=False),
    # JSON: texts.
    Column("tasks", Encrypted(Text, "visit_plan.tasks"), nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Column("version", BigInteger, nullable=False),
    # keep, skip or move.
    Column("holidays", Text, nullable=False),
    # The id of the plan that it continues; empty: none.
    Column("follows", Text, nullable=False),
    Index("visit_plan_by_resident", "resident", "id"),
)

# The days ahead for which no visit could be rostered, and why.
visit_plan_unmade = Table(
    "visit_plan_unmade",
    metadata,
    Column("plan", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: what the reason's text says, e.g. a licence's number.
    Column("params", Encrypted(Text, "visit_plan_unmade.params"), nullable=False),
    PrimaryKeyConstraint("plan", "day"),
)
