"""The tables of weather warnings and forecasts, and of the rounds that they give reason for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from xianban_sdk.storage import Encrypted, Instant, Kept

from xianban_eldercare.repository.tables import metadata

__all__ = [
    "PROPOSALS_KEPT",
    "WEATHER_KEPT",
    "round_proposal",
    "weather_ended",
    "weather_forecast",
    "weather_source",
    "weather_warning",
]

# How each source is doing.
weather_source = Table(
    "weather_source",
    metadata,
    Column("id", Text, primary_key=True),
    # JSON by locale.
    Column("names", Text, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("cadence_seconds", Integer, nullable=False),
    Column("read_at", Instant, nullable=True),
    Column("failed_at", Instant, nullable=True),
    Column("error", Text, nullable=False),
    # Messages of the last list that could not be read.
    Column("unread", Integer, nullable=False),
)

weather_warning = Table(
    "weather_warning",
    metadata,
    # A digest of source, sender, identifier and part: the same message is the same row.
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("hazard", Text, nullable=False),
    # 1 blue to 4 red; 0: not told.
    Column("level", Integer, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("onset_at", Instant, nullable=True),
    Column("expires_at", Instant, nullable=False),
    # JSON: codes, polygons, circles.
    Column("area", Text, nullable=False),
    # JSON by locale: event, headline, description, instruction, area.
    Column("words", Text, nullable=False),
    Column("web", Text, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Index("weather_warning_standing", "expires_at"),
)

# What an update or a cancel has ended; it may be heard before what it ends.
weather_ended = Table(
    "weather_ended",
    metadata,
    Column("source", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    # The message that ended it.
    Column("by_identifier", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("heard_at", Instant, nullable=False),
    PrimaryKeyConstraint("source", "sender", "identifier"),
)

weather_forecast = Table(
    "weather_forecast",
    metadata,
    Column("source", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("temperature_c", Float, nullable=True),
    Column("apparent_c", Float, nullable=True),
    Column("wind_mps", Float, nullable=True),
    Column("precipitation_mm", Float, nullable=True),
    Column("read_at", Instant, nullable=False),
    PrimaryKeyConstraint("source", "area", "at"),
)

# Of one elder and hazard one proposal is open at a time.
round_proposal = Table(
    "round_proposal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    Column("hazard", Text, nullable=False),
    Column("warning", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("how", Text, nullable=False),
    Column("points", Integer, nullable=False),
    # JSON: [{"text", "points", "params"}]; it tells of the elder's health.
    Column("reasons", Encrypted(Text, "round_proposal.reasons"), nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("settled_at", Instant, nullable=True),
    Column("settled_by", Text, nullable=False),
    Column("settled_by_display", Text, nullable=False),
    # The visit that was planned for it; empty: none.
    Column("visit", Text, nullable=False),
    Column("note", Encrypted(Text, "round_proposal.note"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("round_proposal_of_resident", "resident", "hazard", "id"),
)
Index(
    "round_proposal_one_open",
    round_proposal.c.resident,
    round_proposal.c.hazard,
    unique=True,
    sqlite_where=round_proposal.c.state == "proposed",
    postgresql_where=round_proposal.c.state == "proposed",
)

PROPOSALS_KEPT: Final = timedelta(days=365)
_QUARTER: Final = timedelta(days=92)
WEATHER_KEPT: Final = (
    Kept(weather_warning, weather_warning.c.expires_at, _QUARTER),
    Kept(weather_ended, weather_ended.c.heard_at, 2 * _QUARTER),
    Kept(weather_forecast, weather_forecast.c.at, timedelta(days=2)),
    Kept(round_proposal, round_proposal.c.settled_at, PROPOSALS_KEPT),
)
