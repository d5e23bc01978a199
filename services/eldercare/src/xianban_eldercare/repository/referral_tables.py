"""The tables of referrals, of the organisations that were asked, and of what was done when."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from xianban_sdk.storage import Encrypted, Instant

from xianban_eldercare.repository.tables import metadata

__all__ = ["referral", "referral_offer", "referral_step"]

referral = Table(
    "referral",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, nullable=False),
    # The resident while it is under way, else empty: an elder has one of these at a time.
    Column("under_way_of", Text, nullable=True),
    Column("origin", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("reason", Encrypted(Text, "referral.reason"), nullable=False),
    Column("want_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    # The area from which the elder is referred: who answers for it sees the referral to its end.
    Column("area", Text, nullable=False),
    Column("referrer", Text, nullable=False),
    Column("referrer_display", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    # When the present state ends by itself.
    Column("due_at", Instant, nullable=True),
    # The one that accepted, as long as it keeps a place or has the elder.
    Column("organisation", Text, nullable=True),
    Column("consented_by", Text, nullable=True),
    Column("consent_display", Text, nullable=False),
    Column("consented_at", Instant, nullable=True),
    Column("admitted_at", Instant, nullable=True),
    # JSON: how it was before the elder moved; empty until then.
    Column("kept", Encrypted(Text, "referral.kept"), nullable=False),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("under_way_of", name="referral_one_under_way"),
    Index("referral_by_resident", "resident", "id"),
    Index("referral_by_area", "area", "id"),
)

referral_offer = Table(
    "referral_offer",
    metadata,
    Column("referral", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answered_at", Instant, nullable=True),
    Column("answer_reason", Encrypted(Text, "referral_offer.answer_reason"), nullable=False),
    # The id of a bed of the organisation; empty where there are none.
    Column("bed", Text, nullable=False),
    PrimaryKeyConstraint("referral", "organisation"),
    Index("referral_offer_by_organisation", "organisation", "referral"),
)

referral_step = Table(
    "referral_step",
    metadata,
    Column("referral", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # Empty: the clock, or another service.
    Column("actor", Text, nullable=False),
    Column("actor_display", Text, nullable=False),
    Column("organisation", Text, nullable=True),
    Column("note", Encrypted(Text, "referral_step.note"), nullable=False),
    PrimaryKeyConstraint("referral", "number"),
)
