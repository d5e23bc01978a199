"""Disclosures by their basis, with what capabilities' ids begin with; plugins' own terms.

The same purpose may be told on two bases in one day: a message because the person asked for
messages there, an alarm because somebody is in danger.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0006"
down_revision = "0005"

_WHAT = ("plugin", "version", "purpose", "vendor", "basis")
_KEY = ("day", "plugin", "version", "purpose", "basis")


def upgrade() -> None:
    op.create_table(
        "plugin_terms",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    _remake(
        "disclosure",
        ("subject", *_KEY),
        [
            sa.Column("subject", sa.Text(), nullable=False),
            *_texts("day", *_WHAT, "capability"),
            sa.Column("calls", sa.BigInteger(), nullable=False),
            sa.Column("first_at", Instant(), nullable=False),
            sa.Column("last_at", Instant(), nullable=False),
        ],
    )
    _remake(
        "disclosure_total",
        _KEY,
        [
            *_texts("day", *_WHAT, "capability"),
            sa.Column("people", sa.BigInteger(), nullable=False),
            sa.Column("calls", sa.BigInteger(), nullable=False),
            sa.Column("refused", sa.BigInteger(), nullable=False),
            sa.Column("last_at", Instant(), nullable=False),
        ],
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _remake(name: str, key: tuple[str, ...], columns: list[sa.Column[Any]]) -> None:
    """A key can't be changed in place on SQLite."""
    op.drop_index(f"{name}_last", name)
    op.rename_table(name, f"{name}_before")
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key))
    kept = ", ".join(column.name for column in columns if column.name != "capability")
    op.execute(
        f"INSERT INTO {name} ({kept}, capability) "  # noqa: S608 - names of ours
        f"SELECT {kept}, '' FROM {name}_before"
    )
    op.drop_table(f"{name}_before")
    op.create_index(f"{name}_last", name, ["last_at"])
