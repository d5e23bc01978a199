"""Organisations, staff and licences, beds, and visits to elders' homes.

Revision ID: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _organisations()
    _staff()
    _beds()
    _visits()


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def _sealed(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _organisations() -> None:
    op.create_table(
        "organisation",
        _text("id"),
        _text("display_name"),
        _text("kind"),
        _text("area"),
        _text("licence_number"),
        sa.Column("licence_expires_on", sa.Date(), nullable=True),
        _text("address"),
        _text("phone"),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("organisation_by_name", "organisation", ["display_name", "id"])


def _staff() -> None:
    op.create_table(
        "staff",
        _text("organisation"),
        _text("person"),
        _text("display_name"),
        _text("qualification"),
        sa.Column("employed_on", sa.Date(), nullable=False),
        sa.Column("leaves_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "person"),
    )
    op.create_index("staff_by_person", "staff", ["person"])
    op.create_table(
        "staff_licence",
        _text("organisation"),
        _text("person"),
        _text("kind"),
        _sealed("number"),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "person", "kind"),
    )


def _beds() -> None:
    op.create_table(
        "bed",
        _text("organisation"),
        _text("id"),
        _text("room"),
        _text("kind"),
        _text("state"),
        _text("resident", null=True),
        sa.Column("hold_until", Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id"),
        sa.CheckConstraint(
            "(state IN ('held', 'occupied')) = (resident IS NOT NULL)", name="bed_is_somebodys"
        ),
    )
    occupied = sa.text("state = 'occupied'")
    op.create_index(
        "bed_one_occupied",
        "bed",
        ["resident"],
        unique=True,
        sqlite_where=occupied,
        postgresql_where=occupied,
    )


def _visits() -> None:
    op.create_table(
        "visit",
        _text("id"),
        _text("resident"),
        _text("organisation"),
        _text("carer"),
        _text("carer_display"),
        _text("kind"),
        sa.Column("start_at", Instant(), nullable=False),
        sa.Column("end_at", Instant(), nullable=False),
        sa.Column("travel_minutes", sa.Integer(), nullable=False),
        _sealed("tasks"),
        _text("state"),
        _sealed("cancel_reason"),
        sa.Column("checked_in_at", Instant(), nullable=True),
        _sealed("checked_in_place"),
        sa.Column("distance_metres", sa.Integer(), nullable=True),
        _sealed("away_reason"),
        sa.Column("checked_out_at", Instant(), nullable=True),
        _sealed("note"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("visit_by_resident", "visit", ["resident", "start_at", "id"])
    op.create_index("visit_by_carer", "visit", ["carer", "start_at", "id"])
    op.create_index("visit_by_organisation", "visit", ["organisation", "start_at", "id"])
