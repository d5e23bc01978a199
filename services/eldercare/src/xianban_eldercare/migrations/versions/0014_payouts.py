"""What the district has paid organisations.

Revision ID: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_PAYOUT = sa.text("kind = 'payout'")


def upgrade() -> None:
    column = sa.Column("reference", sa.Text(), nullable=False, server_default="")
    op.add_column("journal_entry", column)
    op.create_index(
        "journal_entry_payout",
        "journal_entry",
        ["organisation", "reference"],
        unique=True,
        sqlite_where=_PAYOUT,
        postgresql_where=_PAYOUT,
    )
