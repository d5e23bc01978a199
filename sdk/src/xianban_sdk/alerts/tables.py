"""The tables of alerts, present in every service's database."""

from __future__ import annotations

from datetime import timedelta
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
from xianban_sdk.storage.retention import Kept
from xianban_sdk.storage.tables import sdk_metadata

__all__ = [
    "KEPT",
    "TABLES",
    "alert",
    "alert_condition",
    "alert_fact",
    "alert_step",
    "alert_telling",
]

RESOLVED: Final = 4
CLOSED: Final = 5

alert = Table(
    "alert",
    sdk_metadata,
    Column("id", Text, primary_key=True),
    # Keyed hashes: of rule and subject, and of the rule alone.
    Column("key", Text, nullable=False),
    Column("rule_key", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("resident", Text, nullable=False),  # whose data it is; empty: nobody's
    Column("area", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("observed_at", Instant),
    Column("cleared_at", Instant),
    Column("occurrences", Integer, nullable=False),
    Column("acknowledged_by", Text, nullable=False),
    Column("acknowledged_at", Instant),
    Column("dispatched_to", Text, nullable=False),
    Column("dispatched_at", Instant),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("false_alarm", Boolean, nullable=False),
    Column("previous", Text, nullable=False),
    Column("rung", Text, nullable=False),
    Column("climbing", Integer, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("next_rung", Integer, nullable=False),
    Column("next_rung_at", Instant),
    Column("quiet", Boolean, nullable=False),
    Column("lapsed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    # JSON: rule, display names, reasons, place.
    Column("detail", Encrypted(Text, "alert.detail"), nullable=False),
    Index("alert_worst_first", "severity", "raised_at", "id"),
    Index("alert_resident", "resident"),
    Index("alert_raised", "raised_at"),
)
# One open alert for each rule and subject, whoever raises at the same time.
Index(
    "alert_open",
    alert.c.key,
    unique=True,
    postgresql_where=alert.c.state < RESOLVED,
    sqlite_where=alert.c.state < RESOLVED,
)
# Few stand at a time, whatever was closed since.
Index(
    "alert_standing",
    alert.c.id,
    postgresql_where=alert.c.state < CLOSED,
    sqlite_where=alert.c.state < CLOSED,
)

alert_step = Table(
    "alert_step",
    sdk_metadata,
    Column("alert", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_display", Encrypted(Text, "alert_step.actor_display"), nullable=False),
    Column("note", Encrypted(Text, "alert_step.note"), nullable=False),
    Column("rung", Text, nullable=False),  # which was told, or found empty
    Column("cycle", Integer, nullable=False),
    PrimaryKeyConstraint("alert", "number"),
)
# A rung has its turn once.
Index(
    "alert_step_rung",
    alert_step.c.alert,
    alert_step.c.cycle,
    alert_step.c.rung,
    unique=True,
    postgresql_where=alert_step.c.rung != "",
    sqlite_where=alert_step.c.rung != "",
)

alert_telling = Table(
    "alert_telling",
    sdk_metadata,
    Column("alert", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("rung", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("alert", "cycle", "rung", "person"),
    Index("alert_telling_person", "person"),
)

# What is known of a rule and subject beyond its alerts; its row is the lock of raising.
alert_condition = Table(
    "alert_condition",
    sdk_metadata,
    Column("key", Text, primary_key=True),
    Column("newest", Text, nullable=False),  # its last alert; empty: none yet
    Column("cleared_at", Instant),
    Column("snoozed_until", Instant),
    Column("snoozed_by", Text, nullable=False),
)

# Facts that were counted, by when they were true: the same one again changes nothing.
alert_fact = Table(
    "alert_fact",
    sdk_metadata,
    Column("key", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("key", "at"),
)

TABLES: Final = (alert, alert_step, alert_telling, alert_condition, alert_fact)
# Longer than any device or spool repeats itself.
KEPT: Final = (Kept(alert_fact, alert_fact.c.at, timedelta(days=90)),)
