"""Verdicts on the recordings of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Note of each call whether its recording is as it ought to be. Nobody looks at those that are over."""
    op.add_column(
        "calls",
        sa.Column(
            "recording",
            sa.Text(),
            nullable=True,
            comment="ok, or what is wrong with it; empty: none; null: not looked at",
        ),
    )
    op.add_column(
        "calls",
        sa.Column("recording_seconds", sa.Float(), nullable=True, comment="how much sound it has"),
    )
    op.execute("UPDATE calls SET recording = '' WHERE COALESCE(ended, lost) IS NOT NULL")
    unexamined = sa.text("recording IS NULL")
    op.create_index(
        "calls_unexamined",
        "calls",
        ["instance", "key"],
        unique=False,
        sqlite_where=unexamined,
        postgresql_where=unexamined,
    )
