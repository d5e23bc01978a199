"""Weekly plans that change from a day on, and honour holidays.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("holidays", "keep"), ("follows", "")):
        column = sa.Column(name, sa.Text(), nullable=False, server_default=default)
        op.add_column("visit_plan", column)
