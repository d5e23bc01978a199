"""Traffic on the ways to car parks: sources, roads, closures, and what leads where.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traffic_source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("cadence_seconds", sa.Integer(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("closures_published_at", Instant(), nullable=True),
        sa.Column("closures_told_at", Instant(), nullable=True),
        sa.Column("unread", sa.JSON(), nullable=False),
        sa.Column("unread_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "traffic_stretch",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stretch", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=True),
        sa.Column("measured_at", Instant(), nullable=True),
        sa.Column("travel_seconds", sa.Integer(), nullable=True),
        sa.Column("usual_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("source", "stretch"),
    )
    op.create_table(
        "traffic_closure",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stretch", sa.Text(), nullable=False),
        sa.Column("closure", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("source", "stretch", "closure"),
    )
    op.create_table(
        "traffic_way",
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stretch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lot", "source", "stretch"),
    )
    op.create_index("traffic_way_source", "traffic_way", ["source"], unique=False)
