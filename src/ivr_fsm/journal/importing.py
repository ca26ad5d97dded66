"""Bringing calls from files into a journal."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry, GapEntry, StepEntry
from ivr_fsm.journal.files import Exported
from ivr_fsm.journal.page import new_key
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.rows import Row, body_text, clean, gap_row, short
from ivr_fsm.journal.store import note_plan
from ivr_fsm.journal.tables import CALLS, GAPS, STEPS, micros


def bring_in(engine: Engine, exported: Exported) -> bool:
    """Write a call into the journal under a new key; false: it is there already.

    A call that was still on when it was exported is marked as lost: nobody will write its end here.

    Raises:
        JournalError: the database fails.
    """
    call = exported.call
    if exported.plan:
        # The plan is known by what it says, not by what the file calls it.
        call = replace(call, plan=plan_revision(exported.plan))
    if call.ended is None and call.lost is None and not call.refused:
        call = replace(call, lost=exported.steps[-1].at if exported.steps else call.since)
    key = new_key(call.started)
    with faults(engine), engine.begin() as connection:
        if _known(connection, call):
            return False
        connection.execute(insert(CALLS), _call(key, call))
        if exported.steps:
            connection.execute(insert(STEPS), [_step(key, step) for step in exported.steps])
        for gap in exported.gaps:
            _note_gap(connection, gap)
        if exported.plan:
            note_plan(connection, exported.plan, call.started)
    return True


def _known(connection: Connection, call: CallEntry) -> bool:
    same = (CALLS.c.call == call.call) & (CALLS.c.started == micros(call.started))
    return connection.execute(select(CALLS.c.key).where(same)).first() is not None


def _call(key: int, call: CallEntry) -> Row:
    row: dict[str, Any] = {name: _written(value) for name, value in asdict(call).items()}
    # Whoever served the call tells the marketplace and the watchers of it, and looks at its recording.
    told = {"reported": row["started"], "told": row["started"]}
    return row | told | {"key": key, "recording": call.recording or ""}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    return short(value) if isinstance(value, str) else value


def _step(key: int, step: StepEntry) -> Row:
    return {
        "key": key,
        "number": step.number,
        "at": micros(step.at),
        "mono": step.mono,
        "event": clean(step.event),
        "before": clean(step.before),
        "after": clean(step.after),
        "body": body_text(step.body),
    }


def _note_gap(connection: Connection, gap: GapEntry) -> None:
    """Several calls may have been touched by one gap."""
    known = (GAPS.c.instance == short(gap.instance)) & (GAPS.c.began == micros(gap.began))
    if connection.execute(select(GAPS.c.id).where(known)).first() is None:
        key = new_key(gap.began)
        row = gap_row(key, gap.instance, gap.began, gap.ended, gap.why, late=gap.late, lost=gap.lost)
        connection.execute(insert(GAPS), row)
