"""When what a message tells of reached the suite: how long an alarm takes to a phone."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("message", sa.Column("arrived_at", Instant, nullable=True))
