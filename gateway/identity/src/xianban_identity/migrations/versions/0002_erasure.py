"""Receipts of erasures."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person_hash", sa.String(length=64), nullable=False),
        sa.Column("carried_out_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_hash"),
    )
