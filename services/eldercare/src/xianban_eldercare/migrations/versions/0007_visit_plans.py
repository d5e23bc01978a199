"""Visits that come again every week.

Revision ID: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _plans()
    op.create_table(
        "visit_plan_unmade",
        _text("plan"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("reason"),
        sa.Column("params", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "day"),
    )
    op.add_column("visit", sa.Column("plan", sa.Text(), nullable=True))
    op.add_column("visit", sa.Column("plan_day", sa.Date(), nullable=True))
    op.create_index("visit_of_plan", "visit", ["plan", "plan_day"], unique=True)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _plans() -> None:
    op.create_table(
        "visit_plan",
        _text("id"),
        _text("resident"),
        _text("organisation"),
        _text("carer"),
        _text("carer_display"),
        _text("kind"),
        _text("weekdays"),
        _text("starts"),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("travel_minutes", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.LargeBinary(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("visit_plan_by_resident", "visit_plan", ["resident", "id"])
