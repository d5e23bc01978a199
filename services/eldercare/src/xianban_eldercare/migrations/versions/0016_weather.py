"""Weather warnings, forecasts, and the rounds that they give reason for.

Revision ID: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'proposed'")


def upgrade() -> None:
    _sources()
    _warnings()
    _rounds()


def _sources() -> None:
    op.create_table(
        "weather_source",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("cadence_seconds", sa.Integer(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
    )
    op.create_table(
        "weather_forecast",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("apparent_c", sa.Float(), nullable=True),
        sa.Column("wind_mps", sa.Float(), nullable=True),
        sa.Column("precipitation_mm", sa.Float(), nullable=True),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "area", "at"),
    )


def _warnings() -> None:
    op.create_table(
        "weather_warning",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.Column("onset_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("web", sa.Text(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
    )
    op.create_index("weather_warning_standing", "weather_warning", ["expires_at"])
    op.create_table(
        "weather_ended",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("by_identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "sender", "identifier"),
    )


def _rounds() -> None:
    op.create_table(
        "round_proposal",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("resident", sa.Text(), nullable=False),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.Column("settled_by_display", sa.Text(), nullable=False),
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index("round_proposal_of_resident", "round_proposal", ["resident", "hazard", "id"])
    op.create_index(
        "round_proposal_one_open",
        "round_proposal",
        ["resident", "hazard"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
