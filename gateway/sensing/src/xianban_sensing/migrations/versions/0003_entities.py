"""What is known of things, and who is told of its changes (NGSI-LD).

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _entity()
    _entity_type()
    _entity_leaf()
    _attribute_instance()
    _subscription()
    _subscription_type()
    _notification()


def _entity() -> None:
    op.create_table(
        "entity",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("x", sa.Float(), nullable=True),
        sa.Column("y", sa.Float(), nullable=True),
        sa.Column("z", sa.Float(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("modified_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _entity_type() -> None:
    op.create_table(
        "entity_type",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("type", "entity"),
    )
    op.create_index("entity_type_by_entity", "entity_type", ["entity"])


def _entity_leaf() -> None:
    op.create_table(
        "entity_leaf",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("instant", Instant(), nullable=True),
        sa.Column("truth", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("entity", "attribute", "position"),
    )
    op.create_index("entity_leaf_by_number", "entity_leaf", ["attribute", "path", "number"])
    op.create_index("entity_leaf_by_text", "entity_leaf", ["attribute", "path", "text"])


def _attribute_instance() -> None:
    op.create_table(
        "attribute_instance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("observed_at", Instant(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "attribute_instance_by_entity", "attribute_instance", ["entity", "attribute", "recorded_at"]
    )
    op.create_index("attribute_instance_by_age", "attribute_instance", ["recorded_at"])


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("times_failed", sa.Integer(), nullable=False),
        sa.Column("last_notification", Instant(), nullable=True),
        sa.Column("last_success", Instant(), nullable=True),
        sa.Column("last_failure", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("modified_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_by_organisation", "subscription", ["organisation", "id"])


def _subscription_type() -> None:
    op.create_table(
        "subscription_type",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("type", "subscription"),
    )
    op.create_index("subscription_type_by_subscription", "subscription_type", ["subscription"])


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notification_by_due", "notification", ["due_at"])
    op.create_index("notification_by_age", "notification", ["made_at"])
    op.create_index("notification_by_subscription", "notification", ["subscription", "id"])
