"""The message centre's table as first released."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(64), nullable=False),
        sa.Column("template", sa.String(128), nullable=False),
        sa.Column("params", sa.LargeBinary, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("dedupe_key", sa.String(512), nullable=False),
        sa.Column("dedupe_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("read_at", Instant, nullable=True),
    )
    op.create_index("message_by_recipient", "message", ["recipient", "id"])
