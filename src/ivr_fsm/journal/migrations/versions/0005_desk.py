"""Until when a claim to call somebody back holds, and what is asked of the calls of another instance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Let claims end by themselves, and make room for what one instance asks of another."""
    until = sa.Column("claimed_until", sa.BigInteger(), nullable=True, comment="when that is over by itself")
    op.add_column("calls", until)
    where = sa.text("claimed IS NOT NULL AND done IS NULL")
    op.create_index(
        "calls_claimed", "calls", ["claimed"], unique=False, sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "wishes",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("instance", sa.Text(), nullable=False, comment="whose call it is"),
        sa.Column("key", sa.BigInteger(), nullable=False, comment="the call"),
        sa.Column("what", sa.Text(), nullable=False, comment="office, call_centre, stop"),
        sa.Column("by", sa.Text(), nullable=False, comment="who pressed the button"),
        sqlite_autoincrement=True,
    )
