"""The journal: calls, steps, plans, gaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The journal: calls, steps, plans, gaps."""
    op.create_table(
        "calls",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "call",
            sa.Text(),
            nullable=False,
            comment="Unique-ID of the caller leg; a caller leg may be a call twice",
        ),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False, comment="E.164; empty: hidden, or forgotten"),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False, comment="revision of the flow"),
        sa.Column("plan", sa.Text(), nullable=False, comment="revision of the plan"),
        sa.Column("kind", sa.Text(), nullable=False, comment="order, other, partner; empty: not identified"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False, comment="name of the shop that the call is about"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False, comment="when that state was entered"),
        sa.Column(
            "answered_by", sa.Text(), nullable=False, comment="target whose phone the caller talked to last"
        ),
        sa.Column("answered_phone", sa.Text(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=True, comment="when the caller first heard somebody"),
        sa.Column(
            "talk", sa.BigInteger(), nullable=False, comment="microseconds of conversation, of all of them"
        ),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True, comment="when the outcome was decided"),
        sa.Column(
            "lost",
            sa.BigInteger(),
            nullable=True,
            comment="when it was noticed that its instance had died during the call",
        ),
        sa.Column("refused", sa.Text(), nullable=False, comment="why the service did not take the call"),
        sa.Column(
            "forgotten",
            sa.BigInteger(),
            nullable=True,
            comment="when the personal data of the call were removed",
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("calls_answered_by", "calls", ["answered_by", "started"], unique=False)
    op.create_index("calls_answered_phone", "calls", ["answered_phone", "started"], unique=False)
    op.create_index("calls_call", "calls", ["call"], unique=False)
    op.create_index("calls_outcome", "calls", ["outcome", "started"], unique=False)
    op.create_index("calls_phone", "calls", ["phone", "started"], unique=False)
    op.create_index("calls_started", "calls", ["started"], unique=False)
    op.create_table(
        "gaps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column(
            "late", sa.Integer(), nullable=False, comment="steps written after their commands had left"
        ),
        sa.Column("lost", sa.Integer(), nullable=False, comment="steps that were never written"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "plans",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("first_used", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.create_table(
        "steps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, without gaps"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mono", sa.Float(), nullable=False, comment="seconds of the instance's monotonic clock"),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON: event, leg, judged, commands, fault"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("steps_key_number", "steps", ["key", "number"], unique=True)
