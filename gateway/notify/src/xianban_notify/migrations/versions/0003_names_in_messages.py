"""Whom messages name, so that the names go with their people; indexes for erasing and keeping."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "message_name",
        sa.Column("message", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_index("message_name_by_person", "message_name", ["person"])
    op.create_index("message_name_by_recipient", "message_name", ["recipient"])
    op.create_index("message_by_subject", "message", ["subject"])
    op.create_index("message_by_age", "message", ["created_at"])
    op.create_index("delivery_by_age", "delivery", ["created_at"])
