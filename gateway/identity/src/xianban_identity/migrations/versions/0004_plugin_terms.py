"""Purposes of plugins' own, which end with the plugin."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for name in ("plugin", "domain"):
        column = sa.Column(name, sa.String(length=64), nullable=False, server_default="")
        op.add_column("purpose", column)
    op.add_column("purpose", sa.Column("ended_at", Instant(), nullable=True))
