"""Plugins that an operator switched, for replicas that share no directory."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "plugin_switch",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("switched_off", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Text(), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plugin"),
    )
