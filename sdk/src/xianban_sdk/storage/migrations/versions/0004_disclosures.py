"""Disclosures: what plugins were told of whom, by day, and the same without people."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        *_what(),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "day", "plugin", "version", "purpose"),
    )
    op.create_index("disclosure_last", "disclosure", ["last_at"])
    op.create_table(
        "disclosure_total",
        sa.Column("day", sa.Text(), nullable=False),
        *_what(),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("day", "plugin", "version", "purpose"),
    )
    op.create_index("disclosure_total_last", "disclosure_total", ["last_at"])


def _what() -> list[sa.Column[str]]:
    names = ("plugin", "version", "purpose", "vendor", "basis")
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
