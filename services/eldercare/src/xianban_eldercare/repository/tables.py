"""The tables of elders' files. What is written about a person's health and home is encrypted."""

from __future__ import annotations

from datetime import timedelta

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
    UniqueConstraint,
)
from xianban_sdk.storage import Encrypted, Instant, Kept

__all__ = [
    "KEPT",
    "PRESSES_KEPT",
    "assessment",
    "care_file",
    "metadata",
    "official_level",
    "oxygen_scale",
    "pack_state",
    "press",
    "threshold",
]

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
    # Of the assessment that gave the level; empty where none is known here.
    Column("level_assessed_at", Instant, nullable=True),
    Column("level_due_at", Instant, nullable=True),
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

assessment = Table(
    "assessment",
    metadata,
    Column("resident", Text, nullable=False),
    Column("id", Text, nullable=False),
    # The resident while it is a draft, then empty: an elder has one draft at a time.
    Column("draft_of", Text, nullable=True),
    Column("rules", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: place, assessors, informant.
    Column("basics", Encrypted(Text, "assessment.basics"), nullable=False),
    # JSON: item → points.
    Column("answers", Encrypted(Text, "assessment.answers"), nullable=False),
    # JSON: diagnoses, events; empty as long as nobody has answered that part.
    Column("facts", Encrypted(Text, "assessment.facts"), nullable=False),
    # JSON: what was said when it was completed; empty in a draft.
    Column("result", Encrypted(Text, "assessment.result"), nullable=False),
    # 0 in a draft.
    Column("level", Integer, nullable=False),
    # The id of the one it corrects; a completed one is corrected once.
    Column("replaces", Text, nullable=True),
    Column("opened_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("completed_at", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("resident", "id"),
    UniqueConstraint("draft_of", name="assessment_one_draft"),
)

official_level = Table(
    "official_level",
    metadata,
    Column("resident", Text, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("valid_from", Text, nullable=False),
    Column("valid_until", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("reference", Encrypted(Text, "official_level.reference"), nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# By which of NEWS2's scales somebody's oxygen counts; without a row: the first.
oxygen_scale = Table(
    "oxygen_scale",
    metadata,
    Column("resident", Text, primary_key=True),
    Column("scale", Integer, nullable=False),
    Column("reason", Encrypted(Text, "oxygen_scale.reason"), nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_by_display", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
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

# The button was pressed: to call for help, or to call it off.
press = Table(
    "press",
    metadata,
    Column("resident", Text, nullable=False),
    # The device event's id; of the page's button one of ours.
    Column("id", Text, nullable=False),
    # Empty: the page.
    Column("device", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The alert's id that stood for it; empty: none did.
    Column("alert", Text, nullable=False),
    # By the effective clock.
    Column("pressed_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("called_off_at", Instant, nullable=True),
    PrimaryKeyConstraint("resident", "id"),
    Index("press_by_alert", "alert", "pressed_at"),
)

# As long as facts of alerts: no device repeats itself later.
PRESSES_KEPT = timedelta(days=90)
KEPT = (Kept(press, press.c.heard_at, PRESSES_KEPT),)
