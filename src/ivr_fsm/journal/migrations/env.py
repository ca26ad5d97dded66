"""Alembic's door into the journal's database; `ivr_fsm.journal.database.migrate` opens it."""

from __future__ import annotations

from alembic import context

from ivr_fsm.journal.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
