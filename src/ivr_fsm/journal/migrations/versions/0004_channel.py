"""What the watchers of the channel are told, and what they do about calls that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Note of each call what was told of it, and what became of it. Nobody is told of those there are."""
    back = sa.Column(
        "back", sa.Text(), nullable=False, server_default="", comment="id of the call that it calls back"
    )
    op.add_column("calls", back)
    for name, comment in (
        ("told", "when the watchers of the channel had been told all of it"),
        ("claimed", "when somebody began to call the caller back"),
        ("done", "when somebody said that nothing is left to do"),
    ):
        op.add_column("calls", sa.Column(name, sa.BigInteger(), nullable=True, comment=comment))
    op.execute("UPDATE calls SET told = started")
    for name, columns, where in (
        ("calls_untold", ["instance", "key"], sa.text("told IS NULL")),
        ("calls_back", ["back"], sa.text("back != ''")),
    ):
        op.create_index(name, "calls", columns, unique=False, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "follow_ups",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("key", sa.BigInteger(), nullable=False, comment="the call that was over"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "what", sa.Text(), nullable=False, comment="call_back, office_silent, call_back_failed, done"
        ),
        sa.Column("by", sa.Text(), nullable=False, comment="who pressed the button"),
        sqlite_autoincrement=True,
    )
    op.create_index("follow_ups_key", "follow_ups", ["key", "id"], unique=False)
    op.create_table(
        "cards",
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False, comment="the call"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False, comment="Slack's name of its message; empty: not posted"),
        sa.Column(
            "posted", sa.Text(), nullable=False, comment="JSON: up to where its thread has been written"
        ),
        sa.Column(
            "sending", sa.Text(), nullable=False, comment="JSON: what was on its way when this was written"
        ),
        sa.Column("error", sa.Text(), nullable=False, comment="why its message was given up"),
    )
    op.create_table(
        "switches",
        sa.Column("id", _KEY, primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False, comment="on, off, hours"),
        sa.Column("by", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
