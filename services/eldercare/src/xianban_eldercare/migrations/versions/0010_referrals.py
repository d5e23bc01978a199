"""Referrals among home, institution and medical care.

Revision ID: 0010
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _referrals()
    op.create_table(
        "referral_offer",
        _text("referral"),
        _text("organisation"),
        _text("state"),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answer_reason", sa.LargeBinary(), nullable=False),
        _text("bed"),
        sa.PrimaryKeyConstraint("referral", "organisation"),
    )
    op.create_index(
        "referral_offer_by_organisation", "referral_offer", ["organisation", "referral"]
    )
    op.create_table(
        "referral_step",
        _text("referral"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state"),
        sa.Column("at", Instant(), nullable=False),
        _text("actor"),
        _text("actor_display"),
        _text("organisation", nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("referral", "number"),
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _referrals() -> None:
    op.create_table(
        "referral",
        _text("id"),
        _text("resident"),
        _text("under_way_of", nullable=True),
        _text("origin"),
        _text("target"),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("want_on", sa.Date(), nullable=False),
        _text("state"),
        _text("area"),
        _text("referrer"),
        _text("referrer_display"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        _text("organisation", nullable=True),
        _text("consented_by", nullable=True),
        _text("consent_display"),
        sa.Column("consented_at", Instant(), nullable=True),
        sa.Column("admitted_at", Instant(), nullable=True),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("under_way_of", name="referral_one_under_way"),
    )
    op.create_index("referral_by_resident", "referral", ["resident", "id"])
    op.create_index("referral_by_area", "referral", ["area", "id"])
