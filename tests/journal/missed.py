"""Calls that nobody has answered, in the journal, and those that called back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, insert, update
from tests.flow.clock import NOON

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.journal.rows import Origin, call_row
from ivr_fsm.journal.tables import CALLS, micros

PHONE = "+79161234567"


def missed(engine: Engine, key: int = 1, **changes: Any) -> int:
    """Write a call that nobody has answered, of which the watchers were told; return its key."""
    arrived = CallArrived(changes.pop("call", str(uuid4())), PHONE, back=changes.pop("back", ""))
    call = Call(Plan(), NOON, NOON, arrived, arrived, state_id="ended", outcome="unanswered")
    row = call_row(key, call, None, Origin("one", "flow", "plan"))
    row |= {"since": micros(NOON), "answered": None, "ended": micros(NOON), "talk": 0, "told": micros(NOON)}
    with engine.begin() as connection:
        connection.execute(insert(CALLS).values(row | changes))
    return key


def change(engine: Engine, key: int, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(CALLS).where(CALLS.c.key == key).values(**values))
