"""Visits by which orders are done.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit", sa.Column("order_id", sa.Text(), nullable=True))
    op.create_index("visit_by_order", "visit", ["order_id"])
