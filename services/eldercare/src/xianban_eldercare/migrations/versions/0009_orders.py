"""Catalogues, orders, subsidies and the ledger.

Revision ID: 0009
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _catalogue()
    _orders()
    _subsidies()
    _ledger()


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _secret(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _number(name: str, kind: Any = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _at(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, Instant(), nullable=nullable)


def _catalogue() -> None:
    op.create_table(
        "service_item",
        *map(_text, ("organisation", "id")),
        _number("version"),
        _number("current", sa.Boolean),
        *map(_text, ("kind", "display_name", "display_name_en", "unit")),
        _number("price_fen"),
        _number("daily_capacity", sa.Integer),
        _text("area"),
        _number("at_home", sa.Boolean),
        _number("active", sa.Boolean),
        _at("created_at", nullable=False),
        sa.PrimaryKeyConstraint("organisation", "id", "version"),
    )
    op.create_index(
        "service_item_current",
        "service_item",
        ["organisation", "id"],
        unique=True,
        sqlite_where=sa.text("current IS 1"),
        postgresql_where=sa.text("current IS true"),
    )
    op.create_table(
        "service_day",
        *map(_text, ("organisation", "item")),
        sa.Column("day", sa.Date(), nullable=False),
        _number("taken", sa.Integer),
        sa.PrimaryKeyConstraint("organisation", "item", "day"),
        sa.CheckConstraint("taken >= 0", name="service_day_taken"),
    )


def _orders() -> None:
    op.create_table(
        "care_order",
        sa.Column("id", sa.Text(), primary_key=True),
        *map(_text, ("resident", "organisation", "item")),
        _number("item_version"),
        _text("kind"),
        _at("start_at", nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _number("quantity", sa.Integer),
        *map(_number, ("price_fen", "subsidy_fen", "own_fen")),
        *map(_text, ("rules", "state")),
        *map(_secret, ("note", "reason")),
        _text("placed_by"),
        _at("placed_at", nullable=False),
        _at("checked_in_at"),
        *map(_text, ("checked_in_by", "checked_in_by_display")),
        _secret("checked_in_place"),
        sa.Column("distance_metres", sa.Integer(), nullable=True),
        _at("fulfilled_at"),
        _text("receipt"),
        _at("paid_at"),
        _number("stars", sa.Integer),
        _secret("comment"),
        _number("version"),
    )
    op.create_index("care_order_by_resident", "care_order", ["resident", "id"])
    by_day = ["organisation", "day", "start_at", "id"]
    op.create_index("care_order_by_organisation", "care_order", by_day)


def _subsidies() -> None:
    op.create_table(
        "subsidy_account",
        sa.Column("resident", sa.Text(), primary_key=True),
        _at("opened_at", nullable=False),
    )
    op.create_table(
        "subsidy_lot",
        sa.Column("id", sa.Text(), primary_key=True),
        *map(_text, ("resident", "key", "rules")),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.UniqueConstraint("resident", "key", "first_on", name="subsidy_lot_once_a_month"),
    )


def _ledger() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Text(), primary_key=True),
        _text("kind"),
        _at("booked_at", nullable=False),
        *(
            _text(name, nullable=True)
            for name in ("resident", "organisation", "order_id", "reverses")
        ),
        sa.UniqueConstraint("reverses", name="journal_entry_reversed_once"),
    )
    op.create_index("journal_entry_by_resident", "journal_entry", ["resident", "id"])
    by_organisation = ["organisation", "booked_at", "id"]
    op.create_index("journal_entry_by_organisation", "journal_entry", by_organisation)
    op.create_index("journal_entry_by_order", "journal_entry", ["order_id", "id"])
    op.create_table(
        "posting",
        _text("entry"),
        _number("line", sa.Integer),
        _text("account"),
        *(_text(name, nullable=True) for name in ("resident", "organisation", "lot")),
        _number("amount_fen"),
        sa.PrimaryKeyConstraint("entry", "line"),
        sa.CheckConstraint("amount_fen <> 0", name="posting_moves_something"),
    )
    op.create_index("posting_by_resident", "posting", ["resident", "account", "lot"])
    op.create_index("posting_by_organisation", "posting", ["organisation", "account"])
