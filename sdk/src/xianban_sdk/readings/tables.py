"""The tables of readings, present in every service's database.

Their instants are whole microseconds since 1970 UTC on both databases, as on the wire: 20,000
rows a second leave no time to make datetimes of them. A row names its series by number; who is
behind the number stands encrypted in `reading_series` (docs/decisions/0007).
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from xianban_sdk.storage.encryption import Encrypted
from xianban_sdk.storage.tables import sdk_metadata

__all__ = [
    "TABLES",
    "device_watch",
    "reading",
    "reading_hour",
    "reading_late",
    "reading_latest",
    "reading_series",
    "reading_upkeep",
    "rule_state",
]

_Id = BigInteger().with_variant(Integer(), "sqlite")

# What one device tells of one subject: the only place that ties numbers to somebody.
reading_series = Table(
    "reading_series",
    sdk_metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("device_key", Text, nullable=False),  # keyed hashes, to find by
    Column("subject_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("device", Encrypted(Text, "reading_series.device"), nullable=False),
    Column("subject", Encrypted(Text, "reading_series.subject"), nullable=False),
    UniqueConstraint("device_key", "kind", "subject_key"),
    Index("reading_series_subject", "subject_key", "kind"),
)

# Append-only. PostgreSQL: a partition per UTC day of `at`.
reading = Table(
    "reading",
    sdk_metadata,
    Column("series", BigInteger, nullable=False),
    # When it was true: the device's word, or the arrival when its clock is wrong.
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("value", Double),  # in the kind's unit; null: not a finite number
    Column("flaw", SmallInteger, nullable=False),
    Column("device_at", BigInteger),  # what a wrong clock said
    Column("position", LargeBinary),  # encrypted, with kinds that have one
    PrimaryKeyConstraint("series", "at"),
    postgresql_partition_by="RANGE (at)",
    sqlite_with_rowid=False,
)

# The newest of each series, and the newest that could be believed.
reading_latest = Table(
    "reading_latest",
    sdk_metadata,
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("value", Double),
    Column("flaw", SmallInteger, nullable=False),
    Column("device_at", BigInteger),
    Column("position", LargeBinary),
    Column("good_at", BigInteger),
    Column("good_value", Double),
    Column("heard_at", BigInteger, nullable=False),  # newest arrival, by our own clock
    postgresql_with={"fillfactor": "60"},  # rows change in place: none moves, no index grows
)

reading_hour = Table(
    "reading_hour",
    sdk_metadata,
    Column("series", BigInteger, nullable=False),
    Column("hour", BigInteger, nullable=False),  # its beginning
    Column("low", Double, nullable=False),
    Column("mean", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("series", "hour"),
    sqlite_with_rowid=False,
)

# Hours that got readings after they were summed up.
reading_late = Table(
    "reading_late",
    sdk_metadata,
    Column("series", BigInteger, nullable=False),
    Column("hour", BigInteger, nullable=False),
    PrimaryKeyConstraint("series", "hour"),
)

# How far each piece of upkeep has come; and how many erasures took series.
reading_upkeep = Table(
    "reading_upkeep",
    sdk_metadata,
    Column("task", Text, primary_key=True),
    Column("done_until", BigInteger, nullable=False),
)

# Only of rules that stand, stood or snooze: a calm series has no row.
rule_state = Table(
    "rule_state",
    sdk_metadata,
    Column("series", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("snoozed_until", BigInteger, nullable=False),
    PrimaryKeyConstraint("series", "rule"),
)

# One row per bound device that promised to speak.
device_watch = Table(
    "device_watch",
    sdk_metadata,
    Column("device_key", Text, primary_key=True),
    Column("subject_key", Text, nullable=False),
    Column("device", Encrypted(Text, "device_watch.device"), nullable=False),
    Column("subject", Encrypted(Text, "device_watch.subject"), nullable=False),
    Column("promises", LargeBinary, nullable=False),  # JSON: kind → series and microseconds
    Column("bound_at", BigInteger, nullable=False),
    Column("next_due", BigInteger, nullable=False),
    Column("silent_since", BigInteger),
    Column("told_at", BigInteger),
    Index("device_watch_due", "next_due"),
    Index("device_watch_subject", "subject_key"),
)

TABLES: Final = (
    reading_series,
    reading,
    reading_latest,
    reading_hour,
    reading_late,
    reading_upkeep,
    rule_state,
    device_watch,
)
