"""Who is on duty and where, and to which alert they were sent.

Revision ID: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "responder_source",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
    )
    op.create_table(
        "responder",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("duty_until", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
    )
    op.create_index("responder_of_source", "responder", ["source"])
    op.create_table(
        "responder_sent",
        sa.Column("responder", sa.Text(), primary_key=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
    )
