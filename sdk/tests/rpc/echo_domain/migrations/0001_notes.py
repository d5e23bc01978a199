"""The notes."""

import sqlalchemy as sa
from alembic import op

revision = "echo0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("note", sa.Column("id", sa.Text, primary_key=True), sa.Column("text", sa.Text))
