"""Deliveries, what people want of them, and their addresses."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0002"
down_revision = "0001"

UNPLANNED = sa.text("planned_at IS NULL")
WAITING = sa.text("handed_at IS NULL")


def upgrade() -> None:
    _extend_messages()
    _create_deliveries()
    _create_people()


def _extend_messages() -> None:
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("copy_of", sa.String(26), nullable=False, server_default=""))
        off = sa.false()
        table.add_column(sa.Column("to_delegates", sa.Boolean, nullable=False, server_default=off))
        table.add_column(sa.Column("traceparent", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("planned_at", Instant, nullable=True))
    # What was told before is not told again over new channels.
    op.execute("UPDATE message SET planned_at = created_at")
    op.create_index(
        "message_unplanned",
        "message",
        ["id"],
        sqlite_where=UNPLANNED,
        postgresql_where=UNPLANNED,
    )


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("message", sa.String(26), nullable=False),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("address", sa.String(26), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=True),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("maybe_twice", sa.Integer, nullable=False),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=True),
        sa.Column("sent_at", Instant, nullable=True),
        sa.Column("delivered_at", Instant, nullable=True),
        sa.UniqueConstraint("message", "channel", "address", name="delivery_once"),
    )
    op.create_index("delivery_by_recipient", "delivery", ["recipient", "message"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("delivery", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("handed_at", Instant, nullable=True),
    )
    op.create_index(
        "attempt_waiting",
        "attempt",
        ["id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("attempt_by_delivery", "attempt", ["delivery"])


def _create_people() -> None:
    op.create_table(
        "preference",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("quiet", sa.Boolean, nullable=False),
        sa.Column("quiet_from", sa.Integer, nullable=False),
        sa.Column("quiet_until", sa.Integer, nullable=False),
        sa.Column("copies", sa.String(8), nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
    )
    op.create_table(
        "address",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("value_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("verified_at", Instant, nullable=True),
        sa.Column("bounced_at", Instant, nullable=True),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("code_until", Instant, nullable=True),
        sa.Column("code_tries", sa.Integer, nullable=False),
    )
    op.create_index("address_by_person", "address", ["person"])
