"""Identity as first released."""

from alembic import op
from xianban_identity.repository.tables import metadata, relation_counter

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.bulk_insert(relation_counter, [{"id": 1, "value": 0}])
