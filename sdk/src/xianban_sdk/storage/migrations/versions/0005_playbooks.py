"""Playbooks: which there are, who tells them, and which ran for which alert."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "playbook",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_table(
        "playbook_source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("silent_since", Instant(), nullable=True),
        sa.Column("unread", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "playbook_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("playbook", sa.Text(), nullable=False),
        sa.Column("playbook_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_by_display", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("ended_by_display", sa.LargeBinary(), nullable=False),
        sa.Column("end_note", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("playbook_run_of_alert", "playbook_run", ["alert", "id"])
    running = sa.text("state = 1")
    op.create_index(
        "playbook_running",
        "playbook_run",
        ["alert", "playbook"],
        unique=True,
        postgresql_where=running,
        sqlite_where=running,
    )
    op.create_table(
        "playbook_run_step",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_display", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("overdue_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("run", "step"),
    )
