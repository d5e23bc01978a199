"""What people may answer where a message reached them, and what they did."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0004"
down_revision = "0003"

_TO_SHOW = sa.text("shown_at IS NULL")


def upgrade() -> None:
    column = sa.Column("alert", sa.String(64), nullable=False, server_default="")
    op.add_column("message", column)
    op.create_table(
        "answer",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", Instant, nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("shown_at", Instant, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
    )
    op.create_index("answer_by_person", "answer", ["person"])
    op.create_index(
        "answer_to_show", "answer", ["id"], sqlite_where=_TO_SHOW, postgresql_where=_TO_SHOW
    )
