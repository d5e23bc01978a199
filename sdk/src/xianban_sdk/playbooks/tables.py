"""The tables of playbooks, present in every service's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from xianban_sdk.storage.encryption import Encrypted
from xianban_sdk.storage.instant import Instant
from xianban_sdk.storage.tables import sdk_metadata

__all__ = ["TABLES", "playbook", "playbook_run", "playbook_run_step", "playbook_source"]

# Every version that was ever told: what began with one goes on with it.
playbook = Table(
    "playbook",
    sdk_metadata,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("document", Text, nullable=False),
    # Offered now; one version of each at most.
    Column("offered", Boolean, nullable=False),
    Column("read_at", Instant, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

playbook_source = Table(
    "playbook_source",
    sdk_metadata,
    Column("id", Text, primary_key=True),
    Column("names", Text, nullable=False),
    Column("read_at", Instant),
    Column("silent_since", Instant),
    # JSON: what of it is no playbook.
    Column("unread", Text, nullable=False),
)

playbook_run = Table(
    "playbook_run",
    sdk_metadata,
    Column("id", Text, primary_key=True),
    Column("alert", Text, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("playbook_version", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", Text, nullable=False),
    Column(
        "started_by_display", Encrypted(Text, "playbook_run.started_by_display"), nullable=False
    ),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("ended_by_display", Encrypted(Text, "playbook_run.ended_by_display"), nullable=False),
    Column("end_note", Encrypted(Text, "playbook_run.end_note"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("playbook_run_of_alert", "alert", "id"),
)
# The same playbook runs once at a time for an alert, whoever starts it at the same time.
Index(
    "playbook_running",
    playbook_run.c.alert,
    playbook_run.c.playbook,
    unique=True,
    postgresql_where=playbook_run.c.state == 1,
    sqlite_where=playbook_run.c.state == 1,
)

playbook_run_step = Table(
    "playbook_run_step",
    sdk_metadata,
    Column("run", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("state", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_display", Encrypted(Text, "playbook_run_step.actor_display"), nullable=False),
    Column("at", Instant),
    Column("note", Encrypted(Text, "playbook_run_step.note"), nullable=False),
    Column("overdue_at", Instant),
    PrimaryKeyConstraint("run", "step"),
)

TABLES: Final = (playbook, playbook_source, playbook_run, playbook_run_step)
