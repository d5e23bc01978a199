"""What a device is to show, by the event that it answers.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


_COLUMNS = "device, key, command, text, expires_at, traceparent, sequence"


def upgrade() -> None:
    """By way of a new table: SQLite changes no primary key."""
    op.rename_table("command", "command_by_key")
    op.create_table(
        "command",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device", "key", "event"),
        sa.UniqueConstraint("sequence"),
    )
    op.execute(
        f"INSERT INTO command ({_COLUMNS}, event) SELECT {_COLUMNS}, '' FROM command_by_key"  # noqa: S608
    )
    op.drop_table("command_by_key")
