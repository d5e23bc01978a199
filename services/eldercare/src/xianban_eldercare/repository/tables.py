"""The tables of elders' files. What is written about a person's health and home is encrypted."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from xianban_sdk.storage import Encrypted, Instant

__all__ = ["care_file", "metadata", "pack_state", "threshold"]

metadata = MetaData()

care_file = Table(
    "care_file",
    metadata,
    Column("resident", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("address", Encrypted(Text, "care_file.address"), nullable=False),
    # JSON: latitude, longitude, accuracy_m; empty when not known.
    Column("home", Encrypted(Text, "care_file.home"), nullable=False),
    Column("living", Text, nullable=False),
    Column("care_level", Integer, nullable=False),
    # JSON lists.
    Column("contacts", Encrypted(Text, "care_file.contacts"), nullable=False),
    Column("conditions", Encrypted(Text, "care_file.conditions"), nullable=False),
    Column("allergies", Encrypted(Text, "care_file.allergies"), nullable=False),
    Column("station", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("care_file_by_area", "area", "display_name", "resident"),
)

threshold = Table(
    "threshold",
    metadata,
    Column("resident", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("low", Float, nullable=True),
    Column("high", Float, nullable=True),
    Column("sustain_seconds", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    PrimaryKeyConstraint("resident", "kind"),
)

# What a rule pack knows of a person; made of numbers from their body.
pack_state = Table(
    "pack_state",
    metadata,
    Column("resident", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    # JSON: the newest instant of each kind, the newest windows of motion.
    Column("marks", Text, nullable=False),
    # JSON of the pack's own.
    Column("state", Encrypted(Text, "pack_state.state"), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("resident", "pack"),
)
