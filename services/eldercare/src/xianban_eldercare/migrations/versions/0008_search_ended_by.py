"""Who ended a search, so that their name goes when they are erased.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("search", sa.Column("ended_by", sa.Text(), nullable=False, server_default=""))
