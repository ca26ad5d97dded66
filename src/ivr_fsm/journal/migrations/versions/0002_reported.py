"""Which calls the marketplace was told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Note of each call whether the marketplace knows of its end. Of those that are over it need not hear."""
    op.add_column(
        "calls",
        sa.Column(
            "reported",
            sa.BigInteger(),
            nullable=True,
            comment="when the marketplace was told of its end, or that was given up",
        ),
    )
    op.add_column(
        "calls",
        sa.Column(
            "report_error", sa.Text(), nullable=False, server_default="", comment="why it was given up"
        ),
    )
    op.execute("UPDATE calls SET reported = COALESCE(ended, lost) WHERE COALESCE(ended, lost) IS NOT NULL")
    unreported = sa.text("reported IS NULL")
    op.create_index(
        "calls_unreported",
        "calls",
        ["instance", "key"],
        unique=False,
        sqlite_where=unreported,
        postgresql_where=unreported,
    )
