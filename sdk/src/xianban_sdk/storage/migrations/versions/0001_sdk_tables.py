"""The SDK's tables as first released."""

from alembic import op
from xianban_sdk.storage.tables import sdk_metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    sdk_metadata.create_all(op.get_bind())
