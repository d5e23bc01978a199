"""Readings: series, rows, the newest of each, hours, rules that stand and devices watched."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "reading_series",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("device_key", "kind", "subject_key"),
    )
    op.create_index("reading_series_subject", "reading_series", ["subject_key", "kind"])
    op.create_table(
        "reading",
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double[float](), nullable=True),
        sa.Column("flaw", sa.SmallInteger(), nullable=False),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("series", "at"),
        postgresql_partition_by="RANGE (at)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_latest",
        sa.Column("series", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double[float](), nullable=True),
        sa.Column("flaw", sa.SmallInteger(), nullable=False),
        sa.Column("device_at", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.LargeBinary(), nullable=True),
        sa.Column("good_at", sa.BigInteger(), nullable=True),
        sa.Column("good_value", sa.Double[float](), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_table(
        "reading_hour",
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Double[float](), nullable=False),
        sa.Column("mean", sa.Double[float](), nullable=False),
        sa.Column("high", sa.Double[float](), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "hour"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_late",
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "hour"),
    )
    op.create_table(
        "reading_upkeep",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("done_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("task"),
    )
    op.create_table(
        "rule_state",
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "rule"),
    )
    op.create_table(
        "device_watch",
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("promises", sa.LargeBinary(), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=False),
        sa.Column("silent_since", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("device_key"),
    )
    op.create_index("device_watch_due", "device_watch", ["next_due"])
    op.create_index("device_watch_subject", "device_watch", ["subject_key"])
