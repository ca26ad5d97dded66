"""Played calls as the channel's projection finds them in the journal, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ivr_fsm.flow.commands import Tell
from ivr_fsm.flow.step import arrive, attempt
from ivr_fsm.journal.codec import encode
from ivr_fsm.journal.entries import CallEntry, FollowUp, StepEntry
from ivr_fsm.journal.page import Page, Record
from ivr_fsm.journal.rows import Origin, Row, step_row
from ivr_fsm.slack.message import Dossier
from tests.flow.clock import NOON, LiveCall

KEY = 7_000_000_001


class _Pen:
    def __init__(self) -> None:
        self.call: Row = {}
        self.steps: list[Row] = []

    def put(self, record: Record, leave: object) -> None:
        if record.call is not None:
            self.call |= record.call
        if record.step is not None:
            _, number, step, at, mono = record.step
            self.steps.append(step_row(KEY, number, step, at, mono))


def entries(live: LiveCall, **changes: Any) -> tuple[CallEntry, list[StepEntry]]:
    """Return *live* as it stands in the journal, its row with *changes*."""
    first = live.steps[0].event
    call, step = arrive(live.plan, first, live.start)  # type: ignore[arg-type]
    pen = _Pen()
    page = Page(pen, call, Origin("ivr-1", "flow", "plan"))
    page.write(step, 0.0, None)
    for taken, seconds in zip(live.steps[1:], live.times[1:], strict=True):
        page.write(attempt(call, taken.event, live.start + timedelta(seconds=seconds)), seconds, None)
    entry = CallEntry.of(pen.call)
    return replace(entry, **{"key": KEY, **changes}), [StepEntry.of(row) for row in pen.steps]


def dossier(
    live: LiveCall,
    follow_ups: Sequence[FollowUp] = (),
    backs: Sequence[tuple[CallEntry, Sequence[StepEntry]]] = (),
    **changes: Any,
) -> Dossier:
    """Return all that is known of *live*, its row in the journal with *changes*."""
    call, steps = entries(live, **changes)
    return Dossier(call, steps, live.plan, follow_ups, backs)


def told(what: str, facts: Mapping[str, str], number: int = 1) -> StepEntry:
    """Return the *number*-th step, so many seconds after noon: it tells *what*."""
    body = {"event": {"is": "LinkLost", "why": ""}, "commands": [encode(Tell(what, facts))]}
    return StepEntry(
        number, NOON + timedelta(seconds=number), float(number), "LinkLost", "menu", "menu", body
    )


def follow_up(number: int, what: str, by: str = "Ольга", minutes: float = 5) -> FollowUp:
    return FollowUp(number, KEY, NOON + timedelta(minutes=minutes), what, by)


def always(_at: object) -> bool:
    """Reporting is on."""
    return True


def never(_at: object) -> bool:
    """Reporting is off."""
    return False
